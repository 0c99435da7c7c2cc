"""The wheels of a project that is built from source are right, and run."""

from __future__ import annotations

import hashlib
import json
import os
import platform as host
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from platforms import data
from release.gate import content, wheel
from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.environment import Environment, ExactWheel, ForeignPython
from release.gate.smoke.process import run
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runner import Qemu, Wine, started_wine

WHEELHOUSE = Path(os.environ["WHEELHOUSE"]).absolute()
DISTS = Path(os.environ["DISTS"]).absolute()
PLATFORMS = {platform.name: platform for platform in data.load().platforms}
EQUIPMENT = ProvidedEquipment.from_environment()
PYTHONS = (*EQUIPMENT.interpreters, *EQUIPMENT.no_interpreters)
ASK = "import abacus; print(abacus.evaluate('2 3 + 4 *'), abacus.VERSION)"
ANSWER = "20.0 0.dev0"


def of(platform: str) -> ExactWheel:
    """The wheel for a platform."""
    (tag,) = PLATFORMS[platform].wheel_tags
    path = WHEELHOUSE / f"abacus-0.dev0-cp311-abi3-{tag}.whl"
    return ExactWheel("abacus", path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_ready_made_tree_makes_the_same_wheels() -> None:
    """Catches: rules that can tell where a payload is from."""
    made = [Path(path) for path in os.environ["OF_TREES"].split()]
    assert len(made) == 2
    for path in made:
        assert path.read_bytes() == (WHEELHOUSE / path.name).read_bytes(), path.name


def test_there_is_a_wheel_for_each_platform_and_no_other() -> None:
    assert {of(platform).path for platform in PLATFORMS} == {*WHEELHOUSE.iterdir()}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_gate_finds_no_fault(platform: str) -> None:
    """Catches: a path of the build inside, a symbol outside of the stable ABI, a bad RPATH."""
    read = content.read(of(platform).path)
    facts, findings = wheel.inspect(read, {"abacus": ["abacus"]})
    assert [*read.findings, *findings] == []
    assert facts is not None
    assert facts.versions == (("abacus/version.py", "0.dev0"),)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_tool_library_extension_and_launcher_are_inside(platform: str) -> None:
    ends = {
        "linux": ("", "libabacus.so", "_native.abi3.so"),
        "macos": ("", "libabacus.dylib", "_native.abi3.so"),
        "windows": (".exe", "abacus.dll", "_native.pyd"),
    }
    suffix, library, extension = ends[PLATFORMS[platform].os]
    with zipfile.ZipFile(of(platform).path) as archive:
        names = {*archive.namelist()}
    assert names >= {
        f"abacus/abacus-eval{suffix}",
        f"abacus/{library}",
        f"abacus/{extension}",
        f"abacus-0.dev0.data/scripts/abacus-eval{suffix}",
    }
    assert "abacus-0.dev0.dist-info/entry_points.txt" not in names


def test_what_is_universal_has_both_slices_as_they_are_alone(tmp_path: Path) -> None:
    """Catches: a wheel tagged universal2 with a program, a launcher even, for one processor."""
    slices = PLATFORMS["macos_universal2"].slices
    both = content.read(of("macos_universal2").path)
    for name in slices:
        alone = content.read(of(name).path)
        assert alone.binaries.keys() == both.binaries.keys()
        for path, native in both.binaries.items():
            assert native.cpus == {"aarch64", "x86_64"}, path
            assert native.needed == alone.binaries[path].needed


@pytest.mark.skipif(host.machine() != "x86_64", reason="not run: this machine is no x86_64")
@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_on_every_python_of_this_machine(python: str, tmp_path: Path) -> None:
    try:
        interpreter = EQUIPMENT.interpreter(python)
    except NotRunError as error:
        pytest.skip(f"not run: {error}")
    environment = Environment.create(tmp_path, uv=EQUIPMENT.uv, interpreter=interpreter.executable)
    environment.install_alone([of("linux_x86_64")]).expect()
    assert environment.run("python", "-I", "-c", ASK).expect().stdout.strip() == ANSWER
    assert environment.run("abacus-eval", "2", "3", "+").expect().stdout == "5\n"
    refused = environment.run("abacus-eval", "2", "+")
    assert (refused.exit_code, refused.stderr) == (1, "abacus-eval: + lacks an operand\n")


@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_on_every_emulated_python(python: str, tmp_path: Path) -> None:
    try:
        emulation = EQUIPMENT.emulation()
    except NotRunError as error:
        pytest.skip(f"not run: {error}")
    if python not in emulation.pythons:
        pytest.skip(f"not run: {emulation.missing.get(python, 'nobody asked for it')}")
    packages = tmp_path / "packages"
    ForeignPython(EQUIPMENT.uv, "aarch64-manylinux_2_28", python).install(
        packages, [of("linux_aarch64")], None
    )
    emulated = emulation.pythons[python]
    qemu = Qemu(emulation.qemu, emulated.root, tmp_path)
    command = qemu.python(emulated.executable, packages, "-c", ASK)
    assert run(command, environment=qemu.environment).expect().stdout.strip() == ANSWER


def unpacked_dist(platform: str, directory: Path) -> Path:
    """The dist archive of a platform, unpacked."""
    suffix = PLATFORMS[platform].dist_suffix
    with tarfile.open(DISTS / f"abacus-dist-0.dev0-{suffix}.tar.xz") as archive:
        archive.extractall(directory, filter="data")
    return directory


def test_there_is_a_dist_for_each_platform() -> None:
    suffixes = {platform.dist_suffix for platform in PLATFORMS.values()}
    names = {f"abacus-dist-0.dev0-{suffix}.tar.xz" for suffix in suffixes}
    assert {path.name for path in DISTS.iterdir()} == names


@pytest.mark.skipif(host.machine() != "x86_64", reason="not run: this machine is no x86_64")
def test_the_tool_of_a_dist_runs(tmp_path: Path) -> None:
    dist = unpacked_dist("linux_x86_64", tmp_path)
    done = run([str(dist / "bin/abacus-eval"), "7", "6", "*"], environment={})
    assert done.expect().stdout == "42\n"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_dist_says_where_it_comes_from(platform: str, tmp_path: Path) -> None:
    dist = unpacked_dist(platform, tmp_path)
    origin = json.loads((dist / "origin.json").read_bytes())["payloads"]["abacus"]
    assert (origin["kind"], origin["version"]) == ("cmake", "1.0")
    assert (dist / "include/abacus.h").is_file()


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    try:
        with started_wine(tmp_path_factory.mktemp("wine")) as (started, _):
            yield started
    except NotRunError as error:
        pytest.skip(f"not run: {error}")


@pytest.mark.parametrize(
    "program", ["abacus/abacus-eval.exe", "abacus-0.dev0.data/scripts/abacus-eval.exe"]
)
def test_tool_and_launcher_run_under_wine(program: str, wine: Wine, tmp_path: Path) -> None:
    with zipfile.ZipFile(of("windows_x86_64").path) as archive:
        archive.extractall(tmp_path)
    command = wine.command(tmp_path / program, "2", "3", "+")
    assert run(command, environment=wine.environment).expect().stdout.strip() == "5"
