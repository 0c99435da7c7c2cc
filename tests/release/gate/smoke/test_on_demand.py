"""Equipment of commands: fetched when it is needed, once, with a line, or not run with a reason."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from platforms import data
from release.gate.smoke import process, sizes, supplier
from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.equipment import Emulation, Interpreter
from release.gate.smoke.on_demand import FetchedEquipment, Sources
from release.gate.smoke.provided import ProvidedEquipment
from toolchains.debian.apt import Announce
from toolchains.debian.errors import UnavailableError, UnreachableError
from toolchains.wheels.fetch import Target
from toolchains.wheels.lock import Pin
from toolchains.wheels.pip_download import FetchError, LockFile

LINUX = "linux_x86_64"
HOST = Interpreter("3.11", "3.11.9", Path("/usr/bin/python3.11"))
PINS = (Pin("numpy", "2.5.5", "aa" * 32), Pin("ml_dtypes", "0.6.0", "bb" * 32))
ASK: dict[str, Callable[[FetchedEquipment], object]] = {
    "interpreter": lambda equipment: equipment.interpreter("3.15"),
    "requirements": lambda equipment: equipment.requirements(LINUX, "3.12"),
    "emulation": lambda equipment: equipment.emulation(),
    "root_file_system": lambda equipment: equipment.root_file_system(),
}


@dataclass
class World:
    """Sources that download nothing; each says what is downloaded, and counts."""

    directory: Path
    python: Path
    calls: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    cached: bool = False
    refusal: Exception | None = None

    def equipment(self) -> FetchedEquipment:
        lock = self.directory / f"{LINUX}-cp312.txt"
        lock.write_text("".join(f"{pin}\n" for pin in PINS))
        return FetchedEquipment(
            uv=Path("uv"),
            on_host={"3.11": HOST},
            locks={(LINUX, "3.12"): lock},
            declared=data.load(),
            say=self.said.append,
            sources=Sources(
                cache=lambda: self.directory,
                interpreter=self.interpreter,
                emulation=self.emulation,
                root_file_system=self.root_file_system,
                wheel=self.wheel,
            ),
        )

    def fetch(self, name: str, announce: Announce | None, purpose: str, size: int) -> None:
        self.calls.append(name)
        if announce and not self.cached:
            announce(purpose, size)
        if self.refusal:
            raise self.refusal

    def interpreter(self, cache: Path, version: str, announce: Announce) -> Path:
        assert cache == self.directory
        self.fetch("interpreter", announce, f"CPython {version}", 23_400_000)
        return self.python

    def emulation(self, cache: Path, versions: Sequence[str], announce: Announce) -> dict[str, Any]:
        assert tuple(versions) == data.load().matrix["linux_aarch64"]
        self.fetch("emulation", announce, "the emulator qemu", 9_000_001)
        return {"qemu": "/q", "version": "11", "root": "/r", "pythons": {}, "missing": {}}

    def root_file_system(self, cache: Path, announce: Announce) -> Path:
        self.fetch("root_file_system", announce, "a root file system for containers", 1)
        return cache / "root"

    def wheel(self, pin: Pin, target: Target, lock: LockFile, cache: Path, python: str) -> Path:
        assert (cache, python) == (self.directory / "payload", sys.executable)
        assert (target.label, target.python_version) == (f"{LINUX}-cp312", "3.12")
        assert target.platforms
        assert lock.name == f"packaging/dependencies/locks/{LINUX}-cp312.txt"
        self.fetch("requirements", None, "", 0)
        return cache / pin.sha256 / f"{pin.project}.whl"


@pytest.fixture
def world(tmp_path: Path) -> World:
    python = tmp_path / "python3.15"
    python.write_text("#!/bin/sh\necho 3.15.0\n")
    python.chmod(0o755)
    return World(tmp_path, python)


def test_a_python_of_the_host_is_taken_as_it_is(world: World) -> None:
    """Catches: packages downloaded although the host has that Python."""
    assert world.equipment().interpreter("3.11") == HOST
    assert (world.calls, world.said) == ([], [])


def test_each_part_comes_from_its_source(world: World) -> None:
    equipment = world.equipment()
    assert equipment.interpreter("3.15") == Interpreter("3.15", "3.15.0", world.python)
    assert equipment.emulation() == Emulation(Path("/q"), "11", Path("/r"), {}, {})
    assert equipment.root_file_system() == world.directory / "root"
    requirements = equipment.requirements(LINUX, "3.12")
    assert requirements.lock == world.directory / f"{LINUX}-cp312.txt"
    assert requirements.directories == tuple(
        world.directory / "payload" / pin.sha256 for pin in PINS
    )


@pytest.mark.parametrize("part", ASK)
def test_nothing_is_fetched_before_it_is_asked_for(world: World, part: str) -> None:
    """Catches: a `--help` that waits for downloads."""
    equipment = world.equipment()
    assert world.calls == []
    ASK[part](equipment)
    assert set(world.calls) == {part}


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("interpreter", "fetching CPython 3.15 from Debian packages (about 24 MB), once"),
        ("emulation", "fetching the emulator qemu from Debian packages (about 10 MB), once"),
        (
            "root_file_system",
            "fetching a root file system for containers from Debian packages (about 1 MB), once",
        ),
        (
            "requirements",
            (
                "fetching 2 wheels that iree-compiler and iree-runtime require on linux_x86_64 "
                "with Python 3.12 (about 18 MB), once"
            ),
        ),
    ],
)
def test_a_line_says_what_is_fetched_and_how_much(world: World, part: str, line: str) -> None:
    """Catches: minutes of silence; the line of something that is fetched later."""
    ASK[part](world.equipment())
    assert world.said == [line]


@pytest.mark.parametrize("part", ASK)
def test_what_the_cache_has_is_taken_in_silence(world: World, part: str) -> None:
    """Catches: a line about a download that does not take place."""
    world.cached = True
    for pin in PINS:
        (world.directory / "payload" / pin.sha256).mkdir(parents=True)
    ASK[part](world.equipment())
    assert world.calls
    assert world.said == []


@pytest.mark.parametrize("part", ASK)
def test_threads_that_ask_together_share_one_fetch(world: World, part: str) -> None:
    """Catches: two lanes of the gate that download the same, or get different answers."""
    equipment, together = world.equipment(), threading.Barrier(4)

    def ask(_: int) -> object:
        together.wait()
        return ASK[part](equipment)

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(ask, range(4))
    assert all(other == first for other in others)
    assert len(world.calls) == (len(PINS) if part == "requirements" else 1)


@pytest.mark.parametrize(
    ("part", "refusal"),
    [
        ("interpreter", UnavailableError("there is no apt-get on PATH")),
        ("emulation", UnreachableError("the mirror cannot be reached")),
        ("root_file_system", UnavailableError("No space left on device")),
        ("requirements", FetchError("the Python registry could not be reached", 75)),
        ("requirements", OSError("No space left on device")),
    ],
)
def test_what_cannot_be_had_is_a_reason_and_asked_for_once(
    world: World, part: str, refusal: Exception
) -> None:
    """Catches: a traceback; a mirror that is down, waited for with each Python."""
    world.refusal = refusal
    equipment = world.equipment()
    for _ in range(2):
        with pytest.raises(NotRunError) as caught:
            ASK[part](equipment)
        prefix = "there is no Python 3.15 here (" if part == "interpreter" else ""
        assert str(caught.value) == f"{prefix}{refusal}{')' * bool(prefix)}"
    assert world.calls == [part]


def test_a_python_that_does_not_run_is_named(world: World) -> None:
    """Catches: a pre-release, or a program for another machine, tried as that Python."""
    world.python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(NotRunError, match=r"^there is no Python 3\.15 here \(.*does not run"):
        world.equipment().interpreter("3.15")


@pytest.mark.parametrize("part", ["interpreter", "requirements"])
def test_a_machine_without_a_place_for_the_cache_gets_a_reason(world: World, part: str) -> None:
    """Catches: an error of the cache in place of a verdict."""

    def nowhere() -> Path:
        raise UnavailableError("no place for the cache")

    equipment = replace(world.equipment(), sources=Sources(cache=nowhere))
    with pytest.raises(NotRunError, match="no place for the cache"):
        ASK[part](equipment)


def test_a_lock_that_is_missing_is_a_reason(world: World) -> None:
    with pytest.raises(NotRunError, match=r"^no lock says what the wheels require on linux_x86_64"):
        world.equipment().requirements(LINUX, "3.9")
    assert world.calls == []


def test_an_interrupted_gate_fetches_nothing_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a gate that goes on downloading after Ctrl-C."""
    interrupted = threading.Event()
    monkeypatch.setattr(process, "_interrupted", interrupted)
    process.interrupt()
    with pytest.raises(process.InterruptedTestError):
        world.equipment().emulation()
    assert world.calls == []


