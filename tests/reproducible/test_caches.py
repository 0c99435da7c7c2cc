"""The same bytes from any cache: whatever of a build comes from there, and whatever is made here.

The cheap ways of `bazel run //tests/reproducible:ways`, with a project that is built in seconds: a
library, a tool, a script, an extension module and a launcher, from CMake and from the tree that it
installs, for Linux and for both processors of macOS at once.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clone import Build, Clone, clone
from tests.output_base import of_this_test
from tests.reproducible.caches import random_half
from tests.reproducible.difference import sha256
from tests.reproducible.ways import other_python
from tests.servers.remote import engines
from toolchains.debian.user_cache import user_cache

TARGET = "//tests/reproducible/small:wheels"
HERE = {name: sha256(Path(name)) for name in os.environ["WHEELS"].split()}
SEED = int(os.environ.get("SEED", "17"))


@pytest.fixture(scope="module")
def programs() -> engines.Engines:
    return engines.engines()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("another") / "machine") as made:
        yield made


def build(machine: Clone, *options: str, python: str = "") -> Build:
    """Builds the wheels, without what the clone has built before; on a Python, by path."""
    machine.forget()
    environment = {"IREE_RELEASE_PYTHON": python} if python else {}
    made = machine.build("--config=ci", *options, TARGET, environment=environment)
    assert made.code == 0, made.said[-4000:]
    return made


def digests(machine: Clone) -> dict[str, str]:
    """The sha256 of each wheel, by its path."""
    return machine.digests(f"config({TARGET}, target)")


@pytest.fixture(scope="module")
def disk_cache(
    machine: Clone, programs: engines.Engines, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A disk cache with what the wheels are made of, and nothing else.

    It is filled from this machine's own, which the build of this test has filled; what was trimmed
    from that since is made again.
    """
    filled = tmp_path_factory.mktemp("disk")
    with engines.http_cache(
        programs, tmp_path_factory.mktemp("nginx"), disk_cache=user_cache() / "disk-cache"
    ) as address:
        build(
            machine,
            *(f"--disk_cache={filled}", "--config=remote_cache", f"--remote_cache={address}"),
        )
    assert digests(machine) == HERE
    return filled


@pytest.mark.usefixtures("disk_cache")
def test_what_was_fetched_for_this_machine_is_not_fetched_again(machine: Clone) -> None:
    """Catches: a fetched file that names its output base, so that all that depend on it differ."""
    outer = of_this_test()
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
def test_a_ready_made_tree_holds_what_cmake_installs(tag: str, library: str) -> None:
    """Catches: modes that tell whether a tree was installed here, and a text that is a program."""
    of_cmake, of_tree = sorted(name for name in HERE if tag in name)
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


def test_a_disk_cache_of_another_clone_gives_the_same_bytes(
    machine: Clone, disk_cache: Path
) -> None:
    """Catches: an action that is keyed by the clone, and modes that a cache restores."""
    made = build(machine, f"--disk_cache={disk_cache}")
    assert made.executed == 0, made.processes
    assert digests(machine) == HERE


def test_a_remote_cache_gives_the_same_bytes(
    machine: Clone, disk_cache: Path, programs: engines.Engines, tmp_path: Path
) -> None:
    with engines.http_cache(programs, tmp_path, disk_cache=disk_cache) as address:
        made = build(machine, "--config=remote_cache", f"--remote_cache={address}")
    assert made.executed == 0, made.processes
    assert digests(machine) == HERE


def test_a_random_half_of_a_cache_gives_the_same_bytes(
    machine: Clone, disk_cache: Path, tmp_path: Path
) -> None:
    """Catches: an action whose output depends on whether its inputs were made or restored.

    `--test_env=SEED=N` chooses another half.
    """
    left = random_half(disk_cache, tmp_path / "half", SEED)
    print(f"seed {SEED}: {left.kept} files kept, {left.lost} lost")
    made = build(machine, f"--disk_cache={tmp_path / 'half'}")
    assert made.executed > 0, made.processes
    assert digests(machine) == HERE


# Every other step of the way, so that each is made of what was restored.
@pytest.mark.parametrize(
    "made_here", ["CMakeInstall|MergePayloads|UniversalProgram", "TakeInTree|AssembleWheel"]
)
def test_what_is_made_here_of_what_was_restored_is_the_same(
    machine: Clone, disk_cache: Path, made_here: str
) -> None:
    """Catches: modes of restored files, in a step that no random half happens to lose."""
    made = build(
        machine,
        f"--disk_cache={disk_cache}",
        f"--modify_execution_info=^({made_here})$=+no-cache",
    )
    assert made.executed > 0, made.processes
    assert digests(machine) == HERE


def test_another_python_gives_the_same_bytes(machine: Clone, disk_cache: Path) -> None:
    """Catches: an extension module that is built with the Python that the build runs on.

    FindPython takes no headers of another minor version than that of the interpreter it asks.
    """
    python = other_python([Path(name) for name in os.environ["INTERPRETERS"].split()])
    made = build(machine, f"--disk_cache={disk_cache}", python=python)
    assert made.executed > 0, made.processes
    assert digests(machine) == HERE
