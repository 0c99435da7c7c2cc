"""Reading the RECORD of a wheel that came from outside."""

from __future__ import annotations

import base64
import csv

from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file

from assembly.errors import PackagingError
from assembly.record import Line


def read(content: bytes, record_path: str) -> dict[str, Line]:
    """The files that a RECORD lists, by path, itself left out.

    Raises:
      PackagingError: a line is not of the specified form, a path is there twice, or a file has
        no sha256 or no size.
    """
    lines: dict[str, Line] = {}
    try:
        rows = list(parse_record_file(content.decode().splitlines()))
        entries = [RecordEntry.from_elements(*row) for row in rows]
    except (InvalidRecordEntry, UnicodeDecodeError, csv.Error) as error:
        raise PackagingError(f"RECORD cannot be read ({error})") from error
    for entry in entries:
        if entry.path == record_path:
            continue
        if entry.path in lines:
            raise PackagingError(f"RECORD lists {entry.path} twice")
        if entry.hash_ is None or entry.hash_.name != "sha256" or entry.size is None:
            raise PackagingError(f"RECORD gives no sha256 and size for {entry.path}")
        lines[entry.path] = Line(entry.path, _hex(entry.hash_.value, entry.path), entry.size)
    return lines


def _hex(urlsafe: str, path: str) -> str:
    try:
        return base64.b64decode(urlsafe + "=" * (-len(urlsafe) % 4), b"-_", validate=True).hex()
    except ValueError as error:
        raise PackagingError(f"RECORD's digest of {path} is not base64") from error
