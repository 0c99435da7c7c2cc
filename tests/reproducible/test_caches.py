"""Builds with any cache produce the same files, whichever parts come from the cache.

Tests the fast ways of `./bazelw run //tests/reproducible:ways` with a project that is built in
seconds: a library, a tool, a script, an extension module and a launcher, from CMake and from an
install tree, for Linux and for universal macOS.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clone import Build, Clone, clone
from tests.output_base import outer_output_base
from tests.reproducible.caches import random_half
from tests.reproducible.difference import sha256
from tests.reproducible.ways import other_python
from tests.servers.remote import engines
from toolchains.debian.user_cache import user_cache

TARGET = "//tests/reproducible/small:wheels"
EXPECTED = {name: sha256(Path(name)) for name in os.environ["WHEELS"].split()}
SEED = int(os.environ.get("SEED", "17"))


@pytest.fixture(scope="module")
def programs() -> engines.Engines:
    return engines.engines()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("another") / "machine") as machine:
        yield machine


def build(machine: Clone, *options: str, python: str = "") -> Build:
    """Builds the wheels without earlier outputs, optionally with the Python at a path."""
    machine.remove_outputs()
    environment = {"IREE_RELEASE_PYTHON": python} if python else {}
    common = ("--config=ci", "--remote_download_outputs=all")
    result = machine.build(*common, *options, TARGET, environment=environment)
    assert result.exit_code == 0, result.output[-4000:]
    return result


def digests(machine: Clone) -> dict[str, str]:
    """The sha256 of each wheel, by its path."""
    return machine.digests(f"config({TARGET}, target)")


@pytest.fixture(scope="module")
def disk_cache(
    machine: Clone, programs: engines.Engines, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A disk cache with the results of building the wheels, and nothing else.

    It is filled from this machine's disk cache, which the build of this test has filled; trimmed
    results are built again.
    """
    filled = tmp_path_factory.mktemp("disk")
    with engines.http_cache(
        programs, tmp_path_factory.mktemp("nginx"), disk_cache=user_cache() / "disk-cache"
    ) as address:
        build(
            machine,
            *(f"--disk_cache={filled}", "--config=remote_cache", f"--remote_cache={address}"),
        )
    assert digests(machine) == EXPECTED
    return filled


@pytest.mark.usefixtures("disk_cache")
def test_fetched_repositories_are_not_fetched_again(machine: Clone) -> None:
    """Catches: a fetched file that contains its output base, so that all dependents differ."""
    outer = outer_output_base()
    assert outer
    for repository in ("_main~pypi~pypi_programs", "_main~zig~zig"):
        file = Path("external", repository, "BUILD.bazel")
        assert (machine.output_base / file).samefile(outer / file)


def members(wheel: str) -> list[tuple[str, int, int]]:
    """Path, mode and CRC-32 of each file of the package in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return [
            (info.filename, info.external_attr >> 16 & 0o777, info.CRC)
            for info in archive.infolist()
            if info.filename.startswith("small/")
        ]


@pytest.mark.parametrize(
    ("tag", "library"),
    [("manylinux_2_28_x86_64", "libsmall.so"), ("macosx_13_0_universal2", "libsmall.dylib")],
)
def test_a_prebuilt_tree_gives_the_same_files_as_cmake(tag: str, library: str) -> None:
    """Catches: modes that depend on where a tree was installed, and executable text files."""
    of_cmake, of_tree = sorted(name for name in EXPECTED if tag in name)
    assert members(of_cmake) == members(of_tree)
    assert {path: mode for path, mode, _ in members(of_tree)} == {
        "small/__init__.py": 0o644,
        "small/_small.abi3.so": 0o755,
        f"small/{library}": 0o755,
        "small/script.sh": 0o755,
        "small/small-tool": 0o755,
        "small/tool.py": 0o644,
        "small/version.py": 0o644,
    }


def test_a_disk_cache_of_another_clone_gives_the_same_files(
    machine: Clone, disk_cache: Path
) -> None:
    """Catches: an action key that depends on the clone, and modes of files from a cache."""
    result = build(machine, f"--disk_cache={disk_cache}")
    assert result.executed == 0, result.processes
    assert digests(machine) == EXPECTED


def test_a_remote_cache_gives_the_same_files(
    machine: Clone, disk_cache: Path, programs: engines.Engines, tmp_path: Path
) -> None:
    with engines.http_cache(programs, tmp_path, disk_cache=disk_cache) as address:
        result = build(machine, "--config=remote_cache", f"--remote_cache={address}")
    assert result.executed == 0, result.processes
    assert digests(machine) == EXPECTED


def test_a_random_half_of_a_cache_gives_the_same_files(
    machine: Clone, disk_cache: Path, tmp_path: Path
) -> None:
    """Catches: an action whose output depends on whether its inputs were built or cached.

    `--test_env=SEED=N` selects another half.
    """
    half = random_half(disk_cache, tmp_path / "half", SEED)
    print(f"seed {SEED}: {half.kept} files kept, {half.lost} lost")
    result = build(machine, f"--disk_cache={tmp_path / 'half'}")
    assert result.executed > 0, result.processes
    assert digests(machine) == EXPECTED


# Alternate steps of the build, so that each has inputs from the cache.
@pytest.mark.parametrize(
    "not_cached", ["CMakeInstall|MergePayloads|UniversalProgram", "TakeInTree|AssembleWheel"]
)
def test_actions_with_cached_inputs_give_the_same_files(
    machine: Clone, disk_cache: Path, not_cached: str
) -> None:
    """Catches: modes of cached files, in an action that the random half does not execute."""
    result = build(
        machine,
        f"--disk_cache={disk_cache}",
        f"--modify_execution_info=^({not_cached})$=+no-cache",
    )
    assert result.executed > 0, result.processes
    assert digests(machine) == EXPECTED


def test_another_python_gives_the_same_files(machine: Clone, disk_cache: Path) -> None:
    """Catches: an extension module that is built with the Python that runs the build.

    FindPython requires headers of the interpreter's minor version.
    """
    python = other_python([Path(name) for name in os.environ["INTERPRETERS"].split()])
    result = build(machine, f"--disk_cache={disk_cache}", python=python)
    assert result.executed > 0, result.processes
    assert digests(machine) == EXPECTED
