"""Clones of this tree and of another commit, for benchmarks that compare them."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import output_base
from tests.benchmarks.measure import BenchmarkError, Cost, cost_of
from tests.workspace import copy_workspace
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

_NOT_INHERITED = ("BUILD_", "IREE_RELEASE_", "PYTHON", "RUNFILES")


@dataclass(frozen=True, slots=True)
class Tree:
    """A clone with its own Bazel server."""

    name: str
    """The abbreviated commit, or "this tree"."""
    directory: Path
    """The directory of the clone, a log, and other files of this tree."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Additional environment variables of its commands."""

    @property
    def clone(self) -> Path:
        """The workspace."""
        return self.directory / "clone"

    def bazel(self, *arguments: str) -> Cost:
        """The cost of a bazelw command; its CPU time is only that of the client.

        Raises:
          BenchmarkError: it fails.
        """
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
        }
        return cost_of(
            [str(self.clone / "bazelw"), *arguments],
            cwd=self.clone,
            env={**inherited, **self.environment},
            log=self.directory / "log",
        )


@contextmanager
def checked_out(workspace: Path, base: str) -> Iterator[tuple[Tree, Tree]]:
    """Clones another commit, and copies this tree with uncommitted changes.

    Both are on the file system of the user's cache, so that its files can be linked.

    Args:
      workspace: this tree.
      base: the other commit, such as `HEAD~1`.

    Yields:
      The other commit and this tree.

    Raises:
      BenchmarkError: the commit does not exist, or the user's cache is not usable.
    """
    commit = _resolve(workspace, base)
    try:
        parent = user_cache().parent
    except UnavailableError as error:
        raise BenchmarkError(str(error)) from error
    with _scratch(parent) as directory:
        other = Tree(commit[:10], directory / "base")
        _git(["clone", "--quiet", "--shared", "--no-checkout", str(workspace), str(other.clone)])
        _git(["-C", str(other.clone), "checkout", "--quiet", "--detach", commit])
        this = Tree("this tree", directory / "this")
        copy_workspace(workspace, this.clone)
        yield other, this


def arguments(documentation: str | None, runs: str) -> argparse.ArgumentParser:
    """A parser for the options of all benchmarks of two trees.

    Args:
      documentation: the docstring of the program; its first line is shown.
      runs: help text of --runs.
    """
    parser = argparse.ArgumentParser(description=(documentation or "").splitlines()[0])
    parser.add_argument(
        "--base", metavar="REV", default="HEAD~1", help="The other commit [default: %(default)s]"
    )
    parser.add_argument("--runs", type=int, default=3, help=runs)
    parser.add_argument("--json", action="store_true", help="Print JSON instead of text")
    return parser


def run(
    options: argparse.Namespace,
    environ: Mapping[str, str],
    measure: Callable[[Path], tuple[object, Sequence[str]]],
) -> int:
    """Runs a benchmark and prints its results.

    Args:
      options: the parsed options of `arguments`.
      environ: the environment, for BUILD_WORKSPACE_DIRECTORY.
      measure: called with the workspace; returns the results for JSON, and as lines of text.

    Returns:
      The exit code: 0 done, 1 a build or a test failed, 2 bad usage.
    """
    workspace = environ.get("BUILD_WORKSPACE_DIRECTORY")
    if workspace is None:
        message = "BUILD_WORKSPACE_DIRECTORY is not set; run this with `./bazelw run`."
        print(message, file=sys.stderr)
        return 2
    if options.runs < 1:
        print(f"--runs {options.runs}: must be at least 1.", file=sys.stderr)
        return 2
    try:
        result, lines = measure(Path(workspace))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result, indent=1) if options.json else "\n".join(lines))
    return 0


def _resolve(workspace: Path, base: str) -> str:
    """The full hash of a commit, since names such as `HEAD~1` differ in a clone."""
    try:
        return _git(
            ["-C", str(workspace), "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"]
        ).strip()
    except BenchmarkError as error:
        raise BenchmarkError(f"--base {base}: no such commit") from error


def _git(arguments: Sequence[str]) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(done.stderr.strip())
    return done.stdout


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="iree-release-benchmark-", dir=parent))
    try:
        yield directory
    finally:
        output_base.remove(directory)
