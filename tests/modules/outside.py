"""Builds and tests on the public registry's modules, and compares with the build that bazelw makes.

    ./bazelw run //tests/modules:outside -- --registry DIR --modules DIR

--registry is a checkout of the registry, --modules a directory with source trees: one for each
module that MODULE.bazel pins, and for each that these need and the network does not have. In two
output bases of a fresh clone of this workspace, with its uncommitted changes:

  outside: without the bootstrap's copies of modules and without caches, analyzes //..., builds
      //packaging:all and runs the quick tests. Every module's version is the one that Bazel chooses
      by the registry, and must be the pinned one.
  inside: builds //packaging:all as bazelw does it here.

Exit codes: 0 the tests pass and every file is the same, 1 not so or a build fails, 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.modules import registry, sources, trees, world
from tests.modules.errors import ModulesError
from tests.modules.world import BuildError, World
from tests.reproducible.difference import first_difference, sha256
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

EVERYTHING = ("//...",)
RELEASE = ("//packaging:all",)

# The bootstrap reads it (toolchains/bazel/bootstrap.py).
_MODULES_FROM = "IREE_RELEASE_MODULES_FROM"

# Two output bases would take turns at being bazel-bin.
_NO_LINKS = "--experimental_convenience_symlinks=ignore"

_PASSED = ("PASSED", "FLAKY")


@dataclass(frozen=True, slots=True)
class Modules:
    """Checked input: where modules come from outside."""

    front: Path
    """A registry with the sources."""
    registry: Path
    served: Sequence[tuple[str, str]]
    """The modules and versions that the front has."""
    pinned: Mapping[str, Path]
    """The source of each pinned module."""
    replaced: Mapping[str, Path]
    """Trees that stand in for whatever version would be chosen."""

    def rc(self) -> str:
        """The rc file for Bazel."""
        options = [
            f"--registry={self.front.as_uri()}",
            f"--registry={self.registry.resolve().as_uri()}",
            # A pin that the dependencies raise is another version than it says.
            "--check_direct_dependencies=error",
            "--lockfile_mode=off",
            *(f"--override_module={name}={path}" for name, path in self.replaced.items()),
        ]
        return "".join(f'common "{option}"\n' for option in options)


def prepare(
    workspace: Path, directory: Path, place: Path, modules: Path, others: Mapping[str, Path]
) -> Modules:
    """Checks the input, and writes the registry with the sources into `directory`.

    Args:
      workspace: ours.
      directory: where to write.
      place: the checkout of the registry.
      modules: the directory with the source trees.
      others: trees that stand in for modules that are not pinned.

    Raises:
      ModulesError: the input cannot be used.
    """
    versions = sources.our_pins(workspace).versions
    checkout = registry.read(place)
    for module, version in sorted(versions.items()):
        registry.require(checkout, module, version)
    found = trees.all_below(modules)
    trees.require_pinned(found, versions, sources.our_tables(workspace))
    for module, path in others.items():
        if module in versions:
            raise ModulesError(f"{module} is pinned; put its tree into {modules}, not --other.")
        if not (path / "MODULE.bazel").is_file():
            raise ModulesError(f"{path} is no source tree of {module}: it has no MODULE.bazel.")
    front = directory / "registry"
    served = registry.write_front(checkout, found.values(), front)
    return Modules(
        front=front,
        registry=place,
        served=served,
        pinned={module: found[module].path.resolve() for module in versions},
        replaced={name: path.resolve() for name, path in others.items()},
    )


def compare(inside: Mapping[str, Path], outside: Mapping[str, Path]) -> list[str]:
    """Returns a sentence for each file that is not the same in both builds."""
    faults = []
    for name in sorted({*inside, *outside}):
        if name not in inside or name not in outside:
            faults.append(f"{name} was built {'in' if name in inside else 'out'}side only.")
        elif sha256(inside[name]) != sha256(outside[name]):
            faults.append(f"{name} differs {first_difference(inside[name], outside[name])}.")
    return faults


def strangers(given: Modules, outside: World) -> list[str]:
    """Returns a sentence for each pinned module whose source is not the tree that was given."""
    return [
        f"{module} was built from {outside.source(module)}, not from {path}."
        for module, path in sorted(given.pinned.items())
        if outside.source(module) != path
    ]


def failures(statuses: Mapping[str, str]) -> list[str]:
    """Returns a sentence for each test that did not pass."""
    return [
        f"{label}: {status}" for label, status in sorted(statuses.items()) if status not in _PASSED
    ]


def run(
    workspace: Path,
    place: Path,
    modules: Path,
    *,
    others: Mapping[str, Path],
    tests: Sequence[str],
    keep: bool,
) -> int:
    """Builds, tests, compares, and prints what came of it.

    Raises:
      ModulesError: the input cannot be used.
    """
    cache = user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="outside-", dir=cache))
    try:
        given = prepare(workspace, directory, place, modules, others)
        world.clone(workspace, directory / "workspace")
    except ModulesError:
        shutil.rmtree(directory)
        raise
    for module, version in given.served:
        _row("source", f"{module} {version}")
    for module, path in given.replaced.items():
        _row("replaced", f"{module} by {path}, whatever its version")
    rc = directory / "outside.bazelrc"
    rc.write_text(given.rc(), encoding="utf-8")
    outside = World(
        name="outside",
        workspace=directory / "workspace",
        output=directory / "output",
        log=directory / "outside.log",
        startup=[f"--bazelrc={rc}"],
        options=["--disk_cache=", "--remote_cache=", _NO_LINKS],
        environment={_MODULES_FROM: "registry"},
    )
    inside = World(
        name="inside",
        workspace=outside.workspace,
        output=directory / "inside",
        log=directory / "inside.log",
        options=[_NO_LINKS],
        environment={_MODULES_FROM: "debian"},
    )
    try:
        faults = _judge(given, outside, inside, tests)
    except BuildError as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, flush=True)
    if faults:
        print(f"NOT the same outside: {len(faults)} faults. Everything is kept in {directory}.")
        return 1
    print("Outside as inside.")
    if keep:
        print(f"Everything is kept in {directory}.")
        return 0
    for each in (outside, inside):
        each.remove()
    shutil.rmtree(directory)
    return 0


def _judge(given: Modules, outside: World, inside: World, tests: Sequence[str]) -> list[str]:
    began = time.monotonic()
    analyzed = outside.analyze(EVERYTHING)
    began = _row("outside", f"{analyzed} targets of {' '.join(EVERYTHING)} analyzed", began)
    release = outside.build(RELEASE)
    began = _row("outside", f"{len(release)} files of {' '.join(RELEASE)} built", began)
    expected = inside.build(RELEASE)
    began = _row("inside", f"{len(expected)} files of {' '.join(RELEASE)} built", began)
    differing = compare(expected, release)
    same = len({*expected, *release}) - len(differing)
    began = _row("sha256", f"{same} files the same, {len(differing)} not", began)
    failed = []
    if tests:
        statuses = outside.test(tests)
        failed = failures(statuses)
        passed = len(statuses) - len(failed)
        _row("outside", f"{passed} quick tests passed, {len(failed)} not", began)
    return strangers(given, outside) + differing + failed


def _row(what: str, text: str, began: float | None = None) -> float:
    now = time.monotonic()
    seconds = "" if began is None else f"  ({now - began:.0f} s)"
    print(f"{what:<10}{text}{seconds}", flush=True)
    return now


def _other(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR")
    return name, Path(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 as inside, 1 not so or a build fails, 2 bad usage or input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--registry", required=True, type=Path, metavar="DIR")
    parser.add_argument("--modules", required=True, type=Path, metavar="DIR")
    parser.add_argument(
        "--other",
        action="append",
        default=[],
        type=_other,
        metavar="NAME=DIR",
        help="a tree for a module that is not pinned, whatever its version; the report names it",
    )
    parser.add_argument(
        "--tests",
        nargs="*",
        default=EVERYTHING,
        metavar="TARGET",
        help="run the quick tests among these alone; none at all without a TARGET",
    )
    parser.add_argument("--keep", action="store_true", help="keep both builds")
    options = parser.parse_args(argv)
    # `bazel run` starts elsewhere than the user.
    here = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""))
    try:
        root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
        if root is None:
            raise ModulesError("the workspace is unknown; start this with `./bazelw run`.")
        return run(
            Path(root),
            here / options.registry,
            here / options.modules,
            others={name: here / path for name, path in options.other},
            tests=options.tests,
            keep=options.keep,
        )
    except (ModulesError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
