"""What cannot be smoke-tested is not run, with the reason and the files."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke.environment import PinnedWheel, Requirements
from release.gate.smoke.equipment import Interpreter
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.host import host_platform
from release.gate.smoke.local import smoke_test_local_dist, smoke_test_locally, smoke_test_python
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.shared import SharedDirectories
from release.model.products import DeclaredProduct, ProductFiles
from tests.release.gate import samples
from tests.release.gate.samples import (
    DIST_LINUX,
    RUNTIME_311,
    RUNTIME_ABI3,
    TOOLS,
)

RUNTIME, IMPORTER = samples.PRODUCT.packages
PRODUCT = replace(
    samples.PRODUCT, packages=(RUNTIME, replace(IMPORTER, alone="it requires a framework"))
)
PLAN = replace(samples.PLAN, product=PRODUCT)
DECLARED = DeclaredProduct(PRODUCT, ProductFiles("//products/sample", "smoke/main.py", None))
EMPTY = RunnableRelease(PLAN, {}, {}, DECLARED)
PYTHON = Interpreter("3.11", "3.11.9", Path("/usr/bin/python3.11"))


def equipment(*interpreters: Interpreter) -> ProvidedEquipment:
    return ProvidedEquipment(
        uv=Path("/nonexistent/uv"),
        interpreters={each.version: each for each in interpreters},
        missing_interpreters={"3.15": "apt-get is not on PATH"},
        locks={("linux_x86_64", "3.11"): Path("lock.txt")},
    )


def release_of(*names: str) -> RunnableRelease:
    return replace(
        EMPTY,
        files={name: Path("/nonexistent", name) for name in names},
        digests=dict.fromkeys(names, ""),
    )


def test_a_missing_python_is_reported_with_all_its_files(tmp_path: Path) -> None:
    """Catches: cells whose verdict lacks the reason why nothing was run."""
    release = release_of(RUNTIME_ABI3)
    (outcome,) = smoke_test_python(release, equipment(PYTHON), "linux_x86_64", "3.15", tmp_path)
    assert (outcome.status, outcome.detail, outcome.files) == (
        "not run",
        "Python 3.15 is not available (apt-get is not on PATH)",
        (RUNTIME_ABI3, TOOLS),
    )


def test_a_wheel_that_is_missing_or_failed_inspection_is_not_run(tmp_path: Path) -> None:
    """Catches: a hostile wheel that is installed although inspection refused it."""
    one, *_ = smoke_test_python(
        release_of(TOOLS), equipment(PYTHON), "linux_x86_64", "3.11", tmp_path
    )
    assert (one.status, one.detail, one.files) == (
        "not run",
        f"{RUNTIME_311} is missing or failed inspection",
        (RUNTIME_311,),
    )


def test_no_python_is_fetched_when_there_is_nothing_to_install(tmp_path: Path) -> None:
    """Catches: Debian packages downloaded for a platform that was not built."""
    (outcome,) = smoke_test_python(EMPTY, equipment(), "linux_x86_64", "3.15", tmp_path)
    assert (outcome.status, outcome.detail, outcome.files) == (
        "not run",
        "all of its wheels are missing or failed inspection",
        (RUNTIME_ABI3, TOOLS),
    )


def test_without_a_lock_nothing_is_run(tmp_path: Path) -> None:
    """Catches: requirements installed without a pin."""
    without = replace(equipment(PYTHON), locks={})
    (outcome,) = smoke_test_python(
        release_of(RUNTIME_311), without, "linux_x86_64", "3.11", tmp_path
    )
    assert outcome.status == "not run"
    assert outcome.detail == "no dependency lock covers Python 3.11 on linux_x86_64"


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (None, "this command does not know the product sample, so its smoke tests cannot run"),
        (
            replace(DECLARED, product=replace(PRODUCT, name="other")),
            "this command does not know the product sample, so its smoke tests cannot run",
        ),
        (
            replace(DECLARED, files=replace(DECLARED.files, smoke=None)),
            "products/sample declares no smoke program here; the plan has one",
        ),
    ],
)
def test_without_the_smoke_program_nothing_is_run(
    tmp_path: Path, declared: DeclaredProduct | None, reason: str
) -> None:
    """Catches: wheels of another product that count as tested, since nothing tested them."""
    dist = tmp_path / DIST_LINUX
    release = replace(release_of(RUNTIME_311, TOOLS), declared=declared)
    release = replace(release, files={**release.files, DIST_LINUX: dist})
    one, *_ = smoke_test_python(release, equipment(PYTHON), "linux_x86_64", "3.11", tmp_path)
    two = smoke_test_local_dist(release, "linux_x86_64", tmp_path)
    assert [(outcome.status, outcome.detail) for outcome in (one, two)] == [("not run", reason)] * 2


def test_a_product_without_a_smoke_program_needs_none(tmp_path: Path) -> None:
    product = replace(PRODUCT, smoke=False)
    release = RunnableRelease(
        replace(PLAN, product=product),
        {},
        {},
        DeclaredProduct(product, replace(DECLARED.files, smoke=None)),
    )
    assert release.smoke_program() is None


def test_a_missing_dist_is_not_run(tmp_path: Path) -> None:
    """Catches: a missing archive that raises."""
    outcome = smoke_test_local_dist(EMPTY, "linux_x86_64", tmp_path)
    assert (outcome.status, outcome.detail) == (
        "not run",
        f"{DIST_LINUX} is missing or failed inspection",
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
def test_the_machines_platform_is_found_in_the_plan(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: str,
    cpu: str,
    found: str | None,
) -> None:
    """Catches: programs of one platform started on another."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: cpu)
    assert host_platform(PLAN.platforms) == found
    outcomes = smoke_test_locally(EMPTY, equipment(), tmp_path)
    assert {outcome.platform for outcome in outcomes} == ({found} if found else set())


