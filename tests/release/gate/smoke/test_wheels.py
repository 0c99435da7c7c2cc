"""Well-formed wheels that do not work fail at the step that shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.wheels import WheelTest, smoke_test_native, smoke_test_pure
from release.model.outcome import Outcome
from tests.release.gate.smoke.fake_wheels import VERSION, compiler_files, runtime_files, write_wheel

COMPILER_INFO = f"iree_compiler-{VERSION}.dist-info"
RUNTIME = "iree/runtime/__init__.py"


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def wheel_test(equipment: ProvidedEquipment) -> WheelTest:
    (interpreter,) = equipment.interpreters.values()
    return WheelTest(
        version=VERSION,
        platform="linux_x86_64",
        python=interpreter.version,
        full_version=interpreter.full_version,
        interpreter=interpreter.executable,
        uv=equipment.uv,
    )


@pytest.fixture
def smoke_test(
    equipment: ProvidedEquipment, wheel_test: WheelTest, tmp_path: Path
) -> Callable[[Callable[[dict[str, str]], object] | None], Outcome]:
    """Runs the smoke test on wheels with a fault, or without one."""

    def run(fault: Callable[[dict[str, str]], object] | None, timeout: float = 60) -> Outcome:
        files = {"iree-compiler": compiler_files(), "iree-runtime": runtime_files()}
        if fault:
            for content in files.values():
                fault(content)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        outcome = smoke_test_native(
            dataclasses.replace(wheel_test, timeout=timeout),
            [write_wheel(tmp_path, package, content) for package, content in files.items()],
            equipment.requirements("linux_x86_64", wheel_test.python),
            scratch,
        )
        assert list(scratch.iterdir()) == []
        return outcome

    return run


def replaced(path: str, old: str, new: str) -> Callable[[dict[str, str]], None]:
    """A fault: replaced text in a file, in the wheel that has it."""

    def fault(files: dict[str, str]) -> None:
        if path in files:
            assert old in files[path]
            files[path] = files[path].replace(old, new)

    return fault


def test_sound_wheels_pass(smoke_test: Callable[..., Outcome]) -> None:
    """Catches: the faults below reported for sound wheels, too."""
    outcome = smoke_test(None)
    assert (outcome.status, outcome.detail) == (
        "passed",
        "installed; 23 console scripts work; 18 compiled models give correct results",
    )
    assert outcome.engine.startswith("CPython 3.")


FAULTS = {
    "an unknown requirement": (
        replaced(f"{COMPILER_INFO}/METADATA", "numpy", "no-such-project"),
        "installing: uv exits with 1: ",
        "no-such-project was not found",
    ),
    "a version module of another release": (
        replaced("iree/runtime/version.py", VERSION, "3.13.0"),
        "checking version modules: ",
        f"iree.runtime.version has version 3.13.0, not {VERSION}",
    ),
    "an entry point whose module fails": (
        replaced("iree/compiler/programs.py", "import sys", "import sys, absent"),
        "loading entry points: ",
        "iree-compile of iree-compiler does not load: ModuleNotFoundError: No module named",
    ),
    "a missing tool": (
        replaced(
            f"{COMPILER_INFO}/entry_points.txt", "iree-opt = iree.compiler.programs:main\n", ""
        ),
        "running console scripts: ",
        "the console scripts of iree-compiler differ from those in probes.py: iree-opt",
    ),
    "a tool that fails": (
        replaced("iree/compiler/programs.py", '["IREE module linker", 0]', '["I broke", 1]'),
        "running console scripts: ",
        "iree-link exits with 1: I broke",
    ),
    "another program under a tool's name": (
        replaced("iree/compiler/programs.py", '["IREE module linker", 0]', '["GNU ld", 0]'),
        "running console scripts: ",
        'iree-link does not print "IREE module linker": GNU ld',
    ),
    "a compiler whose Python function fails": (
        replaced("iree/compiler/__init__.py", "target_backends", "backends"),
        "compiling for llvm-cpu through the function: ",
        "unexpected keyword argument 'target_backends'",
    ),
    "a compiler that omits a model": (
        replaced("iree/compiler/api.py", "output.path.write_text(name)", "pass"),
        "running through the runtime: ",
        "12 of 18 compiled models ran",
    ),
    "wrong results": (
        replaced(RUNTIME, "a @ b", "a @ (b + 1)"),
        "running through the runtime: ",
        "matmul for llvm-cpu: results differ from NumPy's (largest relative error ",
    ),
    "results that are NaN": (
        replaced(RUNTIME, "a @ b", "(a @ b) * np.nan"),
        "running through the runtime: ",
        "matmul for llvm-cpu: results differ from NumPy's (largest relative error nan)",
    ),
    "wrong results through the tool alone": (
        replaced("iree/runtime/programs.py", "function(*arguments).to_host()", "arguments[0]"),
        "running through the tool: ",
        "results differ from NumPy's",
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


def test_a_program_that_hangs_times_out(smoke_test: Callable[..., Outcome]) -> None:
    """Catches: a gate that hangs with a program of the release."""
    hangs = replaced("iree/compiler/programs.py", "print(words)", "import time; time.sleep(600)")
    outcome = smoke_test(hangs, timeout=5)
    assert outcome.status == "failed"
    assert outcome.detail == "running console scripts: iree-compile times out after 5 s"
    assert 5 < outcome.seconds < 60


def test_a_pure_wheel_without_its_script_fails(wheel_test: WheelTest, tmp_path: Path) -> None:
    """Catches: an importer that cannot be started once TensorFlow is installed."""
    files = runtime_files()
    info = f"iree_runtime-{VERSION}.dist-info"
    good = smoke_test_pure(wheel_test, write_wheel(tmp_path, "iree-runtime", files), tmp_path)
    assert good.status == "passed", good.detail
    assert "TensorFlow" in good.detail
    files[f"{info}/entry_points.txt"] = ""
    bad = smoke_test_pure(wheel_test, write_wheel(tmp_path, "iree-runtime", files), tmp_path)
    assert bad.status == "failed"
    assert bad.detail == "checking console scripts: iree-runtime declares no console script"
