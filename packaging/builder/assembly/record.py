"""RECORD, the list of a wheel's files (PyPA specification "Recording installed projects")."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One file of a wheel."""

    path: str
    """Path within the wheel."""
    sha256: str
    """Digest of the content, in hex."""
    size: int
    """Size of the content in bytes."""


def write(lines: Iterable[Line], record_path: str) -> bytes:
    """Returns the RECORD of a wheel with these files. It lists itself last, without a digest."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for line in lines:
        rows.writerow((line.path, f"sha256={_urlsafe(line.sha256)}", line.size))
    rows.writerow((record_path, "", ""))
    return text.getvalue().encode()


def _urlsafe(sha256: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
