"""What cannot be tried is not run, and it is said why and of which files."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke.candidate import NotRunError, TestableRelease, own_platform
from release.gate.smoke.equipment import Interpreter
from release.gate.smoke.local import try_locally, try_own_dist, try_python
from release.gate.smoke.provided import ProvidedEquipment
from tests.release.gate.samples import DIST_LINUX, PLAN, RUNTIME_311, RUNTIME_ABI3, TOOLS

EMPTY = TestableRelease(PLAN, {}, {})
PYTHON = Interpreter("3.11", "3.11.9", Path("/usr/bin/python3.11"))


def equipment(*interpreters: Interpreter) -> ProvidedEquipment:
    return ProvidedEquipment(
        uv=Path("/nonexistent/uv"),
        interpreters={each.version: each for each in interpreters},
        no_interpreters={"3.15": "apt-get is not on PATH"},
        locks={("linux_x86_64", "3.11"): Path("lock.txt")},
    )


def holding(*names: str) -> TestableRelease:
    return replace(
        EMPTY,
        files={name: Path("/nonexistent", name) for name in names},
        digests=dict.fromkeys(names, ""),
    )


def test_a_python_that_is_not_here_is_said_with_all_its_files(tmp_path: Path) -> None:
    """Catches: cells without a verdict on why nothing was tried."""
    sound = holding(RUNTIME_ABI3)
    (outcome,) = try_python(sound, equipment(PYTHON), "linux_x86_64", "3.15", tmp_path)
    assert (outcome.status, outcome.detail, outcome.files) == (
        "not run",
        "there is no Python 3.15 here (apt-get is not on PATH)",
        (RUNTIME_ABI3, TOOLS),
    )


def test_a_wheel_that_is_missing_or_wrong_is_not_tried(tmp_path: Path) -> None:
    """Catches: a hostile wheel that is installed although the static checks refused it."""
    one, *_ = try_python(holding(TOOLS), equipment(PYTHON), "linux_x86_64", "3.11", tmp_path)
    assert (one.status, one.detail, one.files) == (
        "not run",
        f"{RUNTIME_311} is missing, or was found wrong already",
        (RUNTIME_311,),
    )


def test_no_python_is_fetched_where_nothing_is_to_be_installed(tmp_path: Path) -> None:
    """Catches: Debian packages downloaded for a platform that was not built."""
    (outcome,) = try_python(EMPTY, equipment(), "linux_x86_64", "3.15", tmp_path)
    assert (outcome.status, outcome.detail, outcome.files) == (
        "not run",
        "all its wheels are missing, or were found wrong already",
        (RUNTIME_ABI3, TOOLS),
    )


def test_without_a_lock_nothing_is_tried(tmp_path: Path) -> None:
    """Catches: requirements taken from wherever they can be had."""
    without = replace(equipment(PYTHON), locks={})
    (outcome,) = try_python(holding(RUNTIME_311), without, "linux_x86_64", "3.11", tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail == (
        "no lock says what the wheels require on linux_x86_64 with Python 3.11"
    )


def test_a_dist_that_is_missing_is_not_tried(tmp_path: Path) -> None:
    """Catches: a missing archive that raises."""
    outcome = try_own_dist(EMPTY, "linux_x86_64", tmp_path)
    assert (outcome.status, outcome.detail) == (
        "not run",
        f"{DIST_LINUX} is missing, or was found wrong already",
    )


@pytest.mark.parametrize(
    ("system", "cpu", "found"),
    [
        ("Linux", "x86_64", "linux_x86_64"),
        ("Darwin", "arm64", "macos_arm64"),
        ("Linux", "riscv64", None),
        ("Windows", "AMD64", None),
    ],
)
def test_the_machine_is_found_in_the_plan(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: str,
    cpu: str,
    found: str | None,
) -> None:
    """Catches: programs of one platform started on another."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: cpu)
    assert own_platform(PLAN.platforms) == found
    tried = {outcome.platform for outcome in try_locally(EMPTY, equipment(), tmp_path)}
    assert tried == ({found} if found else set())


def test_equipment_is_read_from_what_bazel_hands_over(tmp_path: Path) -> None:
    """Catches: a lock of one platform taken for another's; a reason that is lost."""
    interpreter = tmp_path / "interpreter.json"
    interpreter.write_text(
        json.dumps({"version": "3.14", "release": None, "executable": None, "reason": "no apt"})
    )
    rootfs = tmp_path / "rootfs.json"
    rootfs.write_text(json.dumps({"path": None, "reason": "no apt either"}))
    found = ProvidedEquipment.from_environment(
        {
            "TRIAL_UV": "bin/uv",
            "TRIAL_INTERPRETERS": str(interpreter),
            "TRIAL_LOCKS": "locks/linux_x86_64-cp314.txt locks/linux_aarch64-cp314.txt",
            "TRIAL_DEPENDENCIES": "a/one.whl a/two.whl b/three.whl",
            "TRIAL_ROOTFS": str(rootfs),
        }
    )
    here = Path.cwd()
    assert found == ProvidedEquipment(
        uv=here / "bin/uv",
        no_interpreters={"3.14": "no apt"},
        locks={
            ("linux_x86_64", "3.14"): here / "locks/linux_x86_64-cp314.txt",
            ("linux_aarch64", "3.14"): here / "locks/linux_aarch64-cp314.txt",
        },
        directories=(here / "a", here / "b"),
        no_root="no apt either",
    )
    with pytest.raises(NotRunError, match=r"^there is no Python 3\.14 here \(no apt\)$"):
        found.interpreter("3.14")
    with pytest.raises(NotRunError, match=r"^no apt either$"):
        found.root_file_system()
