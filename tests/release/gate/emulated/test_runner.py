"""Runners: how programs of other platforms are started, and what is said where they cannot be."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke.candidate import NotRunError, TestableRelease
from release.gate.smoke.emulated import leave_untried, try_aarch64, try_emulated
from release.gate.smoke.equipment import Emulation
from release.gate.smoke.process import SmokeTestError, run
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runner import Qemu, Wine, started_wine
from release.gate.smoke.tool_runs import call
from release.model.plan import PlannedDist, Platform
from tests.release.gate.samples import DIST_MAC, PLAN, RUNTIME_MAC, TOOLS

EMPTY = TestableRelease(PLAN, {}, {})
ARM = Platform("linux_aarch64", "linux", "aarch64", "glibc_2.28", None, ())


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def qemu(tmp_path: Path) -> Qemu:
    """A qemu that prints its arguments."""
    fake = program(tmp_path / "qemu", 'echo "$@"')
    return Qemu(fake, tmp_path / "root", tmp_path)


def test_qemu_starts_a_program_in_its_root(qemu: Qemu, tmp_path: Path) -> None:
    command = qemu.command(tmp_path / "tool", "--help")
    said = run(command, environment=qemu.environment).expect().stdout.split()
    assert said == ["-cpu", "cortex-a72", "-L", f"{tmp_path}/root", f"{tmp_path}/tool", "--help"]


def test_the_linker_beside_a_compiler_is_started_through_qemu(qemu: Qemu, tmp_path: Path) -> None:
    """Catches: a kernel that is asked to run an aarch64 linker, and cannot."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib/iree-lld").touch()
    (tmp_path / "lib/iree-compile").touch()
    (tmp_path / "bin/iree-compile").symlink_to("../lib/iree-compile")
    command = qemu.command(tmp_path / "bin/iree-compile")
    variable, _, script = command[command.index("-E") + 1].partition("=")
    assert variable == "IREE_LLVM_EMBEDDED_LINKER_PATH"
    said = run([script, "-o", "a b"], environment=qemu.environment).expect().stdout
    assert said.endswith(f"{tmp_path}/lib/iree-lld -o a b\n")


def test_a_python_finds_its_packages_and_nothing_of_the_users(qemu: Qemu, tmp_path: Path) -> None:
    command = qemu.python(tmp_path / "python3.14", tmp_path / "packages", "-c", "pass")
    assert f"PYTHONPATH={tmp_path}/packages" in command
    assert command[-4:] == [f"{tmp_path}/python3.14", "-sP", "-c", "pass"]
    assert "PYTHONPATH" not in qemu.environment


def test_wine_calls_files_as_windows_does(tmp_path: Path) -> None:
    wine = Wine(Path("/usr/bin/wine"), tmp_path)
    assert wine.path(Path("/tmp/a b/m.vmfb")) == "Z:\\tmp\\a b\\m.vmfb"
    assert wine.command(Path("/x/iree-compile.exe"), "-o") == [
        "/usr/bin/wine",
        "Z:\\x\\iree-compile.exe",
        "-o",
    ]


def test_a_start_that_wine_loses_is_made_again(tmp_path: Path) -> None:
    """Catches: a night that is red because wine, on a busy machine, lost a program."""
    starts = tmp_path / "starts"
    fake = program(
        tmp_path / "wine", f'echo x >> {starts}; [ "$(wc -l < {starts})" -ge 3 ] && echo it'
    )
    wine = Wine(fake, tmp_path)
    assert call(wine, tmp_path / "tool.exe").expect().stdout == "it\n"
    assert starts.read_text() == "x\nx\nx\n"


def test_a_tool_that_says_why_it_fails_is_believed(tmp_path: Path) -> None:
    """Catches: a fault that shows now and then, tried until it does not."""
    starts = tmp_path / "starts"
    fake = program(tmp_path / "wine", f"echo x >> {starts}; echo no device >&2; exit 1")
    with pytest.raises(SmokeTestError, match=r"tool\.exe exits with 1: no device"):
        call(Wine(fake, tmp_path), tmp_path / "tool.exe").expect()
    assert starts.read_text() == "x\n"


def test_without_wine_it_is_said_how_to_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(NotRunError, match=r"wine is not on PATH .*apt-get install"),
        started_wine(tmp_path),
    ):
        pass


def test_a_wine_that_does_not_start_is_no_failure_of_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = program(tmp_path / "wine", "echo no display >&2; exit 3")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(broken))
    with (
        pytest.raises(NotRunError, match="wine does not start: wine exits with 3: no display"),
        started_wine(tmp_path),
    ):
        pass


