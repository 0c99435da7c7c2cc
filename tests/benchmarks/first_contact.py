"""Measures the time until a command answers: `--help` after a fresh build, and on a warm server.

    ./bazelw run //tests/benchmarks:first_contact -- [--base REV] [--command NAME] [--runs N]
    [--json]

Measures this tree and another commit, each in its own clone and user's cache. The caches get hard
links to Bazel's disk cache and the pinned payload, but nothing that only smoke tests need. Before
the measurement, Bazel is bootstrapped, and `//packaging:all_wheels` is built. Goals on two cores:
10 s after the build, 2 s on a warm server.
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

_LOCKS = ("products/iree/payload/locks", "toolchains/wheels/locks")
_SHA256 = re.compile("sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Contact:
    """The waiting times of a user."""

    tree: str
    first: float
    """Wall time of the first `--help` after the build, in seconds."""
    warm: float
    """Median wall time of later ones, in seconds."""


def contact(tree: Tree, command: str, runs: int) -> Contact:
    """Measures one tree.

    Raises:
      BenchmarkError: a build fails.
    """
    show_help = ("run", f"//release:{command}", "--", "--help")
    try:
        tree.bazel("build", "//packaging:all_wheels")
        first = tree.bazel(*show_help).wall
        warm = statistics.median(tree.bazel(*show_help).wall for _ in range(runs))
    finally:
        tree.bazel("shutdown")
    return Contact(tree.name, first, warm)


def with_own_cache(tree: Tree) -> Tree:
    """The tree with its own user's cache, which has all that its build needs."""
    shared, own = user_cache(), tree.directory / "cache"
    _link(shared / "disk-cache", own / "disk-cache")
    for digest in _pinned(tree.clone):
        _link(shared / "payload" / digest, own / "payload" / digest)
    return replace(tree, environment={"IREE_RELEASE_CACHE": str(own)})


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=os.link)


def _pinned(clone: Path) -> set[str]:
    """The digests of the wheels that a build may download into the user's cache."""
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
    """Formats the results as lines of text."""
    base, this = contacts
    for field, when in {"first": "after a fresh build", "warm": "on a warm server"}.items():
        before, after = getattr(base, field), getattr(this, field)
        yield (
            f"//release:{command} --help {when}: {after:.1f} s; {before:.1f} s at {base.tree} "
            f"({before / after:.1f} times); goal {GOALS[field]:.0f} s"
        )


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Exit codes: 0 done, 1 a build failed, 2 bad usage."""
    parser = two_trees.arguments(__doc__, "Runs on a warm server [default: %(default)s]")
    parser.add_argument(
        "--command",
        metavar="NAME",
        default="nightly",
        help="Command of //release [default: %(default)s]",
    )
    options = parser.parse_args(argv)

    def measure(workspace: Path) -> tuple[object, Sequence[str]]:
        contacts = benchmark(workspace, options.base, options.command, options.runs)
        return [asdict(result) for result in contacts], [*lines(contacts, options.command)]

    return two_trees.run(options, environ, measure)


if __name__ == "__main__":
    sys.exit(main())
