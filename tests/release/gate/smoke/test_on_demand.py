"""Equipment of commands is fetched once, when needed, and announced; failures have a reason."""

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
from release.gate.smoke.environment import Requirements
from release.gate.smoke.equipment import Emulation, Interpreter
from release.gate.smoke.errors import InterruptedTestError, NotRunError
from release.gate.smoke.on_demand import FetchedEquipment, RequirementLocks, Sources
from release.gate.smoke.provided import ProvidedEquipment
from release.model import products
from toolchains.debian.apt import Announce
from toolchains.debian.errors import UnavailableError, UnreachableError
from toolchains.wheels.fetch import Target
from toolchains.wheels.lock import Pin
from toolchains.wheels.pip_download import FetchError, LockFile

LINUX = "linux_x86_64"
HOST = Interpreter("3.11", "3.11.9", Path("/usr/bin/python3.11"))
PINS = (Pin("numpy", "2.5.5", "aa" * 32), Pin("ml_dtypes", "0.6.0", "bb" * 32))
REQUESTS: dict[str, Callable[[FetchedEquipment], object]] = {
    "interpreter": lambda equipment: equipment.interpreter("3.15"),
    "requirements": lambda equipment: equipment.requirements(LINUX, "3.12"),
    "emulation": lambda equipment: equipment.emulation(),
    "root_file_system": lambda equipment: equipment.root_file_system(),
}


@dataclass
class FakeSources:
    """Sources that download nothing; they announce downloads and record calls."""

    directory: Path
    python: Path
    calls: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    cached: bool = False
    error: Exception | None = None

    def equipment(self) -> FetchedEquipment:
        lock = self.directory / f"{LINUX}-cp312.txt"
        lock.write_text("".join(f"{pin}\n" for pin in PINS))
        return FetchedEquipment(
            uv=Path("uv"),
            on_host={"3.11": HOST},
            locks=RequirementLocks({(LINUX, "3.12"): lock}, "products/sample/locks", "lock them"),
            declared=data.load(),
            notify=self.lines.append,
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
        if self.error:
            raise self.error

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
        assert (lock.name, lock.fix) == (f"products/sample/locks/{LINUX}-cp312.txt", "lock them")
        self.fetch("requirements", None, "", 0)
        return cache / pin.sha256 / f"{pin.project}.whl"


@pytest.fixture
def fake(tmp_path: Path) -> FakeSources:
    python = tmp_path / "python3.15"
    python.write_text("#!/bin/sh\necho 3.15.0\n")
    python.chmod(0o755)
    return FakeSources(tmp_path, python)


def test_a_python_of_the_host_is_used(fake: FakeSources) -> None:
    """Catches: packages downloaded although the host has that Python."""
    assert fake.equipment().interpreter("3.11") == HOST
    assert (fake.calls, fake.lines) == ([], [])


def test_each_part_comes_from_its_source(fake: FakeSources) -> None:
    equipment = fake.equipment()
    assert equipment.interpreter("3.15") == Interpreter("3.15", "3.15.0", fake.python)
    assert equipment.emulation() == Emulation(Path("/q"), "11", Path("/r"), {}, {})
    assert equipment.root_file_system() == fake.directory / "root"
    requirements = equipment.requirements(LINUX, "3.12")
    assert requirements.lock == fake.directory / f"{LINUX}-cp312.txt"
    assert requirements.directories == tuple(
        fake.directory / "payload" / pin.sha256 for pin in PINS
    )


@pytest.mark.parametrize("part", REQUESTS)
def test_nothing_is_fetched_before_it_is_requested(fake: FakeSources, part: str) -> None:
    """Catches: a `--help` that waits for downloads."""
    equipment = fake.equipment()
    assert fake.calls == []
    REQUESTS[part](equipment)
    assert set(fake.calls) == {part}


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
                "fetching 2 wheels that the release requires on linux_x86_64 with Python 3.12 "
                "(about 18 MB), once"
            ),
        ),
    ],
)
def test_a_line_announces_each_download_with_its_size(
    fake: FakeSources, part: str, line: str
) -> None:
    """Catches: minutes without output; an announcement of a later download."""
    REQUESTS[part](fake.equipment())
    assert fake.lines == [line]


@pytest.mark.parametrize("part", REQUESTS)
def test_a_cached_part_is_not_announced(fake: FakeSources, part: str) -> None:
    """Catches: an announcement without a download."""
    fake.cached = True
    for pin in PINS:
        (fake.directory / "payload" / pin.sha256).mkdir(parents=True)
    REQUESTS[part](fake.equipment())
    assert fake.calls
    assert fake.lines == []


@pytest.mark.parametrize("part", REQUESTS)
def test_concurrent_requests_share_one_fetch(fake: FakeSources, part: str) -> None:
    """Catches: two threads of the gate that download the same part, or get different results."""
    equipment, barrier = fake.equipment(), threading.Barrier(4)

    def request(_: int) -> object:
        barrier.wait()
        return REQUESTS[part](equipment)

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(request, range(4))
    assert all(other == first for other in others)
    assert len(fake.calls) == (len(PINS) if part == "requirements" else 1)


