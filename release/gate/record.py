"""RECORD, held against the members (PyPA specification "Recording installed projects")."""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterator, Mapping

from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file

from release.model.finding import Check, Finding

_UNLISTED = (".jws", ".p7s")


def check(
    file: str, record: str, content: bytes, members: Mapping[str, tuple[str, int]]
) -> Iterator[Finding]:
    """Holds RECORD against what the wheel holds.

    Args:
      file: the wheel's name.
      record: RECORD's path.
      content: RECORD.
      members: sha256 in hex and bytes of every member, by path.
    """
    try:
        rows = [*parse_record_file(content.decode().splitlines())]
        entries = [RecordEntry.from_elements(*row) for row in rows]
    except (InvalidRecordEntry, UnicodeDecodeError, csv.Error, ValueError) as error:
        cause = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Finding(file, Check.RECORD_BROKEN, f"RECORD cannot be read ({cause})")
        return
    # What signs RECORD cannot be listed in it.
    unlisted = {record, *(record + suffix for suffix in _UNLISTED)}
    listed: set[str] = set()
    for entry in entries:
        if entry.path in listed:
            yield Finding(file, Check.RECORD_BROKEN, f"RECORD lists {entry.path} twice")
        listed.add(entry.path)
        if entry.path in unlisted:
            continue
        if entry.path not in members:
            cause = "RECORD lists it, and the wheel does not hold it"
            yield Finding(file, Check.RECORD_INCOMPLETE, cause, member=entry.path)
        elif cause := _differs(entry, *members[entry.path]):
            yield Finding(file, Check.RECORD_DIGEST, cause, member=entry.path)
    for path in sorted(members.keys() - listed - unlisted):
        yield Finding(file, Check.RECORD_INCOMPLETE, "RECORD does not list it", member=path)


def _differs(entry: RecordEntry, sha256: str, size: int) -> str:
    if entry.hash_ is None or entry.hash_.name != "sha256":
        return "RECORD has no sha256 of it"
    stated = base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
    if entry.hash_.value.rstrip("=") != stated:
        return "it is not the file that RECORD describes: its sha256 is another"
    if entry.size is None:
        return "RECORD has no size of it"
    if entry.size != size:
        return f"it has {size} bytes, and RECORD states {entry.size}"
    return ""
