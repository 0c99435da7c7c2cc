"""The programs that check and mend files: ruff and buildifier, as Bazel hands them over."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lint import tree


@dataclass(frozen=True, slots=True)
class Findings:
    """What a program said about the files that it was given."""

    text: str
    """What it printed."""
    clean: bool
    """Whether it found nothing, or mended everything that it found."""


def ruff(*arguments: str) -> Findings:
    """Runs a command of ruff on every Python file."""
    return _run("RUFF", [*arguments, "--no-cache"], tree.python_files())


def buildifier(*arguments: str) -> Findings:
    """Runs buildifier on every Starlark file, with the warnings that it chooses."""
    return _run("BUILDIFIER", arguments, tree.starlark_files())


def why_no_buildifier() -> str | None:
    """Says why there is no buildifier; None when there is one."""
    return os.environ.get("NO_BUILDIFIER")


def _run(program: str, arguments: Sequence[str], files: Sequence[Path]) -> Findings:
    # The path is relative to the runfiles, where Bazel starts us; the program starts in the tree.
    command = [str(Path(os.environ[program]).absolute()), *arguments, *map(str, files)]
    ran = subprocess.run(command, cwd=tree.root(), capture_output=True, text=True, check=False)
    return Findings(text=ran.stdout + ran.stderr, clean=ran.returncode == 0)
