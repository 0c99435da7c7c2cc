"""This tree and another commit of it, side by side, for benchmarks that compare them."""

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

_OURS = ("BUILD_", "IREE_RELEASE_", "PYTHON", "RUNFILES")


@dataclass(frozen=True, slots=True)
class Tree:
    """A clone with a Bazel server of its own."""

    name: str
    """The abbreviated commit, or "this tree"."""
    directory: Path
    """Holds the clone, a log, and what else belongs to it alone."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What its commands see beside what this process was started with."""

    @property
    def clone(self) -> Path:
        """The workspace."""
        return self.directory / "clone"

    def bazel(self, *arguments: str) -> Cost:
        """What a call of bazelw costs; its processor time is the client's alone.

        Raises:
          BenchmarkError: it fails.
        """
        inherited = {n: value for n, value in os.environ.items() if not n.startswith(_OURS)}
        return cost_of(
            [str(self.clone / "bazelw"), *arguments],
            cwd=self.clone,
            env={**inherited, **self.environment},
            log=self.directory / "log",
        )


@contextmanager
def checked_out(workspace: Path, base: str) -> Iterator[tuple[Tree, Tree]]:
    """Clones another commit, and copies this tree with what is not committed.

    Both lie on the file system of the user's cache, whose files can be linked from there.

    Args:
      workspace: this tree.
      base: names the commit in it, such as `HEAD~1`.

    Yields:
      The other commit and this tree.

    Raises:
      BenchmarkError: there is no such commit, or no cache.
    """
    commit = _resolve(workspace, base)
    try:
        beside = user_cache().parent
    except UnavailableError as error:
        raise BenchmarkError(str(error)) from error
    with _scratch(beside) as directory:
        other = Tree(commit[:10], directory / "base")
        _git(["clone", "--quiet", "--shared", "--no-checkout", str(workspace), str(other.clone)])
        _git(["-C", str(other.clone), "checkout", "--quiet", "--detach", commit])
        this = Tree("this tree", directory / "this")
        copy_workspace(workspace, this.clone)
        yield other, this


def arguments(documentation: str | None, runs: str) -> argparse.ArgumentParser:
    """The arguments that all benchmarks of two trees have.

    Args:
      documentation: of the program; its first line is shown.
      runs: what --runs is the number of.
    """
    parser = argparse.ArgumentParser(description=(documentation or "").splitlines()[0])
    parser.add_argument(
        "--base", metavar="REV", default="HEAD~1", help="the other commit; the one before HEAD"
    )
    parser.add_argument("--runs", type=int, default=3, help=runs)
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    return parser


def answer(
    options: argparse.Namespace,
    environ: Mapping[str, str],
    measure: Callable[[Path], tuple[object, Sequence[str]]],
) -> int:
    """Measures and prints; returns the exit code: 0 done, 1 a build or a test failed, 2 bad usage.

    Args:
      options: what `arguments` parsed.
      environ: tells where the workspace is.
      measure: given the workspace, returns the result for JSON, and its lines for a person.
    """
    workspace = environ.get("BUILD_WORKSPACE_DIRECTORY")
    if options.runs < 1 or workspace is None:
        wrong = "start it with `bazel run`" if workspace is None else "--runs must be at least 1"
        print(f"nothing would be measured: {wrong}.", file=sys.stderr)
        return 2
    try:
        result, lines = measure(Path(workspace))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result, indent=1) if options.json else "\n".join(lines))
    return 0


def _resolve(workspace: Path, base: str) -> str:
    """All 40 digits; `HEAD~1` is of the workspace, and no name in a clone."""
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
def _scratch(beside: Path) -> Iterator[Path]:
    beside.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="iree-release-benchmark-", dir=beside))
    try:
        yield directory
    finally:
        output_base.remove(directory)
