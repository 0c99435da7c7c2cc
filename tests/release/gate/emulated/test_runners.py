"""Programs of other platforms are started by runners, or not run, with the reason."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke.aarch64 import smoke_test_aarch64
from release.gate.smoke.equipment import Emulation
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.other_platforms import skip_other_platforms, smoke_test_other_platforms
from release.gate.smoke.process import run
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.qemu import Qemu
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import call
from release.gate.smoke.wine import Wine, start_wine
from release.model.plan import PlannedDist, Platform
from release.model.products import DeclaredProduct, ProductFiles
from tests.release.gate.samples import DIST_MAC, PLAN, RUNTIME_MAC, TOOLS

EMPTY = RunnableRelease(PLAN, {}, {})
ARM = Platform("linux_aarch64", "linux", "aarch64", "glibc_2.28", None, ())


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def qemu(tmp_path: Path) -> Qemu:
    """A fake qemu that prints its arguments."""
    fake = program(tmp_path / "qemu", 'echo "$@"')
    return Qemu(fake, tmp_path / "root", tmp_path)


def test_qemu_starts_a_program_in_its_root(qemu: Qemu, tmp_path: Path) -> None:
    command = qemu.command(tmp_path / "tool", "--help")
    output = run(command, environment=qemu.environment).expect().stdout.split()
    assert output == ["-cpu", "cortex-a72", "-L", f"{tmp_path}/root", f"{tmp_path}/tool", "--help"]


def test_a_python_imports_its_packages_and_nothing_of_the_users(qemu: Qemu, tmp_path: Path) -> None:
    command = qemu.python(tmp_path / "python3.14", tmp_path / "packages", "-c", "pass")
    assert f"PYTHONPATH={tmp_path}/packages" in command
    assert command[-4:] == [f"{tmp_path}/python3.14", "-sP", "-c", "pass"]
    assert "PYTHONPATH" not in qemu.environment


def test_wine_gets_windows_paths(tmp_path: Path) -> None:
    wine = Wine(Path("/usr/bin/wine"), tmp_path)
    assert wine.path(Path("/tmp/a b/m.txt")) == "Z:\\tmp\\a b\\m.txt"
    assert wine.command(Path("/x/abacus-eval.exe"), "-o") == [
        "/usr/bin/wine",
        "Z:\\x\\abacus-eval.exe",
        "-o",
    ]


def test_a_start_that_wine_loses_is_repeated(tmp_path: Path) -> None:
    """Catches: a nightly that fails because wine lost a program on a busy machine."""
    starts = tmp_path / "starts"
    fake = program(
        tmp_path / "wine", f'echo x >> {starts}; [ "$(wc -l < {starts})" -ge 3 ] && echo it'
    )
    wine = Wine(fake, tmp_path)
    assert call(wine, tmp_path / "tool.exe").expect().stdout == "it\n"
    assert starts.read_text() == "x\nx\nx\n"


def test_a_tool_that_explains_its_failure_is_started_once(tmp_path: Path) -> None:
    """Catches: an intermittent fault hidden by retries."""
    starts = tmp_path / "starts"
    fake = program(tmp_path / "wine", f"echo x >> {starts}; echo no device >&2; exit 1")
    with pytest.raises(SmokeTestError, match=r"tool\.exe exits with 1: no device"):
        call(Wine(fake, tmp_path), tmp_path / "tool.exe").expect()
    assert starts.read_text() == "x\n"


def test_without_wine_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(NotRunError, match=r"wine is not on PATH .*apt-get install"),
        start_wine(tmp_path),
    ):
        pass


def test_a_wine_that_does_not_start_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = program(tmp_path / "wine", "echo no display >&2; exit 3")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(broken))
    with (
        pytest.raises(NotRunError, match="wine does not start: wine exits with 3: no display"),
        start_wine(tmp_path),
    ):
        pass


def test_a_wine_that_fails_while_booting_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: servers left running; a failure to end them reported as the cause."""
    log = tmp_path / "log"
    programs = {
        "wine": program(tmp_path / "wine", '[ "$1" = --version ] && echo wine-8.0 || exit 5'),
        "wineserver": program(tmp_path / "wineserver", f'echo "$@" > {log}; exit 1'),
    }
    monkeypatch.setattr(shutil, "which", lambda name, **_: programs.get(name))
    with (
        pytest.raises(NotRunError, match="wine does not start: wine exits with 5"),
        start_wine(tmp_path),
    ):
        pass
    assert log.read_text() == "--kill\n"


