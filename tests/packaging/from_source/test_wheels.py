"""The wheels of a project that is built from source pass the gate, and run."""

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
from release.gate.smoke.environment import Environment, ForeignPython, PinnedWheel
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.process import run
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.qemu import Qemu
from release.gate.smoke.wine import Wine, start_wine
from release.model import product

WHEELHOUSE = Path(os.environ["WHEELHOUSE"]).absolute()
DISTS = Path(os.environ["DISTS"]).absolute()
PLATFORMS = {platform.name: platform for platform in data.load().platforms}
PRODUCT = product.read(
    next(Path(path) for path in os.environ["PRODUCT"].split() if path.endswith("/product.json"))
)
EQUIPMENT = ProvidedEquipment.from_environment()
PYTHONS = (*EQUIPMENT.interpreters, *EQUIPMENT.missing_interpreters)
PROGRAM = "import abacus; print(abacus.evaluate('2 3 + 4 *'), abacus.VERSION)"
OUTPUT = "20.0 0.dev0"


def wheel_for(platform: str) -> PinnedWheel:
    """The wheel for a platform."""
    (tag,) = PLATFORMS[platform].wheel_tags
    path = WHEELHOUSE / f"abacus-0.dev0-cp311-abi3-{tag}.whl"
    return PinnedWheel("abacus", path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_prebuilt_tree_gives_the_same_wheels() -> None:
    """Catches: rules that depend on the origin of a payload."""
    wheels = [Path(path) for path in os.environ["TREE_WHEELS"].split()]
    assert len(wheels) == 2
    for path in wheels:
        assert path.read_bytes() == (WHEELHOUSE / path.name).read_bytes(), path.name


def test_there_is_a_wheel_for_each_platform_and_no_other() -> None:
    assert {wheel_for(platform).path for platform in PLATFORMS} == {*WHEELHOUSE.iterdir()}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_gate_finds_no_fault(platform: str) -> None:
    """Catches: a build path inside, a symbol outside of the stable ABI, a bad RPATH."""
    read = content.read(wheel_for(platform).path)
    facts, findings = wheel.inspect(read, PRODUCT)
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
    with zipfile.ZipFile(wheel_for(platform).path) as archive:
        names = {*archive.namelist()}
    assert names >= {
        f"abacus/abacus-eval{suffix}",
        f"abacus/{library}",
        f"abacus/{extension}",
        f"abacus-0.dev0.data/scripts/abacus-eval{suffix}",
    }
    assert "abacus-0.dev0.dist-info/entry_points.txt" not in names


def test_a_universal_wheel_has_the_slices_of_both_wheels(tmp_path: Path) -> None:
    """Catches: a wheel tagged universal2 with a program or launcher for one processor."""
    slices = PLATFORMS["macos_universal2"].slices
    both = content.read(wheel_for("macos_universal2").path)
    for name in slices:
        alone = content.read(wheel_for(name).path)
        assert alone.binaries.keys() == both.binaries.keys()
        for path, native in both.binaries.items():
            assert native.cpus == {"aarch64", "x86_64"}, path
            assert native.needed == alone.binaries[path].needed


@pytest.mark.skipif(host.machine() != "x86_64", reason="not run: this machine is not x86_64")
@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_on_every_python_of_this_machine(python: str, tmp_path: Path) -> None:
    try:
        interpreter = EQUIPMENT.interpreter(python)
    except NotRunError as error:
        pytest.skip(f"not run: {error}")
    environment = Environment.create(tmp_path, uv=EQUIPMENT.uv, interpreter=interpreter.executable)
    environment.install_alone([wheel_for("linux_x86_64")]).expect()
    assert environment.run("python", "-I", "-c", PROGRAM).expect().stdout.strip() == OUTPUT
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
        pytest.skip(f"not run: {emulation.missing.get(python, 'not requested')}")
    packages = tmp_path / "packages"
    ForeignPython(EQUIPMENT.uv, "aarch64-manylinux_2_28", python).install(
        packages, [wheel_for("linux_aarch64")], None
    )
    emulated = emulation.pythons[python]
    qemu = Qemu(emulation.qemu, emulated.root, tmp_path)
    command = qemu.python(emulated.executable, packages, "-c", PROGRAM)
    assert run(command, environment=qemu.environment).expect().stdout.strip() == OUTPUT


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


@pytest.mark.skipif(host.machine() != "x86_64", reason="not run: this machine is not x86_64")
def test_the_tool_of_a_dist_runs(tmp_path: Path) -> None:
    dist = unpacked_dist("linux_x86_64", tmp_path)
    result = run([str(dist / "bin/abacus-eval"), "7", "6", "*"], environment={})
    assert result.expect().stdout == "42\n"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_dist_states_its_origin(platform: str, tmp_path: Path) -> None:
    dist = unpacked_dist(platform, tmp_path)
    origin = json.loads((dist / "origin.json").read_bytes())["payloads"]["abacus"]
    assert (origin["kind"], origin["version"]) == ("cmake", "1.0")
    assert (dist / "include/abacus.h").is_file()


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    try:
        with start_wine(tmp_path_factory.mktemp("wine")) as (started, _):
            yield started
    except NotRunError as error:
        pytest.skip(f"not run: {error}")


@pytest.mark.parametrize(
    "program", ["abacus/abacus-eval.exe", "abacus-0.dev0.data/scripts/abacus-eval.exe"]
)
def test_tool_and_launcher_run_under_wine(program: str, wine: Wine, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_for("windows_x86_64").path) as archive:
        archive.extractall(tmp_path)
    command = wine.command(tmp_path / program, "2", "3", "+")
    assert run(command, environment=wine.environment).expect().stdout.strip() == "5"