def test_equipment_is_read_from_the_variables_of_bazel(tmp_path: Path) -> None:
    """Catches: the lock of another platform; a lost reason."""
    interpreter = tmp_path / "interpreter.json"
    interpreter.write_text(
        json.dumps({"version": "3.14", "release": None, "executable": None, "reason": "no apt"})
    )
    rootfs = tmp_path / "rootfs.json"
    rootfs.write_text(json.dumps({"path": None, "reason": "no apt either"}))
    found = ProvidedEquipment.from_environment(
        {
            "SMOKE_UV": "bin/uv",
            "SMOKE_INTERPRETERS": str(interpreter),
            "SMOKE_LOCKS": "locks/linux_x86_64-cp314.txt locks/linux_aarch64-cp314.txt",
            "SMOKE_DEPENDENCIES": "a/one.whl a/two.whl b/three.whl",
            "SMOKE_ROOTFS": str(rootfs),
        }
    )
    here = Path.cwd()
    assert found == ProvidedEquipment(
        uv=here / "bin/uv",
        missing_interpreters={"3.14": "no apt"},
        locks={
            ("linux_x86_64", "3.14"): here / "locks/linux_x86_64-cp314.txt",
            ("linux_aarch64", "3.14"): here / "locks/linux_aarch64-cp314.txt",
        },
        directories=(here / "a", here / "b"),
        no_root="no apt either",
    )
    assert found.requirements("linux_x86_64", "3.14").lock == here / "locks/linux_x86_64-cp314.txt"
    with pytest.raises(NotRunError, match=r"^Python 3\.14 is not available \(no apt\)$"):
        found.interpreter("3.14")
    with pytest.raises(NotRunError, match=r"^no apt either$"):
        found.root_file_system()


def test_without_locks_wheels_may_require_nothing() -> None:
    """Catches: a product without requirements that cannot be tested for lack of a lock."""
    found = ProvidedEquipment.from_environment({"SMOKE_UV": "bin/uv"})
    assert found.requirements("linux_x86_64", "3.14") == Requirements()
    assert Requirements().options() == []
    assert Requirements().wheels() == ()
    covering = ProvidedEquipment.from_environment({"SMOKE_UV": "bin/uv", "SMOKE_LOCKS": ""})
    with pytest.raises(NotRunError, match="no dependency lock covers"):
        covering.requirements("linux_x86_64", "3.14")


def test_packages_that_are_alone_are_planned_apart() -> None:
    """Catches: wheels installed together with one that cannot be installed."""
    assert EMPTY.planned("linux_x86_64", "3.11", alone=False) == {"iree-runtime": RUNTIME_311}
    assert EMPTY.planned("linux_x86_64", "3.11", alone=True) == {"iree-tools-tf": TOOLS}


def test_the_same_wheels_share_a_directory(tmp_path: Path) -> None:
    """Catches: results of other wheels reused for these."""
    shared = SharedDirectories(tmp_path)
    one, two = (PinnedWheel("sample", tmp_path, digest) for digest in ("aa", "bb"))
    assert shared.of([one, two]) == shared.of([two, one])
    assert shared.of([one]) != shared.of([two])
    assert shared.of([one]).is_dir()
