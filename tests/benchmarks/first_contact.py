"""How soon a command answers: its `--help` after a fresh build, then on a warm server.

    bazel run //tests/benchmarks:first_contact -- [--base REV] [--command NAME] [--runs N] [--json]

The same is measured of this tree and of another commit, each in a clone and a user's cache of its
own. The caches get Bazel's disk cache and the pinned payload as hard links, Bazel is bootstrapped,
and `//packaging:all_wheels` is built; then the clock starts. What smoke tests need is in neither.
Goals on two cores: 10 s after the build, 2 s on a warm server.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.benchmarks import two_trees
from tests.benchmarks.two_trees import Tree
from toolchains.debian.user_cache import user_cache

GOALS = {"first": 10.0, "warm": 2.0}
"""Seconds by field of Contact."""

_LOCKS = ("packaging/payload/locks", "toolchains/wheels/locks")
_SHA256 = re.compile("sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Contact:
    """What a user of a tree waits for."""

    tree: str
    first: float
    """Wall seconds of the first `--help` after the build."""
    warm: float
    """Wall seconds of a later one, the median."""


def contact(tree: Tree, command: str, runs: int) -> Contact:
    """Measures one tree.

    Raises:
      BenchmarkError: a build fails.
    """
    asking = ("run", f"//release:{command}", "--", "--help")
    try:
        tree.bazel("build", "//packaging:all_wheels")
        first = tree.bazel(*asking).wall
        warm = statistics.median(tree.bazel(*asking).wall for _ in range(runs))
    finally:
        tree.bazel("shutdown")
    return Contact(tree.name, first, warm)


def with_own_cache(tree: Tree) -> Tree:
    """The tree, with a user's cache of its own that holds what its build needs."""
    shared, own = user_cache(), tree.directory / "cache"
    _link(shared / "disk-cache", own / "disk-cache")
    for digest in _pinned(tree.clone):
        _link(shared / "payload" / digest, own / "payload" / digest)
    return replace(tree, environment={"IREE_RELEASE_CACHE": str(own)})


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)


def _pinned(clone: Path) -> set[str]:
    """The digests of the wheels that a build may fetch into the user's cache."""
    locks = (lock for directory in _LOCKS for lock in (clone / directory).glob("*.txt"))
    return {digest for lock in locks for digest in _SHA256.findall(lock.read_text())}


def benchmark(workspace: Path, base: str, command: str, runs: int) -> list[Contact]:
    """Measures the other commit, then this tree.

    Raises:
      BenchmarkError: the commit does not exist, or a build fails.
    """
    with two_trees.checked_out(workspace, base) as trees:
        return [contact(with_own_cache(tree), command, runs) for tree in trees]


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
    parser = two_trees.arguments(__doc__, "calls of a warm server")
    parser.add_argument("--command", metavar="NAME", default="nightly", help="of //release")
    options = parser.parse_args(argv)

    def measure(workspace: Path) -> tuple[object, Sequence[str]]:
        contacts = benchmark(workspace, options.base, options.command, options.runs)
        return [asdict(one) for one in contacts], [*lines(contacts, options.command)]

    return two_trees.answer(options, environ, measure)


if __name__ == "__main__":
    sys.exit(main())
