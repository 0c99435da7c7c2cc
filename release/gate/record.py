"""Checks RECORD against a wheel's members (PyPA spec "Recording installed projects")."""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterator, Mapping

from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file

from release.model.finding import Check, Finding

_SIGNATURES = (".jws", ".p7s")


def check(
    file: str, record: str, content: bytes, members: Mapping[str, tuple[str, int]]
) -> Iterator[Finding]:
    """Checks that RECORD lists every member, and no other, with its digest and size.

    Args:
      file: the wheel's name.
      record: RECORD's path.
      content: RECORD.
      members: sha256 in hex and size in bytes of every member, by path.
    """
    try:
        rows = [*parse_record_file(content.decode().splitlines())]
        entries = [RecordEntry.from_elements(*row) for row in rows]
    except (InvalidRecordEntry, UnicodeDecodeError, csv.Error, ValueError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Finding(file, Check.RECORD_BROKEN, f"RECORD cannot be read ({cause})")
        return
    # RECORD cannot list itself or its signatures.
    unlisted = {record, *(record + suffix for suffix in _SIGNATURES)}
    listed: set[str] = set()
    for entry in entries:
        if entry.path in listed:
            yield Finding(file, Check.RECORD_BROKEN, f"RECORD lists {entry.path} twice")
        listed.add(entry.path)
        if entry.path in unlisted:
            continue
        if entry.path not in members:
            message = "listed in RECORD, but missing from the wheel"
            yield Finding(file, Check.RECORD_INCOMPLETE, message, member=entry.path)
        elif difference := _difference(entry, *members[entry.path]):
            yield Finding(file, Check.RECORD_DIGEST, difference, member=entry.path)
    for path in sorted(members.keys() - listed - unlisted):
        yield Finding(file, Check.RECORD_INCOMPLETE, "not listed in RECORD", member=path)


def _difference(entry: RecordEntry, sha256: str, size: int) -> str:
    if entry.hash_ is None or entry.hash_.name != "sha256":
        return "RECORD lists no sha256 for it"
    encoded = base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
    if entry.hash_.value.rstrip("=") != encoded:
        return "its sha256 differs from the one in RECORD"
    if entry.size is None:
        return "RECORD lists no size for it"
    if entry.size != size:
        return f"has {size} bytes, but RECORD lists {entry.size}"
    return ""
