"""Machines that differ in all that must not matter to a build."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Host:
    """One place to build in."""

    name: str
    """What reports call it."""
    directory: Path
    """Where everything of it lies."""
    python: str
    """The interpreter, by path."""
    umask: int
    """What its files are made without."""
    zone: str
    """TZ."""
    language: str
    """LANG and LC_ALL."""

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The environment of a program there: `base`, but for what is this host's own."""
        return {
            **base,
            "IREE_RELEASE_PYTHON": self.python,
            "LANG": self.language,
            "LC_ALL": self.language,
            "TZ": self.zone,
        }

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Gives this process, and what it starts, the host's umask and environment for a while."""
        before, mask = dict(os.environ), os.umask(self.umask)
        os.environ.update(self.environment({}))
        try:
            yield
        finally:
            os.umask(mask)
            os.environ.clear()
            os.environ.update(before)

    def __str__(self) -> str:
        """All that is its own."""
        return (
            f"{self.directory}, {self.python}, umask {self.umask:03o}, TZ {self.zone}, "
            f"LANG {self.language}"
        )


def two_hosts(directory: Path, python: str, other_python: str) -> tuple[Host, Host]:
    """Two hosts with nothing in common but what lies outside `directory`."""
    return (
        Host("one", directory / "one", python, 0o022, "UTC", "C.UTF-8"),
        # Fourteen hours ahead, where it is often tomorrow; and no capital I for i.
        Host(
            "other",
            directory / "another" / "and-deeper",
            other_python,
            0o077,
            "Pacific/Kiritimati",
            "tr_TR.UTF-8",
        ),
    )
