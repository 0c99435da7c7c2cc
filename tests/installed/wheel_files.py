"""Holds what is installed against the wheel it came from."""

from __future__ import annotations

import base64
import csv
import hashlib
import zipfile
from pathlib import Path

from tests.installed.environment import Environment, ExactWheel


def changed_files(environment: Environment, wheel: ExactWheel) -> list[str]:
    """The files of `wheel` that are not on disk as its RECORD states, by their path in it.

    Raises AssertionError if the package is not installed at all.
    """
    distribution = environment.distributions().get(wheel.package)
    assert distribution is not None, f"{wheel.package} is not installed"
    site = Path(str(distribution.locate_file("")))
    return [path for path, stated in _record(wheel).items() if _digest(site / path) != stated]


def _record(wheel: ExactWheel) -> dict[str, str]:
    with zipfile.ZipFile(wheel.path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = csv.reader(archive.read(name).decode().splitlines())
        return {path: stated for path, stated, _ in rows if path != name}


def _digest(path: Path) -> str:
    if not path.is_file():
        return "no file"
    with path.open("rb") as file:
        raw = hashlib.file_digest(file, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