def test_a_wine_that_fails_half_way_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: servers of a Windows that is gone; an error in ending them told as the cause."""
    told = tmp_path / "told"
    programs = {
        "wine": program(tmp_path / "wine", '[ "$1" = --version ] && echo wine-8.0 || exit 5'),
        "wineserver": program(tmp_path / "wineserver", f'echo "$@" > {told}; exit 1'),
    }
    monkeypatch.setattr(shutil, "which", lambda name, **_: programs.get(name))
    with (
        pytest.raises(NotRunError, match="wine does not start: wine exits with 5"),
        started_wine(tmp_path),
    ):
        pass
    assert told.read_text() == "--kill\n"


def without_emulation(reason: str) -> ProvidedEquipment:
    return ProvidedEquipment(Path("uv"), no_emulation=reason)


def test_what_nothing_here_runs_is_not_run_and_says_so(tmp_path: Path) -> None:
    """Catches: macOS passed over in silence."""
    outcomes = [*try_emulated(EMPTY, without_emulation("no qemu"), tmp_path)]
    macos = [outcome for outcome in outcomes if outcome.platform == "macos_arm64"]
    assert [(o.kind, o.status, o.detail) for o in macos] == [
        ("tools", "not run", "nothing here runs Mach-O programs"),
        ("dist", "not run", "nothing here runs Mach-O programs"),
    ]
    assert [o.files for o in macos] == [(RUNTIME_MAC, TOOLS), (DIST_MAC,)]


def test_what_is_left_out_is_not_run_on_any_other_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a platform that disappears from the verdicts since nobody asked for it."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    outcomes = [*leave_untried(EMPTY, "it was not asked for")]
    others = {one.name for one in PLAN.platforms} - {"linux_x86_64"}
    assert {outcome.platform for outcome in outcomes} == others
    assert {(o.status, o.detail) for o in outcomes} == {("not run", "it was not asked for")}


def test_without_an_emulator_the_reason_is_told(tmp_path: Path) -> None:
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, "iree-dist.tar.xz"),))
    candidate = TestableRelease(plan, {"iree-dist.tar.xz": tmp_path / "dist"}, {})
    outcomes = [*try_aarch64(candidate, without_emulation("the mirror is down"), ARM, tmp_path)]
    assert {(o.status, o.detail) for o in outcomes} == {("not run", "the mirror is down")}


def test_no_emulator_is_fetched_where_nothing_is_to_be_run(tmp_path: Path) -> None:
    """Catches: a hundred megabytes fetched for a platform that was not built."""
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, "iree-dist.tar.xz"),), cells=())
    outcomes = [
        *try_aarch64(TestableRelease(plan, {}, {}), without_emulation("asked"), ARM, tmp_path)
    ]
    assert {(o.status, o.detail) for o in outcomes} == {
        ("not run", "all its files are missing, or were found wrong already")
    }


def test_a_platform_with_a_dist_alone_is_tried_all_the_same(tmp_path: Path) -> None:
    """Catches: a plan without wheels for a platform that ends the gate."""
    dist = tmp_path / "iree-dist.tar.xz"
    dist.touch()
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, dist.name),), cells=())
    emulation = Emulation(tmp_path / "qemu", "11.1.2", tmp_path, {}, {})
    equipment = replace(without_emulation(""), emulated=emulation)
    outcomes = [
        *try_aarch64(TestableRelease(plan, {dist.name: dist}, {}), equipment, ARM, tmp_path)
    ]
    assert [(o.kind, o.status) for o in outcomes] == [("dist", "failed")]


def test_the_emulator_is_read_from_what_the_bootstrap_wrote(tmp_path: Path) -> None:
    found = {
        "qemu": "/q",
        "version": "11.1.2",
        "root": "/r",
        "pythons": {"3.14": {"executable": "/r/python3.14", "root": "/r"}},
        "missing": {"3.12": "no suite has it"},
    }
    (tmp_path / "aarch64.json").write_text(json.dumps(found))
    environ = {"TRIAL_UV": "uv", "TRIAL_EMULATION": str(tmp_path / "aarch64.json")}
    emulation = ProvidedEquipment.from_environment(environ).emulation()
    assert emulation.pythons["3.14"].executable == Path("/r/python3.14")
    assert emulation.missing == {"3.12": "no suite has it"}
    (tmp_path / "aarch64.json").write_text('{"reason": "no apt-get"}')
    with pytest.raises(NotRunError, match=r"^no apt-get$"):
        ProvidedEquipment.from_environment(environ).emulation()
