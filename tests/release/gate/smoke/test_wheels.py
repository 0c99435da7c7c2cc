"""Well-formed wheels that do not work fail at the step that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from release.gate.smoke.environment import Requirements
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.wheels import WheelTest, smoke_test_alone, smoke_test_wheels
from release.model.outcome import Outcome
from release.model.plan import Platform
from release.model.product import Product
from tests.release.gate.smoke.fake_wheels import (
    PRODUCT,
    SMOKE_PROGRAM,
    VERSION,
    core_files,
    heavy_files,
    words_files,
    write_wheel,
)

LINUX = Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ())
INFO = f"sample_core-{VERSION}.dist-info"
SUCCESS = (
    "installed; 4 modules imported, 1 without the project of an extra, 1 known to be unimportable; "
    "3 scripts called; "
)


@pytest.fixture(scope="module")
def wheel_test() -> WheelTest:
    equipment = ProvidedEquipment.from_environment()
    (interpreter,) = equipment.interpreters.values()
    return WheelTest(
        product=PRODUCT,
        version=VERSION,
        platform=LINUX,
        python=interpreter.version,
        full_version=interpreter.full_version,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )


Fault = Callable[[dict[str, str]], object]


@pytest.fixture
def smoke_test(wheel_test: WheelTest, tmp_path: Path) -> Callable[..., Outcome]:
    """Runs the smoke test on wheels with a fault, or without one."""

    def run(
        fault: Fault | None = None,
        *,
        timeout: float = 60,
        product: Product = PRODUCT,
        program: str | None = SMOKE_PROGRAM,
    ) -> Outcome:
        files = {"sample-core": core_files(), "sample-words": words_files()}
        if fault:
            for content in files.values():
                fault(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        if program is not None:
            (tmp_path / "main.py").write_text(program)
        outcome = smoke_test_wheels(
            dataclasses.replace(
                wheel_test,
                product=product,
                program=None if program is None else tmp_path / "main.py",
                timeout=timeout,
            ),
            [write_wheel(tmp_path, package, content) for package, content in files.items()],
            Requirements(),
            scratch,
        )
        assert list(scratch.iterdir()) == []
        return outcome

    return run


def replaced(path: str, old: str, new: str) -> Fault:
    """A fault: replaced text in a file, in the wheel that has it."""

    def fault(files: dict[str, str]) -> None:
        if path in files:
            assert old in files[path]
            files[path] = files[path].replace(old, new)

    return fault


def added(path: str, text: str) -> Fault:
    """A fault: another file in sample-core."""
    return lambda files: files.update({path: text}) if f"{INFO}/METADATA" in files else None


def test_sound_wheels_pass(smoke_test: Callable[..., Outcome]) -> None:
    """Catches: the faults below reported for sound wheels, too."""
    outcome = smoke_test()
    assert (outcome.status, outcome.detail) == (
        "passed",
        f"{SUCCESS}1 result of the smoke program passed",
    )
    assert outcome.engine.startswith("CPython 3.")


def test_wheels_of_a_product_without_a_smoke_program_are_installed(
    smoke_test: Callable[..., Outcome],
) -> None:
    """Catches: wheels reported as tested although no smoke program used them."""
    product = dataclasses.replace(PRODUCT, smoke=False)
    outcome = smoke_test(product=product, program=None)
    assert (outcome.status, outcome.detail) == (
        "installed",
        f"{SUCCESS}sample has no smoke program",
    )


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "an unknown requirement": (
        replaced(f"{INFO}/METADATA", "Provides", "Requires-Dist: no-such-project\nProvides"),
        "installing: uv exits with 1: ",
        "no-such-project was not found",
    ),
    "a version module of another release": (
        replaced("sample_core/version.py", VERSION, "3.13.0"),
        "checking version modules: ",
        f"sample_core.version has VERSION 3.13.0, not {VERSION}",
    ),
    "a module that cannot be imported": (
        added("sample_core/broken.py", "import absent\n"),
        "importing modules: ",
        "sample_core.broken: ModuleNotFoundError: No module named 'absent'",
    ),
    "an entry point that its module lacks": (
        replaced("sample_core/evaluate.py", "def main", "def other"),
        "loading entry points: ",
        "sample-sum of sample-core does not load: AttributeError",
    ),
    "a missing script": (
        replaced(f"{INFO}/entry_points.txt", "sample-sum = sample_core.evaluate:main\n", ""),
        "running scripts: ",
        "the scripts of sample-core differ from those in products/sample: sample-sum missing",
    ),
    "a script that is not declared": (
        replaced(
            f"{INFO}/entry_points.txt", "sample-sum =", "sample-new = sample_core:x\nsample-sum ="
        ),
        "loading entry points: ",
        "sample-new",
    ),
    "a native script that is not declared": (
        added(f"sample_core-{VERSION}.data/scripts/sample-new", "#!/bin/sh\n"),
        "running scripts: ",
        "the scripts of sample-core differ from those in products/sample: sample-new not declared",
    ),
    "a script that fails": (
        replaced("sample_core/evaluate.py", "sum(map", "[][0]; sum(map"),
        "running scripts: ",
        "sample-sum exits with 1: IndexError: list index out of range",
    ),
    "another program under a script's name": (
        replaced("sample_core/evaluate.py", "print(add", 'print("GNU sum", add'),
        "running scripts: ",
        'sample-sum does not print "^3$": GNU sum 3',
    ),
    "a native tool that fails": (
        replaced("sample_core/bin/sample-tool", "echo", "exit 3; echo"),
        "running native tools: ",
        "sample-tool exits with 3",
    ),
    "a wrong result": (
        replaced("sample_core/evaluate.py", "numbers))", "numbers)) % 4"),
        "running the smoke program: ",
        "adds through the API: 3",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_that_fails_is_named(smoke_test: Callable[..., Outcome], name: str) -> None:
    """Catches: a smoke test that ignores a fault, raises an exception, or omits the step."""
    fault, step, cause = FAULTS[name]
    outcome = smoke_test(fault)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(step)
    assert cause in outcome.detail


def test_a_product_without_a_smoke_program_must_be_importable(
    smoke_test: Callable[..., Outcome],
) -> None:
    """Catches: wheels that nobody can import, reported as installed."""
    fault, step, _ = FAULTS["a module that cannot be imported"]
    outcome = smoke_test(fault, product=dataclasses.replace(PRODUCT, smoke=False), program=None)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(step)


def test_a_program_that_hangs_times_out(smoke_test: Callable[..., Outcome]) -> None:
    """Catches: a gate that hangs with a program of the release."""
    hangs = replaced("sample_core/evaluate.py", "print(add", "import time; time.sleep(600 + add")
    outcome = smoke_test(hangs, timeout=5)
    assert outcome.status == "failed"
    assert outcome.detail == "running scripts: sample-sum times out after 5 s"
    assert 5 < outcome.seconds < 60


def test_a_smoke_program_that_has_run_nothing_is_not_run(
    smoke_test: Callable[..., Outcome],
) -> None:
    """Catches: wheels that count as tested because nothing was found."""
    program = (
        'print(\'{"name": "draws", "status": "not run", "detail": "no screen"}\')\n'
        "print('{\"results\": 1}')\n"
    )
    outcome = smoke_test(program=program)
    assert (outcome.status, outcome.detail) == (
        "not run",
        "the smoke program has run nothing (draws: no screen)",
    )


def test_a_wheel_that_is_installed_alone_is_not_imported(
    wheel_test: WheelTest, tmp_path: Path
) -> None:
    """Catches: a wheel whose requirement no machine has, reported as faulty, or as tested."""
    files = heavy_files()
    good = smoke_test_alone(wheel_test, write_wheel(tmp_path, "sample-heavy", files), tmp_path)
    assert (good.status, good.detail) == (
        "installed",
        (
            "installed alone; metadata and 1 script checked; not imported, "
            "since it requires a very large framework"
        ),
    )


def test_a_wheel_that_is_installed_alone_needs_its_script(
    wheel_test: WheelTest, tmp_path: Path
) -> None:
    """Catches: a script that cannot be started once the requirement is installed."""
    files = heavy_files()
    files[f"sample_heavy-{VERSION}.dist-info/entry_points.txt"] = ""
    bad = smoke_test_alone(wheel_test, write_wheel(tmp_path, "sample-heavy", files), tmp_path)
    assert bad.status == "failed"
    assert bad.detail == (
        "checking scripts: the scripts of sample-heavy differ from those in products/sample: "
        "sample-heavy missing"
    )
