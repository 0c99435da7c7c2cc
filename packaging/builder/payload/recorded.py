"""Reads the RECORD of an untrusted wheel."""

from __future__ import annotations

import base64
import csv

from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file

from builder.assembly.errors import PackagingError
from builder.assembly.record import Line


def read(content: bytes, record_path: str) -> dict[str, Line]:
    """Returns the files that a RECORD lists except itself, by path.

    Raises:
      PackagingError: a line is malformed, a path appears twice, or a file has no sha256 or size.
    """
    lines: dict[str, Line] = {}
    try:
        rows = list(parse_record_file(content.decode().splitlines()))
        entries = [RecordEntry.from_elements(*row) for row in rows]
    except (InvalidRecordEntry, UnicodeDecodeError, csv.Error) as error:
        raise PackagingError(f"RECORD is malformed ({error})") from error
    for entry in entries:
        if entry.path == record_path:
            continue
        if entry.path in lines:
            raise PackagingError(f"RECORD lists {entry.path} twice")
        if entry.hash_ is None or entry.hash_.name != "sha256" or entry.size is None:
            raise PackagingError(f"RECORD lacks the sha256 or size of {entry.path}")
        lines[entry.path] = Line(entry.path, _hex(entry.hash_.value, entry.path), entry.size)
    return lines


def _hex(urlsafe: str, path: str) -> str:
    try:
        return base64.b64decode(urlsafe + "=" * (-len(urlsafe) % 4), b"-_", validate=True).hex()
    except ValueError as error:
        raise PackagingError(f"RECORD's digest of {path} is not base64") from error
