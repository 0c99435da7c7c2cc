"""Builds and tests with the public registry's modules, and compares with the build of bazelw.

    ./bazelw run //tests/modules:outside -- --registry DIR --modules DIR

--registry is a checkout of the registry. --modules is a directory with source trees: one for each
module that MODULE.bazel pins, and for their dependencies that cannot be downloaded. Uses two output
bases of a new clone of this workspace, with its uncommitted changes:

  outside: without the bootstrap's copies of modules and without caches, analyzes //..., builds
      //packaging:all and runs the quick tests. Bazel resolves the versions of modules with the
      registry; those of pinned modules must be the pinned ones.
  inside: builds //packaging:all with bazelw.

Exit codes: 0 the tests pass and all files are the same, 1 they do not or a build failed, 2 bad
input.
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

from tests.modules import environment, registry, sources, trees
from tests.modules.environment import BuildError, Environment
from tests.modules.errors import ModulesError
from tests.reproducible.difference import first_difference, sha256
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

EVERYTHING = ("//...",)
RELEASE = ("//packaging:all",)

# Read by the bootstrap (toolchains/bazel/bootstrap.py).
_MODULES_FROM = "IREE_RELEASE_MODULES_FROM"

# The two output bases would overwrite each other's links.
_NO_LINKS = "--experimental_convenience_symlinks=ignore"

_PASSED = ("PASSED", "FLAKY")


@dataclass(frozen=True, slots=True)
class Modules:
    """The checked input: the sources of modules for the outside build."""

    overlay: Path
    """A registry with local sources."""
    registry: Path
    overlaid: Sequence[tuple[str, str]]
    """The modules and versions in the overlay."""
    pinned: Mapping[str, Path]
    """The source of each pinned module."""
    replaced: Mapping[str, Path]
    """Source trees that replace modules regardless of their version."""

    def rc(self) -> str:
        """The rc file for Bazel."""
        options = [
            f"--registry={self.overlay.as_uri()}",
            f"--registry={self.registry.resolve().as_uri()}",
            # Fails if a dependency requires a newer version than the pinned one.
            "--check_direct_dependencies=error",
            "--lockfile_mode=off",
            *(f"--override_module={name}={path}" for name, path in self.replaced.items()),
        ]
        return "".join(f'common "{option}"\n' for option in options)


def prepare(
    workspace: Path,
    directory: Path,
    registry_path: Path,
    modules: Path,
    others: Mapping[str, Path],
) -> Modules:
    """Checks the input, and writes the overlay registry into `directory`.

    Args:
      workspace: the root of the workspace.
      directory: the output directory.
      registry_path: the checkout of the registry.
      modules: the directory with the source trees.
      others: source trees that replace modules that are not pinned.

    Raises:
      ModulesError: the input is invalid.
    """
    versions = sources.our_pins(workspace).versions
    checkout = registry.read(registry_path)
    for module, version in sorted(versions.items()):
        registry.require(checkout, module, version)
    found = trees.all_below(modules)
    trees.require_pinned(found, versions, sources.our_tables(workspace))
    for module, path in others.items():
        if module in versions:
            raise ModulesError(
                f"{module} is pinned; add its tree to {modules} instead of passing --other."
            )
        if not (path / "MODULE.bazel").is_file():
            raise ModulesError(f"{path} is not a source tree of {module}: it has no MODULE.bazel.")
    overlay = directory / "registry"
    overlaid = registry.write_overlay(checkout, found.values(), overlay)
    return Modules(
        overlay=overlay,
        registry=registry_path,
        overlaid=overlaid,
        pinned={module: found[module].path.resolve() for module in versions},
        replaced={name: path.resolve() for name, path in others.items()},
    )


def compare(inside: Mapping[str, Path], outside: Mapping[str, Path]) -> list[str]:
    """Returns a message for each file that is not the same in both builds."""
    differences = []
    for name in sorted({*inside, *outside}):
        if name not in inside or name not in outside:
            differences.append(f"{name} was built {'in' if name in inside else 'out'}side only.")
        elif sha256(inside[name]) != sha256(outside[name]):
            difference = first_difference(inside[name], outside[name])
            differences.append(f"{name} differs: {difference}.")
    return differences


def unexpected_sources(modules: Modules, outside: Environment) -> list[str]:
    """Returns a message for each pinned module that was built from another source."""
    return [
        f"{module} was built from {outside.source(module)}, not from {path}."
        for module, path in sorted(modules.pinned.items())
        if outside.source(module) != path
    ]


def failures(statuses: Mapping[str, str]) -> list[str]:
    """Returns a message for each test that did not pass."""
    return [
        f"{label}: {status}" for label, status in sorted(statuses.items()) if status not in _PASSED
    ]


def run(
    workspace: Path,
    registry_path: Path,
    modules_path: Path,
    *,
    others: Mapping[str, Path],
    tests: Sequence[str],
    keep: bool,
) -> int:
    """Builds, tests, compares, and prints the results; returns the exit code.

    Raises:
      ModulesError: the input is invalid.
    """
    cache = user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="outside-", dir=cache))
    try:
        modules = prepare(workspace, directory, registry_path, modules_path, others)
        environment.clone(workspace, directory / "workspace")
    except ModulesError:
        shutil.rmtree(directory)
        raise
    for module, version in modules.overlaid:
        _print_row("source", f"{module} {version}")
    for module, path in modules.replaced.items():
        _print_row("replaced", f"{module} by {path}, regardless of its version")
    rc = directory / "outside.bazelrc"
    rc.write_text(modules.rc(), encoding="utf-8")
    outside = Environment(
        name="outside",
        workspace=directory / "workspace",
        output_base=directory / "output",
        log=directory / "outside.log",
        startup=[f"--bazelrc={rc}"],
        options=["--disk_cache=", "--remote_cache=", _NO_LINKS],
        variables={_MODULES_FROM: "registry"},
    )
    inside = Environment(
        name="inside",
        workspace=outside.workspace,
        output_base=directory / "inside",
        log=directory / "inside.log",
        options=[_NO_LINKS],
        variables={_MODULES_FROM: "debian"},
    )
    try:
        problems = _compare_builds(modules, outside, inside, tests)
    except BuildError as error:
        problems = [str(error)]
    for problem in problems:
        print(problem, flush=True)
    if problems:
        print(f"NOT the same outside: {len(problems)} problems. The files are in {directory}.")
        return 1
    print("The same outside and inside.")
    if keep:
        print(f"The files are in {directory}.")
        return 0
    for build in (outside, inside):
        build.remove()
    shutil.rmtree(directory)
    return 0


def _compare_builds(
    modules: Modules, outside: Environment, inside: Environment, tests: Sequence[str]
) -> list[str]:
    start = time.monotonic()
    analyzed = outside.analyze(EVERYTHING)
    start = _print_row("outside", f"{analyzed} targets of {' '.join(EVERYTHING)} analyzed", start)
    release = outside.build(RELEASE)
    start = _print_row("outside", f"{len(release)} files of {' '.join(RELEASE)} built", start)
    expected = inside.build(RELEASE)
    start = _print_row("inside", f"{len(expected)} files of {' '.join(RELEASE)} built", start)
    differences = compare(expected, release)
    same = len({*expected, *release}) - len(differences)
    start = _print_row("sha256", f"{same} files are the same, {len(differences)} differ", start)
    failed = []
    if tests:
        statuses = outside.test(tests)
        failed = failures(statuses)
        passed = len(statuses) - len(failed)
        _print_row("outside", f"{passed} quick tests passed, {len(failed)} failed", start)
    return unexpected_sources(modules, outside) + differences + failed


def _print_row(heading: str, text: str, start: float | None = None) -> float:
    now = time.monotonic()
    seconds = "" if start is None else f"  ({now - start:.0f} s)"
    print(f"{heading:<10}{text}{seconds}", flush=True)
    return now


def _other(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"expected NAME=DIR, not {text!r}")
    return name, Path(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all the same, 1 a difference or a failed build, 2 bad usage or input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--registry", required=True, type=Path, metavar="DIR", help="Checkout of the registry"
    )
    parser.add_argument(
        "--modules",
        required=True,
        type=Path,
        metavar="DIR",
        help="Directory with a source tree for each pinned module",
    )
    parser.add_argument(
        "--other",
        action="append",
        default=[],
        type=_other,
        metavar="NAME=DIR",
        help="Source tree that replaces a module that is not pinned, regardless of its version",
    )
    parser.add_argument(
        "--tests",
        nargs="*",
        default=EVERYTHING,
        metavar="TARGET",
        help="Targets whose quick tests to run; none if empty [default: //...]",
    )
    parser.add_argument("--keep", action="store_true", help="Keep the files of both builds")
    options = parser.parse_args(argv)
    # `bazel run` starts programs in another directory.
    working_directory = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""))
    try:
        root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
        if root is None:
            raise ModulesError(
                "BUILD_WORKSPACE_DIRECTORY is not set; run this with `./bazelw run`."
            )
        return run(
            Path(root),
            working_directory / options.registry,
            working_directory / options.modules,
            others={name: working_directory / path for name, path in options.other},
            tests=options.tests,
            keep=options.keep,
        )
    except (ModulesError, UnavailableError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
