"""Marks: lines in the notes by which a user pins or yanks a release.

    Pinned: models of November were measured with it
    Yanked: miscompiles convolutions on aarch64

A mark is a line by itself, outside of code; upper and lower case are the same. Marks are part of
the notes and not a file or a command, so that they can be edited on GitHub's page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(
    r"^[ \t>*_]*(pinned|yanked)[*_]*:[*_ \t]*(.*?)[ \t*_]*$", re.IGNORECASE | re.MULTILINE
)
_CODE = re.compile(r"^(```|~~~).*?^\1[`~]*[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a release; None for each that its notes lack."""

    pinned: str | None = None
    """Why it must be kept."""
    yanked: str | None = None
    """Why it must no longer be installed (PEP 592)."""


def read(notes: str) -> Marks:
    """The marks in the notes of a release."""
    found = {
        match[1].lower(): match[2]
        for match in reversed(list(_MARK.finditer(_CODE.sub("", notes.replace("\r\n", "\n")))))
    }
    return Marks(pinned=found.get("pinned"), yanked=found.get("yanked"))