def test_a_fetch_that_dies_of_the_interrupt_is_no_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: "apt failed" as the reason of a person's Ctrl-C."""
    monkeypatch.setattr(process, "_interrupted", threading.Event())
    world.refusal = UnavailableError("apt-get ended with -2")

    equipment = replace(world.equipment(), say=lambda _: process.interrupt())
    with pytest.raises(process.InterruptedTestError):
        equipment.root_file_system()


def test_only_what_the_cache_lacks_counts(tmp_path: Path) -> None:
    (tmp_path / PINS[0].sha256).mkdir()
    assert sizes.wheels(PINS, tmp_path, "X requires") == (
        "fetching 1 wheel that X requires (about 1 MB), once"
    )


def test_a_command_fetches_and_a_test_is_given(tmp_path: Path) -> None:
    """Catches: a sandboxed test that goes to the network; a command that expects Bazel's data."""
    found = {"3.11": {"path": str(HOST.executable), "release": HOST.release}, "3.15": None}
    (tmp_path / "on_host.json").write_text(json.dumps(found))
    environ = {"TRIAL_UV": "uv", "TRIAL_LOCKS": f"locks/{LINUX}-cp312.txt"}
    assert isinstance(supplier.from_environment(print, environ), ProvidedEquipment)
    of_command = supplier.from_environment(
        print, environ | {"TRIAL_ON_HOST": str(tmp_path / "on_host.json")}
    )
    assert isinstance(of_command, FetchedEquipment)
    assert of_command.on_host == {"3.11": HOST}
    assert of_command.locks == {(LINUX, "3.12"): Path.cwd() / f"locks/{LINUX}-cp312.txt"}


