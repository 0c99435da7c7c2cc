"""Lock files: the pinned wheels of one platform and one Python ABI.

A lock is a pip requirements file with one line and one hash for each project, named after its
platform and ABI: `linux_x86_64-cp312-abi3.txt`. With one hash per line, a wheel is found in the
cache by its digest, without a request to the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(
    r"(?P<project>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)\s+--hash=sha256:(?P<sha256>[0-9a-f]{64})"
)


class LockError(Exception):
    """A lock file is missing or invalid; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned wheel."""

    project: str
    """Project name on the registry."""
    version: str
    """Its version."""
    sha256: str
    """Digest of the wheel file, in hex."""

    def __str__(self) -> str:
        """The pin as a line of a requirements file."""
        return f"{self.project}=={self.version} --hash=sha256:{self.sha256}"


def read(path: Path, name: str | None = None) -> list[Pin]:
    """The pins of a lock file.

    Args:
      path: the file.
      name: its name in messages; its path by default.

    Raises:
      LockError: the file does not exist, or a line is not a pin with exactly one sha256.
    """
    name = name or str(path)
    try:
        text = path.read_text()
    except OSError as error:
        raise LockError(f"{name} cannot be read: {error.strerror}") from error
    pins = []
    # A backslash continues a line, as for pip.
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise LockError(
                f"{name}, line {number}: expected PROJECT==VERSION --hash=sha256:DIGEST with "
                f"exactly one hash, not {line!r}"
            )
        pins.append(Pin(**found.groupdict()))
    return pins


def render(pins: Iterable[Pin], header: Sequence[str]) -> str:
    """The text of a lock file: `header` as comment lines, then `pins`, sorted."""
    lines = [f"# {line}" for line in header]
    lines += [str(pin) for pin in sorted(pins, key=lambda pin: pin.project)]
    return "\n".join(lines) + "\n"