@pytest.mark.parametrize(
    ("part", "error"),
    [
        ("interpreter", UnavailableError("apt-get is not on PATH")),
        ("emulation", UnreachableError("the mirror cannot be reached")),
        ("root_file_system", UnavailableError("No space left on device")),
        ("requirements", FetchError("the Python registry could not be reached", 75)),
        ("requirements", OSError("No space left on device")),
    ],
)
def test_a_failed_fetch_is_a_reason_and_not_repeated(
    fake: FakeSources, part: str, error: Exception
) -> None:
    """Catches: a traceback; a mirror that is down, waited for with each Python."""
    fake.error = error
    equipment = fake.equipment()
    for _ in range(2):
        with pytest.raises(NotRunError) as caught:
            REQUESTS[part](equipment)
        prefix = "Python 3.15 is not available (" if part == "interpreter" else ""
        assert str(caught.value) == f"{prefix}{error}{')' * bool(prefix)}"
    assert fake.calls == [part]


def test_a_python_that_does_not_run_is_named(fake: FakeSources) -> None:
    """Catches: a pre-release, or a program for another machine, used as that Python."""
    fake.python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(NotRunError, match=r"^Python 3\.15 is not available \(.*does not run"):
        fake.equipment().interpreter("3.15")


@pytest.mark.parametrize("part", ["interpreter", "requirements"])
def test_a_machine_without_a_cache_directory_gets_a_reason(fake: FakeSources, part: str) -> None:
    """Catches: an error of the cache in place of a verdict."""

    def no_cache() -> Path:
        raise UnavailableError("no directory for the cache")

    equipment = replace(fake.equipment(), sources=Sources(cache=no_cache))
    with pytest.raises(NotRunError, match="no directory for the cache"):
        REQUESTS[part](equipment)


def test_a_missing_lock_is_a_reason(fake: FakeSources) -> None:
    with pytest.raises(
        NotRunError, match=r"^no dependency lock covers Python 3\.9 on linux_x86_64$"
    ):
        fake.equipment().requirements(LINUX, "3.9")
    assert fake.calls == []


def test_a_product_without_locks_requires_nothing(fake: FakeSources) -> None:
    """Catches: a product without requirements that is not run for lack of a lock."""
    equipment = replace(fake.equipment(), locks=None)
    assert equipment.requirements(LINUX, "3.9") == Requirements()
    assert fake.calls == []


def test_an_interrupted_gate_stops_fetching(
    fake: FakeSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a gate that keeps downloading after Ctrl-C."""
    interrupted = threading.Event()
    monkeypatch.setattr(process, "_interrupted", interrupted)
    process.interrupt()
    with pytest.raises(InterruptedTestError):
        fake.equipment().emulation()
    assert fake.calls == []


def test_a_fetch_that_an_interrupt_ends_is_not_a_reason(
    fake: FakeSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: "apt failed" as the reason after Ctrl-C."""
    monkeypatch.setattr(process, "_interrupted", threading.Event())
    fake.error = UnavailableError("apt-get ended with -2")

    equipment = replace(fake.equipment(), notify=lambda _: process.interrupt())
    with pytest.raises(InterruptedTestError):
        equipment.root_file_system()


def test_only_uncached_wheels_count(tmp_path: Path) -> None:
    (tmp_path / PINS[0].sha256).mkdir()
    assert sizes.wheels(PINS, tmp_path, "X requires") == (
        "fetching 1 wheel that X requires (about 1 MB), once"
    )


def test_a_command_fetches_and_a_test_does_not(tmp_path: Path) -> None:
    """Catches: a sandboxed test that goes to the network; a command that expects Bazel's data."""
    found = {"3.11": {"path": str(HOST.executable), "release": HOST.full_version}, "3.15": None}
    (tmp_path / "on_host.json").write_text(json.dumps(found))
    environ = {"SMOKE_UV": "uv"}
    assert isinstance(supplier.from_environment(print, None, environ), ProvidedEquipment)
    own = products.LockedRequirements(
        (f"locks/{LINUX}-cp312.txt",), "products/sample/locks", "lock them"
    )
    fetched = supplier.from_environment(
        print, own, environ | {"SMOKE_ON_HOST": str(tmp_path / "on_host.json")}
    )
    assert isinstance(fetched, FetchedEquipment)
    assert fetched.on_host == {"3.11": HOST}
    assert fetched.locks == RequirementLocks(
        {(LINUX, "3.12"): Path.cwd() / f"locks/{LINUX}-cp312.txt"},
        "products/sample/locks",
        "lock them",
    )


@pytest.mark.parametrize("variable", ["SMOKE_INTERPRETERS", "SMOKE_EMULATION", "SMOKE_ROOTFS"])
def test_a_command_finds_what_bazel_fetched_for_tests(variable: str) -> None:
    """Catches: cache keys that differ between Bazel and commands, so that all is fetched twice."""
    provided = ProvidedEquipment.from_environment()
    sources = Sources()

    def fail(purpose: str, size: int) -> None:
        raise AssertionError(f"{purpose} is downloaded again")

    if variable == "SMOKE_ROOTFS":
        if provided.root is None:
            pytest.skip(f"not run: {provided.no_root}")
        cache = provided.root.parents[1]
        assert sources.root_file_system(cache, fail) == provided.root
    elif variable == "SMOKE_EMULATION":
        if provided.emulator is None:
            pytest.skip(f"not run: {provided.no_emulator}")
        cache = provided.emulator.root.parents[1]
        found = sources.emulation(cache, data.load().matrix["linux_aarch64"], fail)
        assert found["root"] == str(provided.emulator.root)
        assert found["qemu"] == str(provided.emulator.qemu)
    else:
        (python,) = provided.interpreters.values() or [None]
        if python is None:
            pytest.skip(f"not run: {' '.join(provided.missing_interpreters.values())}")
        if not python.executable.parents[2].name.startswith(f"{python.version}-"):
            pytest.skip(f"not run: this host has its own Python {python.version}")
        cache = python.executable.parents[4]
        assert sources.interpreter(cache, python.version, fail) == python.executable
