"""Marks: what a person says of a release by a line in its notes.

    Pinned: models of November were measured with it
    Yanked: miscompiles convolutions on aarch64

A line counts where it stands for itself, outside of code, in any case of letters. It can be
written on GitHub's own page, which is why it is no file and no command.
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
    """What a release's notes say of it; None where they do not."""

    pinned: str | None = None
    """Why it must be kept."""
    yanked: str | None = None
    """Why nobody should install it any more (PEP 592)."""


def read(notes: str) -> Marks:
    """The marks in the notes of a release."""
    found = {
        match[1].lower(): match[2]
        for match in reversed(list(_MARK.finditer(_CODE.sub("", notes.replace("\r\n", "\n")))))
    }
    return Marks(pinned=found.get("pinned"), yanked=found.get("yanked"))
