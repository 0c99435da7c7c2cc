"""A diagnosis: an inconsistency in a store, its index or the registry, and how to fix it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "note"]
"""error: affects users; note: informational."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An inconsistency."""

    subject: str
    """A tag, a platform, a project, `index`, `nightly` or `purge`."""
    message: str
    """What is wrong; reads after "SUBJECT: "."""
    fix: str
    """A command to run, or an instruction."""
    severity: Severity = "error"

    def to_json(self) -> dict[str, str]:
        """A finding as `doctor --json` prints it."""
        return {
            "subject": self.subject,
            "message": self.message,
            "fix": self.fix,
            "severity": self.severity,
        }


def command_line(name: str, *arguments: str) -> str:
    """The command line of a release command."""
    return shlex.join(["./bazelw", "run", f"//release:{name}", "--", *arguments])