@pytest.mark.parametrize("variable", ["TRIAL_INTERPRETERS", "TRIAL_EMULATION", "TRIAL_ROOTFS"])
def test_a_command_finds_what_bazel_made_for_tests(variable: str) -> None:
    """Catches: a recipe that differs between Bazel and a program: all of it downloaded twice."""
    given = ProvidedEquipment.from_environment()
    sources = Sources()

    def refused(purpose: str, size: int) -> None:
        raise AssertionError(f"{purpose} is downloaded again")

    if variable == "TRIAL_ROOTFS":
        if given.root is None:
            pytest.skip(f"not run: {given.no_root}")
        cache = given.root.parents[1]
        assert sources.root_file_system(cache, refused) == given.root
    elif variable == "TRIAL_EMULATION":
        if given.emulated is None:
            pytest.skip(f"not run: {given.no_emulation}")
        cache = given.emulated.root.parents[1]
        found = sources.emulation(cache, data.load().matrix["linux_aarch64"], refused)
        assert found["root"] == str(given.emulated.root)
        assert found["qemu"] == str(given.emulated.qemu)
    else:
        (python,) = given.interpreters.values() or [None]
        if python is None:
            pytest.skip(f"not run: {' '.join(given.no_interpreters.values())}")
        if not python.executable.parents[2].name.startswith(f"{python.version}-"):
            pytest.skip(f"not run: this host has a Python {python.version} of its own")
        cache = python.executable.parents[4]
        assert sources.interpreter(cache, python.version, refused) == python.executable
