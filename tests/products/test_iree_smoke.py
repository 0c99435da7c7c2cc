"""IREE's smoke program, with a fake IREE: every way is tried, and each fault is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from products.iree.smoke import main
from tests.products.fake_iree import BACKENDS, MODELS, FakeIree, Fault
from tests.products.smoke_requests import Report, start, write_program

PROGRAM = Path(main.__file__)
CELLS = [f"{model} for {backend}" for backend in BACKENDS for model in MODELS]
INTERFACES = ("iree.compiler.api.Session", "iree.compiler.compile_file", "iree-compile")
RUNNERS = ("iree.runtime", "iree-run-module")
VERSIONS = {"version of iree.compiler", "version of iree.runtime"}
TOOLS = {f"compile {cell} through iree-compile" for cell in CELLS} | {
    f"run {cell} through iree-run-module" for cell in CELLS
}


@pytest.fixture
def iree(tmp_path: Path) -> FakeIree:
    return FakeIree(tmp_path)


def run(iree: FakeIree, kind: str, **changes: Any) -> Report:
    """Runs the smoke program."""
    return start(PROGRAM, iree.request(kind, **changes), iree.directory)


def passed(report: Report) -> set[str]:
    """The results, which must all have passed."""
    assert {*report.statuses.values()} == {"passed"}, report.lines[-1]
    assert (report.exit_code, report.stderr, report.count) == (0, "", len(report.lines))
    return {*report.statuses}


@pytest.mark.parametrize("kind", ["tools", "dist"])
def test_tools_compile_and_run_every_model(iree: FakeIree, kind: str) -> None:
    """Catches: a model or a backend that is left out."""
    assert passed(run(iree, kind)) == TOOLS


def test_every_interface_of_a_python_is_tried(iree: FakeIree) -> None:
    """Catches: an interface that is left out, or only compiles."""
    assert passed(run(iree, "python")) == {
        *VERSIONS,
        *(f"compile {cell} through {interface}" for cell in CELLS for interface in INTERFACES),
        *(
            f"run {cell} through {runner}, compiled through {interface}"
            for cell in CELLS
            for interface in INTERFACES
            for runner in RUNNERS
        ),
    }


def test_code_does_not_depend_on_the_processor(iree: FakeIree) -> None:
    """Catches: a smoke test that fails on an older processor."""
    run(iree, "python")
    compiled = [line for line in iree.logged() if not line.startswith("run ")]
    assert len(compiled) == 18
    native = [line for line in compiled if "llvm-cpu" in line]
    assert len(native) == 9
    assert all("--iree-llvmcpu-target-cpu=generic" in line for line in native)


def tool(name: str, script: str) -> Fault:
    """A fault: a tool that does something else."""
    return lambda iree: write_program(iree.tool(name), script)


def module(name: str, change: Callable[[str], str]) -> Fault:
    """A fault: another source of a Python module."""
    return lambda iree: iree.module(name).write_text(change(iree.module(name).read_text()))


def result(name: str, array: Any) -> Fault:
    """A fault: another result of a model."""
    return lambda iree: np.save(iree.results / f"{name}.npy", array)


RESULT = "iree-run-module.result.npy"
NO_RESULT = f"{RESULT}: no result (No such file or directory)"
FIRST = "elementwise for llvm-cpu"
OF_TOOLS: dict[str, tuple[Fault, str, str]] = {
    "no compiler": (
        lambda iree: iree.tool("iree-compile").unlink(),
        f"compile {FIRST} through iree-compile",
        "iree-compile does not start (No such file or directory)",
    ),
    "a compiler that fails": (
        tool("iree-compile", "echo no target >&2; exit 1"),
        f"compile {FIRST} through iree-compile",
        "iree-compile exits with 1: no target",
    ),
    "a compiler that writes nothing": (
        tool("iree-compile", "exit 0"),
        f"compile {FIRST} through iree-compile",
        "elementwise.llvm-cpu.iree-compile.vmfb is missing or empty",
    ),
    "a runtime that crashes": (
        tool("iree-run-module", "kill -SEGV $$"),
        f"run {FIRST} through iree-run-module",
        "iree-run-module is killed by SIGSEGV",
    ),
    "a runtime that writes nothing": (
        tool("iree-run-module", "exit 0"),
        f"run {FIRST} through iree-run-module",
        f"elementwise.llvm-cpu.iree-compile.{NO_RESULT}",
    ),
    "wrong numbers": (
        result("matmul", np.zeros((17, 23), np.float32)),
        "run matmul for llvm-cpu through iree-run-module",
        "391 of 391 numbers are wrong (largest relative error 1)",
    ),
    "numbers that are NaN": (
        result("elementwise", np.full((5, 7), np.nan, np.float32)),
        f"run {FIRST} through iree-run-module",
        "35 of 35 numbers are wrong (largest relative error nan)",
    ),
    "another shape": (
        result("collatz", np.zeros((2, 4), np.int32)),
        "run collatz for llvm-cpu through iree-run-module",
        "the result has shape (2, 4) and type <i4, not (8,) and <i4",
    ),
    "a result that is not an array": (
        lambda iree: (iree.results / "collatz.npy").write_text("0 1 2"),
        "run collatz for llvm-cpu through iree-run-module",
        f"collatz.llvm-cpu.iree-compile.{RESULT} is not an array (no magic number)",
    ),
}


@pytest.mark.parametrize("kind", ["tools", "dist"])
@pytest.mark.parametrize("name", OF_TOOLS)
def test_a_fault_of_the_tools_is_named(iree: FakeIree, kind: str, name: str) -> None:
    """Catches: a fault that no result shows, or that the wrong one shows."""
    fault, failed, detail = OF_TOOLS[name]
    fault(iree)
    report = run(iree, kind)
    assert report.failure == (failed, detail)
    assert report.exit_code == 0


FAILED = "Python 3.14 exits with 1: "
OF_PYTHON: dict[str, tuple[Fault, str, str]] = {
    "another version": (
        module("runtime/version.py", lambda _: 'VERSION = "2"\n'),
        "version of iree.runtime",
        "iree.runtime.version has version 2, not 20261122.1",
    ),
    "a missing module": (
        lambda iree: iree.module("compiler/version.py").unlink(),
        "version of iree.compiler",
        "Python 3.14 exits with 1: ModuleNotFoundError: No module named 'iree.compiler.version'",
    ),
    "a compiler that cannot compile": (
        module("compiler/api.py", lambda text: text.replace('"func.func" in self.source', "False")),
        f"compile {FIRST} through iree.compiler.api.Session",
        "Python 3.14 exits with 1: iree.compiler.api cannot compile elementwise.mlir for llvm-cpu",
    ),
    "a process that crashes after the second model": (
        module(
            "compiler/api.py",
            lambda text: text.replace(
                "        self.path.write",
                '        "collatz" in self.path.name and os.abort()\n        self.path.write',
            ),
        ),
        "compile collatz for llvm-cpu through iree.compiler.api.Session",
        "Python 3.14 is killed by SIGABRT",
    ),
    "a process that crashes at its end": (
        module(
            "compiler/api.py",
            lambda text: text.replace(
                "        output = cls()",
                "        import atexit; atexit.register(os.abort)\n        output = cls()",
            ),
        ),
        "compile collatz for llvm-cpu through iree.compiler.api.Session",
        "Python 3.14 is killed by SIGABRT",
    ),
    "a function that compiles nothing": (
        module(
            "compiler/__init__.py", lambda text: text.replace("Path(output", "0 and Path(output")
        ),
        f"compile {FIRST} through iree.compiler.compile_file",
        "elementwise.llvm-cpu.compile_file.vmfb is missing or empty",
    ),
    "a missing script": (
        lambda iree: iree.tool("iree-compile").unlink(),
        f"compile {FIRST} through iree-compile",
        "iree-compile does not start (No such file or directory)",
    ),
    "a runtime that cannot be imported": (
        module("runtime/__init__.py", lambda _: 'raise ImportError("libstdc++ is too old")\n'),
        "version of iree.runtime",
        "Python 3.14 exits with 1: ImportError: libstdc++ is too old",
    ),
    "wrong numbers": (
        result("collatz", np.zeros(8, np.int32)),
        "run collatz for llvm-cpu through iree.runtime, compiled through iree.compiler.api.Session",
        "7 of 8 numbers are wrong (largest relative error 1)",
    ),
    "a script that runs nothing": (
        tool("iree-run-module", "exit 0"),
        f"run {FIRST} through iree-run-module, compiled through iree.compiler.api.Session",
        f"elementwise.llvm-cpu.session.{NO_RESULT}",
    ),
}


@pytest.mark.parametrize("name", OF_PYTHON)
def test_a_fault_of_the_python_api_is_named(iree: FakeIree, name: str) -> None:
    """Catches: a fault that no result shows, or that the wrong one shows."""
    fault, failed, detail = OF_PYTHON[name]
    fault(iree)
    report = run(iree, "python")
    assert report.failure == (failed, detail)
    assert report.exit_code == 0


def test_fewer_results_than_expected_fail_the_program(iree: FakeIree, tmp_path: Path) -> None:
    """Catches: a model that is no longer compiled, and nobody notices."""
    program = tmp_path / "copy" / "main.py"
    program.parent.mkdir()
    (program.parent / "models").symlink_to(PROGRAM.parent / "models")
    text = PROGRAM.read_text()
    assert text.count("MODELS = (_elementwise(), _matmul(), _collatz())") == 1
    program.write_text(text.replace("_elementwise(), _matmul(), ", "_matmul(), "))
    report = start(program, iree.request("tools"), tmp_path)
    assert (report.exit_code, report.count) == (1, None)
    assert report.stderr == "main.py: 8 results instead of 12\n"


def run_emulated(iree: FakeIree, scratch: str) -> Report:
    """Runs the program as for an emulated Python."""
    runner = {"starts_children": False, "command": ["/emulator", "-L", "/sysroot"]}
    request = iree.request("python", emulated=True, runner=runner)
    (iree.directory / scratch).mkdir()
    return start(
        PROGRAM,
        {**request, "programs": {}, "scratch": str(iree.directory / scratch)},
        iree.directory,
    )


RUNS = {f"run {cell} through iree.runtime" for cell in CELLS}
COMPILATIONS = {f"compile {cell} through iree.compiler.api.Session" for cell in CELLS}


def test_emulated_pythons_compile_once(iree: FakeIree) -> None:
    """Catches: minutes of compiling under an emulator for each Python."""
    assert passed(run_emulated(iree, "first")) == VERSIONS | COMPILATIONS | RUNS
    second = run_emulated(iree, "second")
    assert passed(second) == VERSIONS | RUNS
    details = [line["detail"] for line in second.lines if line["name"].startswith("run ")]
    assert all(detail.endswith("; compiled with another Python") for detail in details)
    assert len(iree.logged()) == 6


def test_an_emulated_compiler_starts_its_linker_through_the_runner(iree: FakeIree) -> None:
    """Catches: a linker of another platform started by the kernel, which cannot run it."""
    run_emulated(iree, "first")
    starters = {line.split()[-1] for line in iree.logged()}
    assert starters == {f"{iree.directory}/first/start-iree-lld"}
    linker = iree.packages / "iree/compiler/_mlir_libs/iree-lld"
    script = (iree.directory / "first/start-iree-lld").read_text()
    assert script == f'#!/bin/sh\nexec /emulator -L /sysroot {linker} "$@"\n'


def test_an_emulated_tool_starts_its_linker_through_the_runner(iree: FakeIree) -> None:
    emulator = write_program(iree.directory / "emulator", 'exec "$@"')
    runner = {"starts_children": False, "command": [str(emulator)]}
    report = run(iree, "dist", emulated=True, runner=runner)
    assert passed(report) == TOOLS
    compiled = [line for line in iree.logged() if line.startswith("compile ")]
    assert {line.split()[1] for line in compiled} == {f"{iree.directory}/scratch/start-iree-lld"}


def test_a_compiler_finds_its_linker_itself_where_it_can(iree: FakeIree) -> None:
    """Catches: a wheel or dist without a linker in the right place, hidden by the variable."""
    run(iree, "tools")
    assert not [line for line in iree.logged() if "iree-lld" in line]


def test_a_python_that_cannot_compile_does_not_affect_others(iree: FakeIree) -> None:
    """Catches: an incomplete set of models left behind, which fails with a sound Python."""
    source = iree.module("compiler/api.py").read_text()
    broken = source.replace('"func.func" in self.source', '"@elementwise" in self.source')
    iree.module("compiler/api.py").write_text(broken)
    assert run_emulated(iree, "first").failure == (
        "compile matmul for llvm-cpu through iree.compiler.api.Session",
        "Python 3.14 exits with 1: iree.compiler.api cannot compile matmul.mlir for llvm-cpu",
    )
    iree.module("compiler/api.py").write_text(source)
    assert passed(run_emulated(iree, "second")) == VERSIONS | COMPILATIONS | RUNS


def test_a_linker_that_wine_loses_is_started_again(iree: FakeIree) -> None:
    """Catches: a sound compiler reported as faulty on a busy machine."""
    lost = 'test -e "$LOG" || { echo "Linking failed; exit code 1:" >&2; echo >> "$LOG"; exit 1; }'
    script = iree.tool("iree-compile").read_text().removeprefix("#!/bin/sh\n")
    write_program(iree.tool("iree-compile"), f"{lost}\n{script}")
    assert passed(run(iree, "tools", runner={"attempts": 3})) == TOOLS
    iree.log.unlink()
    assert run(iree, "tools").failure == (
        f"compile {FIRST} through iree-compile",
        "iree-compile exits with 1: Linking failed; exit code 1:",
    )
