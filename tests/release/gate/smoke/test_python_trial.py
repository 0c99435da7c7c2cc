"""Wheels that are sound to look at and do not work are found out, by the step that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.wheels import WheelTest, try_native, try_pure
from release.model.outcome import Outcome
from tests.release.gate.smoke.fake_wheels import VERSION, compiler_files, runtime_files, write_wheel

COMPILER_INFO = f"iree_compiler-{VERSION}.dist-info"
RUNTIME = "iree/runtime/__init__.py"


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def subject(equipment: ProvidedEquipment) -> WheelTest:
    (interpreter,) = equipment.interpreters.values()
    return WheelTest(
        version=VERSION,
        platform="linux_x86_64",
        python=interpreter.version,
        release=interpreter.release,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )


@pytest.fixture
def tried(
    equipment: ProvidedEquipment, subject: WheelTest, tmp_path: Path
) -> Callable[[Callable[[dict[str, str]], object] | None], Outcome]:
    """Makes the trial with wheels that something was done to."""

    def tried(fault: Callable[[dict[str, str]], object] | None, timeout: float = 60) -> Outcome:
        files = {"iree-compiler": compiler_files(), "iree-runtime": runtime_files()}
        if fault:
            for content in files.values():
                fault(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        outcome = try_native(
            dataclasses.replace(subject, timeout=timeout),
            [write_wheel(tmp_path, package, content) for package, content in files.items()],
            equipment.requirements("linux_x86_64", subject.python),
            scratch,
        )
        assert list(scratch.iterdir()) == []
        return outcome

    return tried


def replaced(path: str, old: str, new: str) -> Callable[[dict[str, str]], None]:
    """A fault: other words in a file of the wheel that has it."""

    def fault(files: dict[str, str]) -> None:
        if path in files:
            assert old in files[path]
            files[path] = files[path].replace(old, new)

    return fault


def test_wheels_that_work_pass(tried: Callable[..., Outcome]) -> None:
    """Catches: faults below that are found whatever is in the wheels."""
    outcome = tried(None)
    assert (outcome.status, outcome.detail) == (
        "passed",
        "installed; 23 console scripts answer; 18 compiled models compute rightly",
    )
    assert outcome.engine.startswith("CPython 3.")


FAULTS = {
    "a requirement that nobody has": (
        replaced(f"{COMPILER_INFO}/METADATA", "numpy", "nobody-has-this"),
        "installing: uv exits with 1: ",
        "nobody-has-this was not found",
    ),
    "a version module of another release": (
        replaced("iree/runtime/version.py", VERSION, "3.13.0"),
        "asking the version modules: ",
        f"iree.runtime.version says 3.13.0, not {VERSION}",
    ),
    "an entry point whose module fails": (
        replaced("iree/compiler/programs.py", "import sys", "import sys, absent"),
        "loading entry points: ",
        "iree-compile of iree-compiler does not load: ModuleNotFoundError: No module named",
    ),
    "a tool that is gone": (
        replaced(
            f"{COMPILER_INFO}/entry_points.txt", "iree-opt = iree.compiler.programs:main\n", ""
        ),
        "calling console scripts: ",
        "iree-compiler declares other console scripts than are known: iree-opt",
    ),
    "a tool that fails": (
        replaced("iree/compiler/programs.py", '["IREE module linker", 0]', '["I broke", 1]'),
        "calling console scripts: ",
        "iree-link exits with 1: I broke",
    ),
    "another program under a tool's name": (
        replaced("iree/compiler/programs.py", '["IREE module linker", 0]', '["GNU ld", 0]'),
        "calling console scripts: ",
        "iree-link does not say what it should (IREE module linker): GNU ld",
    ),
    "a compiler whose function fails": (
        replaced("iree/compiler/__init__.py", "target_backends", "backends"),
        "compiling for llvm-cpu by the function: ",
        "unexpected keyword argument 'target_backends'",
    ),
    "a compiler that leaves a model out": (
        replaced("iree/compiler/api.py", "output.path.write_text(name)", "pass"),
        "running by the runtime: ",
        "12 of 18 compiled models ran",
    ),
    "wrong numbers": (
        replaced(RUNTIME, "a @ b", "a @ (b + 1)"),
        "running by the runtime: ",
        "matmul for llvm-cpu: its numbers are not NumPy's (largest relative error ",
    ),
    "no numbers": (
        replaced(RUNTIME, "a @ b", "(a @ b) * np.nan"),
        "running by the runtime: ",
        "matmul for llvm-cpu: its numbers are not NumPy's (largest relative error nan)",
    ),
    "wrong numbers through the tool alone": (
        replaced("iree/runtime/programs.py", "function(*given).to_host()", "given[0]"),
        "running by the tool: ",
        "its numbers are not NumPy's",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_that_fails_is_named(tried: Callable[..., Outcome], name: str) -> None:
    """Catches: a trial that passes over a fault, raises because of it, or does not say where."""
    fault, step, cause = FAULTS[name]
    outcome = tried(fault)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(step)
    assert cause in outcome.detail


def test_a_program_that_hangs_fails_in_time(tried: Callable[..., Outcome]) -> None:
    """Catches: a gate that hangs with a program of the release."""
    hangs = replaced("iree/compiler/programs.py", "print(words)", "import time; time.sleep(600)")
    outcome = tried(hangs, timeout=5)
    assert outcome.status == "failed"
    assert outcome.detail == "calling console scripts: iree-compile does not end within 5 s"
    assert 5 < outcome.seconds < 60


def test_a_pure_wheel_without_its_script_fails(subject: WheelTest, tmp_path: Path) -> None:
    """Catches: an importer that cannot be started once TensorFlow is there."""
    files = runtime_files()
    info = f"iree_runtime-{VERSION}.dist-info"
    good = try_pure(subject, write_wheel(tmp_path, "iree-runtime", files), tmp_path)
    assert good.status == "passed", good.detail
    assert "TensorFlow" in good.detail
    files[f"{info}/entry_points.txt"] = ""
    bad = try_pure(subject, write_wheel(tmp_path, "iree-runtime", files), tmp_path)
    assert bad.status == "failed"
    assert bad.detail == ("looking for console scripts: iree-runtime declares no console script")
