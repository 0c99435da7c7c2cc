"""Programs and libraries of the C and C++ toolchains run on, and conform to, their platforms."""

from __future__ import annotations

import os
import platform as host
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import lief
import pytest

from platforms import data
from release.gate import target
from release.gate.binary import parse, rules
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.qemu import Qemu
from release.gate.smoke.wine import start_wine

PLATFORMS = {platform.name: platform for platform in data.load().platforms if not platform.slices}
PROGRAMS = Path(os.environ["PROGRAMS"]).absolute()
SUFFIXES = {"linux": ("", ".so"), "macos": ("", ".dylib"), "windows": (".exe", ".dll")}
MESSAGE = "caught across a library"


def built(platform: str, name: str) -> Path:
    """The path of a program or of the library for a platform."""
    program, library = SUFFIXES[PLATFORMS[platform].os]
    if name == "library":
        found = [*(PROGRAMS / platform).glob(f"*library*{library}")]
        assert len(found) == 1, sorted((PROGRAMS / platform).iterdir())
        return found[0]
    return PROGRAMS / platform / f"{name}{program}"


@pytest.mark.parametrize("name", ["hello", "exceptions", "library"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_gate_has_no_findings(platform: str, name: str) -> None:
    """Catches: another CPU, a glibc after 2.28, a macOS after 13.0, a library of the host."""
    path = built(platform, name)
    tags = PLATFORMS[platform].wheel_tags
    binaries = {path.name: parse.read(path)}
    found = rules.check("a.whl", binaries, {path.name}, target.from_tags(tags), None)
    assert [*found] == []


@pytest.mark.parametrize("platform", ["linux_x86_64", "linux_aarch64"])
@pytest.mark.parametrize("name", ["hello", "exceptions"])
def test_linux_programs_are_hardened(platform: str, name: str) -> None:
    """Catches: a program at a fixed address, or with writable relocation tables."""
    binary = lief.ELF.parse(built(platform, name))
    assert binary is not None
    assert binary.is_pie
    assert binary.has_nx
    assert lief.ELF.Segment.TYPE.GNU_RELRO in {segment.type for segment in binary.segments}
    assert not {section.name for section in binary.sections} & {".note.gnu.build-id", ".symtab"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_library_exports_only_its_declared_functions(platform: str) -> None:
    """Catches: a library that exports all of its functions."""
    binary = lief.parse(built(platform, "library"))
    assert isinstance(binary, lief.ELF.Binary | lief.PE.Binary | lief.MachO.Binary)
    exported = {str(function.name).lstrip("_") for function in binary.exported_functions}
    assert "exported_answer" in exported
    assert "hidden_twice" not in exported


@pytest.mark.parametrize("platform", PLATFORMS)
def test_programs_contain_no_dates_and_no_build_paths(platform: str) -> None:
    content = built(platform, "hello").read_bytes()
    assert b"redacted" in content
    assert b"bazel-out" not in content
    assert b"sandbox" not in content


class Starter:
    """Starts programs of a platform on this machine."""

    def __init__(self, prefix: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self._prefix = prefix
        self._environment = environment or {}

    def start(self, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._prefix, str(program), *arguments],
            env=os.environ | self._environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module", params=PLATFORMS)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Starter]]:
    """A platform, and a starter for its programs."""
    name: str = request.param
    platform = PLATFORMS[name]
    scratch = tmp_path_factory.mktemp("scratch")
    if platform.os == "windows":
        try:
            with start_wine(scratch) as (wine, _):
                program = wine.command(Path("x"))[0]
                yield name, Starter([program], dict(wine.environment))
        except NotRunError as error:
            pytest.skip(f"not run: {error}")
        return
    system = {"linux": "Linux", "macos": "Darwin"}[platform.os]
    processors = {"x86_64": {"x86_64"}, "aarch64": {"aarch64", "arm64"}}[platform.cpu]
    if host.system() == system and host.machine() in processors:
        yield name, Starter([])
    elif name == "linux_aarch64" and host.system() == "Linux":
        try:
            emulation = ProvidedEquipment.from_environment().emulation()
        except NotRunError as error:
            pytest.skip(f"not run: {error}")
        qemu = Qemu(emulation.qemu, emulation.root, scratch)
        yield name, Starter(qemu.command(Path("x"))[:-1])
    else:
        pytest.skip(f"not run: this machine cannot run programs for {name}")


def test_a_program_runs(started: tuple[str, Starter]) -> None:
    platform, starter = started
    done = starter.start(built(platform, "hello"), "one", "two words")
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines()[1:] == ["[one]", "[two words]"]


def test_exceptions_are_caught_across_libraries(started: tuple[str, Starter]) -> None:
    """Catches: two C++ runtimes in one program, or missing unwind tables."""
    platform, starter = started
    done = starter.start(built(platform, "exceptions"))
    assert (done.returncode, done.stdout.strip()) == (0, MESSAGE), done.stderr
