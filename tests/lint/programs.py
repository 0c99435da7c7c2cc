"""The programs that check and fix files: ruff and buildifier, which Bazel provides."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lint import tree


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of a program."""

    text: str
    """Its output."""
    clean: bool
    """Whether it found nothing, or fixed everything that it found."""


def ruff(*arguments: str) -> Findings:
    """Runs a command of ruff on all Python files."""
    return _run("RUFF", [*arguments, "--no-cache"], tree.python_files())


def buildifier(*arguments: str) -> Findings:
    """Runs buildifier on all Starlark files, with its default warnings."""
    return _run("BUILDIFIER", arguments, tree.starlark_files())


def why_no_buildifier() -> str | None:
    """Returns why buildifier is missing, or None."""
    return os.environ.get("NO_BUILDIFIER")


def _run(program: str, arguments: Sequence[str], files: Sequence[Path]) -> Findings:
    # The path is relative to the runfiles, the working directory; the program runs in the source
    # tree.
    command = [str(Path(os.environ[program]).absolute()), *arguments, *map(str, files)]
    result = subprocess.run(command, cwd=tree.root(), capture_output=True, text=True, check=False)
    return Findings(text=result.stdout + result.stderr, clean=result.returncode == 0)
