"""Documents that a program writes, and a test compares with what it would write."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GeneratedDocument:
    """A document of the workspace."""

    path: Path
    """Relative to the workspace."""
    command: str
    """The command that rewrites it."""
    render: Callable[[], str]
    """Returns its content."""

    def write(self) -> None:
        """Rewrites the document in the workspace that `bazel run` was called in."""
        workspace = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
        (workspace / self.path).write_text(self.render(), encoding="utf-8")
        print(f"wrote {self.path}")

    def problem(self, source: str) -> str | None:
        """What to do if the document differs from its source; None if it is up to date."""
        if self.path.read_text(encoding="utf-8") == self.render():
            return None
        return f"{self.path} differs from {source}; run {self.command} and review the change"