def without_emulation(reason: str) -> ProvidedEquipment:
    return ProvidedEquipment(Path("uv"), no_emulator=reason)


def test_platforms_that_cannot_be_emulated_are_not_run(tmp_path: Path) -> None:
    """Catches: macOS ignored silently."""
    outcomes = [*smoke_test_other_platforms(EMPTY, without_emulation("no qemu"), tmp_path)]
    macos = [outcome for outcome in outcomes if outcome.platform == "macos_arm64"]
    assert [(o.kind, o.status, o.detail) for o in macos] == [
        ("tools", "not run", "this machine cannot run Mach-O programs"),
        ("dist", "not run", "this machine cannot run Mach-O programs"),
    ]
    assert [o.files for o in macos] == [(RUNTIME_MAC, TOOLS), (DIST_MAC,)]


def test_skipped_platforms_are_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a platform that disappears from the verdicts because it is skipped."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    outcomes = [*skip_other_platforms(EMPTY, "emulation is turned off")]
    others = {one.name for one in PLAN.platforms} - {"linux_x86_64"}
    assert {outcome.platform for outcome in outcomes} == others
    assert {(o.status, o.detail) for o in outcomes} == {("not run", "emulation is turned off")}


def test_without_an_emulator_the_outcome_gives_the_reason(tmp_path: Path) -> None:
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, "sample-dist.tar.xz"),))
    release = RunnableRelease(plan, {"sample-dist.tar.xz": tmp_path / "dist"}, {})
    outcomes = [
        *smoke_test_aarch64(release, without_emulation("the mirror is down"), ARM, tmp_path)
    ]
    assert {(o.status, o.detail) for o in outcomes} == {("not run", "the mirror is down")}


def test_no_emulator_is_fetched_when_there_is_nothing_to_run(tmp_path: Path) -> None:
    """Catches: a hundred megabytes fetched for a platform that was not built."""
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, "sample-dist.tar.xz"),), cells=())
    outcomes = [
        *smoke_test_aarch64(
            RunnableRelease(plan, {}, {}), without_emulation("requested"), ARM, tmp_path
        )
    ]
    assert {(o.status, o.detail) for o in outcomes} == {
        ("not run", "all of its files are missing or failed inspection")
    }


def test_a_platform_with_only_a_dist_is_smoke_tested(tmp_path: Path) -> None:
    """Catches: a gate that crashes on a plan without wheels for a platform."""
    dist = tmp_path / "sample-dist.tar.xz"
    dist.touch()
    plan = replace(PLAN, dists=(PlannedDist(ARM.name, False, dist.name),), cells=())
    emulation = Emulation(tmp_path / "qemu", "11.1.2", tmp_path, {}, {})
    equipment = replace(without_emulation(""), emulator=emulation)
    product = DeclaredProduct(PLAN.product, ProductFiles("//products/sample", "main.py", None))
    release = RunnableRelease(plan, {dist.name: dist}, {}, product)
    outcomes = [*smoke_test_aarch64(release, equipment, ARM, tmp_path)]
    assert [(o.kind, o.status) for o in outcomes] == [("dist", "failed")]


def test_the_emulator_is_read_from_the_bootstraps_file(tmp_path: Path) -> None:
    found = {
        "qemu": "/q",
        "version": "11.1.2",
        "root": "/r",
        "pythons": {"3.14": {"executable": "/r/python3.14", "root": "/r"}},
        "missing": {"3.12": "no suite has it"},
    }
    (tmp_path / "aarch64.json").write_text(json.dumps(found))
    environ = {"SMOKE_UV": "uv", "SMOKE_EMULATION": str(tmp_path / "aarch64.json")}
    emulation = ProvidedEquipment.from_environment(environ).emulation()
    assert emulation.pythons["3.14"].executable == Path("/r/python3.14")
    assert emulation.missing == {"3.12": "no suite has it"}
    (tmp_path / "aarch64.json").write_text('{"reason": "no apt-get"}')
    with pytest.raises(NotRunError, match=r"^no apt-get$"):
        ProvidedEquipment.from_environment(environ).emulation()
