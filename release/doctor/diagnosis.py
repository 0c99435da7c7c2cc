"""A finding: something that is not as it should be."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

Severity = Literal["wrong", "note"]
"""wrong: somebody may get hurt by it; note: it wants to be known."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is not as it should be."""

    subject: str
    """What it is about: a tag, a platform, the index, a project."""
    what: str
    """What is wrong with that, a sentence."""
    mend: str
    """A command, or what a person has to decide."""
    severity: Severity = "wrong"


def command(verb: str, *arguments: str) -> str:
    """The command line of a verb, as a person types it."""
    return shlex.join(["./bazelw", "run", f"//release:{verb}", "--", *arguments])
