"""How soon a command answers: its `--help` after a fresh build, then on a warm server.

    bazel run //tests/benchmarks:first_contact -- [--base REV] [--command NAME] [--runs N] [--json]

The same is measured of this tree and of another commit, each in a clone and a user's cache of its
own. The caches get Bazel's disk cache and the pinned payload as hard links, Bazel is bootstrapped,
and `//packaging:all_wheels` is built; then the clock starts. What smoke tests need is in neither.
Goals on two cores: 10 s after the build, 2 s on a warm server.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.measure import BenchmarkError, cost_of
from tests.workspace import copy_workspace
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

GOALS = {"first": 10.0, "warm": 2.0}
"""Seconds by field of Contact."""

_LOCKS = ("packaging/payload/locks", "toolchains/wheels/locks")
_SHA256 = re.compile("sha256:([0-9a-f]{64})")
_OURS = ("BUILD_", "IREE_RELEASE_", "PYTHON", "RUNFILES")


@dataclass(frozen=True, slots=True)
class Contact:
    """What a user of a tree waits for."""

    tree: str
    first: float
    """Wall seconds of the first `--help` after the build."""
    warm: float
    """Wall seconds of a later one, the median."""


class Machine:
    """A clone, and a user's cache that holds what its build needs."""

    def __init__(self, folder: Path, shared: Path) -> None:
        """Is in `folder`, which holds the clone; takes what it may from the cache `shared`."""
        self._clone = folder / "clone"
        self._cache = folder / "cache"
        self._log = folder / "log"
        _link(shared / "disk-cache", self._cache / "disk-cache")
        for digest in _pinned(self._clone):
            _link(shared / "payload" / digest, self._cache / "payload" / digest)

    def bazel(self, *arguments: str) -> float:
        """Wall seconds of a call of bazelw.

        Raises:
          BenchmarkError: it fails.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_OURS)
        }
        command = [str(self._clone / "bazelw"), *arguments]
        environment["IREE_RELEASE_CACHE"] = str(self._cache)
        return cost_of(command, cwd=self._clone, env=environment, log=self._log).wall


def contact(tree: str, machine: Machine, command: str, runs: int) -> Contact:
    """Measures one tree.

    Raises:
      BenchmarkError: a build fails.
    """
    asking = ("run", f"//release:{command}", "--", "--help")
    try:
        machine.bazel("build", "//packaging:all_wheels")
        first = machine.bazel(*asking)
        warm = statistics.median(machine.bazel(*asking) for _ in range(runs))
    finally:
        machine.bazel("shutdown")
    return Contact(tree, first, warm)


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A directory on the file system of the user's cache, so that files can be linked."""
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="iree-release-first-contact-", dir=beside))
    try:
        yield folder
    finally:
        # Bazel makes directories that cannot be written.
        subprocess.run(["chmod", "-R", "u+w", folder], check=False)
        shutil.rmtree(folder)


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)


def _pinned(clone: Path) -> set[str]:
    """The digests of the wheels that a build may fetch into the user's cache."""
    locks = (lock for folder in _LOCKS for lock in (clone / folder).glob("*.txt"))
    return {digest for lock in locks for digest in _SHA256.findall(lock.read_text())}


def _check_out(workspace: Path, revision: str, target: Path) -> str:
    """Clones a commit of a workspace; returns its abbreviated name.

    Raises:
      BenchmarkError: git has no such commit.
    """
    for command in (
        ["clone", "--quiet", "--shared", "--no-checkout", str(workspace), str(target)],
        ["-C", str(target), "checkout", "--quiet", "--detach", revision],
    ):
        done = subprocess.run(["git", *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchmarkError(f"--base {revision}: {done.stderr.strip()}")
    head = ["git", "-C", str(target), "rev-parse", "--short", "HEAD"]
    return subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()


def benchmark(workspace: Path, base: str, command: str, runs: int) -> list[Contact]:
    """Measures the other commit, then this tree.

    Raises:
      BenchmarkError: the commit does not exist, or a build fails.
    """
    # `HEAD~1` is of the workspace, and no name in the clone.
    resolved = subprocess.run(
        ["git", "-C", str(workspace), "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if resolved.returncode:
        raise BenchmarkError(f"--base {base}: no such commit")
    try:
        shared = user_cache()
    except UnavailableError as error:
        raise BenchmarkError(str(error)) from error
    with scratch(shared.parent) as folder:
        name = _check_out(workspace, resolved.stdout.strip(), folder / "base/clone")
        copy_workspace(workspace, folder / "this/clone")
        return [
            contact(name, Machine(folder / "base", shared), command, runs),
            contact("this tree", Machine(folder / "this", shared), command, runs),
        ]


def lines(contacts: Sequence[Contact], command: str) -> Iterator[str]:
    """The result for a person."""
    base, this = contacts
    for field, when in {"first": "after a fresh build", "warm": "on a warm server"}.items():
        before, after = getattr(base, field), getattr(this, field)
        yield (
            f"//release:{command} --help {when}: {after:.1f} s, and {before:.1f} s at {base.tree} "
            f"({before / after:.1f} times); goal {GOALS[field]:.0f} s"
        )


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Exit codes: 0 done, 1 a build failed, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--base", metavar="REV", default="HEAD~1", help="the other commit; the one before HEAD"
    )
    parser.add_argument("--command", metavar="NAME", default="nightly", help="of //release")
    parser.add_argument("--runs", type=int, default=3, help="calls of a warm server")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    options = parser.parse_args(argv)
    workspace = environ.get("BUILD_WORKSPACE_DIRECTORY")
    if options.runs < 1 or workspace is None:
        wrong = "start it with `bazel run`" if workspace is None else "--runs must be at least 1"
        print(f"nothing would be measured: {wrong}.", file=sys.stderr)
        return 2
    try:
        contacts = benchmark(Path(workspace), options.base, options.command, options.runs)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps([asdict(one) for one in contacts], indent=1))
    else:
        print("\n".join(lines(contacts, options.command)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
