"""Hosts that differ in everything that must not affect a build."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Host:
    """A directory and an environment to build in."""

    name: str
    """Its name in reports."""
    directory: Path
    """The directory of its files."""
    python: str
    """Path of the interpreter."""
    umask: int
    zone: str
    """TZ."""
    language: str
    """LANG and LC_ALL."""

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program on this host: `base` with the variables of the host."""
        return {
            **base,
            "IREE_RELEASE_PYTHON": self.python,
            "LANG": self.language,
            "LC_ALL": self.language,
            "TZ": self.zone,
        }

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Temporarily applies the host's umask and environment to this process and its children."""
        before, mask = dict(os.environ), os.umask(self.umask)
        os.environ.update(self.environment({}))
        try:
            yield
        finally:
            os.umask(mask)
            os.environ.clear()
            os.environ.update(before)

    def __str__(self) -> str:
        """The properties of the host."""
        return (
            f"{self.directory}, {self.python}, umask {self.umask:03o}, TZ {self.zone}, "
            f"LANG {self.language}"
        )


def two_hosts(directory: Path, python: str, other_python: str) -> tuple[Host, Host]:
    """Two hosts below `directory` that differ in all properties."""
    return (
        Host("one", directory / "one", python, 0o022, "UTC", "C.UTF-8"),
        # 14 hours ahead, so often with another date; in Turkish, the capital of i is not I.
        Host(
            "other",
            directory / "another" / "and-deeper",
            other_python,
            0o077,
            "Pacific/Kiritimati",
            "tr_TR.UTF-8",
        ),
    )
