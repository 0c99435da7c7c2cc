"""The models that every IREE we ship must compile and run with correct results.

As a module, it gives the gate the inputs and the expected results. It is also a stand-alone program
that runs in the environment under test, on Python 3.11 and later, with only NumPy and that
environment's IREE; so it imports none of our modules. Compiling and running are separate commands,
so that one machine can compile what another one, real or emulated, runs:

    python model_set.py compile --through session --backend llvm-cpu --modules DIR
    python model_set.py run --through tool --modules DIR

`run` prints a JSON list, one `Verdict` per compiled module, and exits with 1 if any is wrong.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"

BACKENDS = ("llvm-cpu", "vmvx")
TOOLS = Path(sysconfig.get_path("scripts"))


class ModelError(Exception):
    """A model cannot be compiled or run; the message is one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """A function in `models/NAME.mlir`, its arguments, and its result according to NumPy."""

    name: str
    arguments: tuple[Array, ...]
    expected: Array
    tolerance: float
    """The largest relative error allowed; 0 requires equality."""

    @property
    def source(self) -> Path:
        """The file with the function."""
        return Path(__file__).absolute().parent / "models" / f"{self.name}.mlir"


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How far the results of one compiled module differ from NumPy's."""

    model: str
    backend: str
    compiled_through: str
    ran_through: str
    error: float
    right: bool


def _wave(*shape: int) -> Array:
    """Numbers between -1 and 1 without a pattern that a wrong index could preserve."""
    count = int(np.prod(shape))
    return np.sin(np.arange(1, count + 1, dtype=np.float64) ** 1.5).reshape(shape)


def _elementwise() -> Model:
    a, b = _wave(5, 7).astype(np.float32), 2 * _wave(5, 7)[::-1].astype(np.float32)
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    return Model("elementwise", (a, b), np.tanh(wide_a * wide_b + wide_a), tolerance=1e-5)


def _matmul() -> Model:
    a, b = _wave(17, 31).astype(np.float32), _wave(31, 23).astype(np.float32)
    return Model("matmul", (a, b), a.astype(np.float64) @ b.astype(np.float64), tolerance=1e-5)


def _collatz() -> Model:
    start = np.array([1, 2, 3, 4, 7, 27, 97, 871], dtype=np.int32)
    number, steps = start.copy(), np.zeros_like(start)
    while (number > 1).any():
        running = number > 1
        moved = np.where(number % 2 == 1, 3 * number + 1, number // 2)
        number = np.where(running, moved, number)
        steps += running
    return Model("collatz", (start,), steps, tolerance=0)


def model_set() -> tuple[Model, ...]:
    """All models: a fused kernel, a matrix product, and a data-dependent loop."""
    return (_elementwise(), _matmul(), _collatz())


def backend_flags(backend: str) -> list[str]:
    """The flags of `iree-compile` for the processor and one of BACKENDS."""
    return [
        "--iree-hal-target-device=local",
        f"--iree-hal-local-target-device-backends={backend}",
        *_target_flags(backend),
    ]


def _target_flags(backend: str) -> list[str]:
    # The code must not depend on the processor that the test runs on.
    return ["--iree-llvmcpu-target-cpu=generic"] if backend == "llvm-cpu" else []


def compile_in_process(source: Path, backend: str, flags: Sequence[str], module: Path) -> None:
    """Parses with the MLIR bindings and compiles in this process, as iree-turbine does."""
    api = importlib.import_module("iree.compiler.api")
    ir = importlib.import_module("iree.compiler.ir")
    session = api.Session()
    session.set_flags(*backend_flags(backend), *flags)
    parsed = ir.Module.parse(source.read_text(encoding="utf-8"), session.context)
    invocation = session.invocation()
    invocation.enable_console_diagnostics()
    invocation.import_module(parsed.operation)
    if not invocation.execute():
        raise ModelError(f"iree.compiler.api cannot compile {source.name} for {backend}")
    output = api.Output.open_file(str(module))
    invocation.output_vm_bytecode(output)
    output.keep()


def compile_by_function(source: Path, backend: str, flags: Sequence[str], module: Path) -> None:
    """Calls `iree.compiler.compile_file`, which finds the compiler and the linker itself."""
    compiler = importlib.import_module("iree.compiler")
    compiler.compile_file(
        str(source),
        output_file=str(module),
        target_backends=[backend],
        extra_args=[*_target_flags(backend), *flags],
    )


def compile_by_tool(source: Path, backend: str, flags: Sequence[str], module: Path) -> None:
    """Calls `iree-compile` as a shell does."""
    run_tool("iree-compile", *backend_flags(backend), *flags, str(source), "-o", str(module))


def run_in_process(module: Path, model: Model, device: str) -> Array:
    """Loads the module with `iree.runtime` and calls its function."""
    runtime = importlib.import_module("iree.runtime")
    loaded = runtime.load_vm_flatbuffer_file(str(module), driver=device)
    result: Array = loaded[model.name](*model.arguments).to_host()
    return result


def run_by_tool(module: Path, model: Model, device: str) -> Array:
    """Calls `iree-run-module`; .npy files keep every digit of the results."""
    run_tool("iree-run-module", *run_arguments(module, model, device))
    return load_result(module)


def run_arguments(
    module: Path, model: Model, device: str, tool_path: Callable[[Path], str] = str
) -> list[str]:
    """The arguments of `iree-run-module` for a compiled model.

    The model's own arguments are written beside the module, as the result will be.

    Args:
      module: the compiled model.
      model: the model.
      device: such as local-task.
      tool_path: the path by which the tool opens a file.
    """
    files = [module.with_suffix(f".{index}.npy") for index in range(len(model.arguments))]
    for file, argument in zip(files, model.arguments, strict=True):
        np.save(file, argument)
    return [
        f"--device={device}",
        f"--module={tool_path(module)}",
        f"--function={model.name}",
        *(f"--input=@{tool_path(file)}" for file in files),
        f"--output=@{tool_path(_result(module))}",
    ]


def load_result(module: Path) -> Array:
    """The result that `iree-run-module` wrote; OSError or ValueError if it is not an array."""
    result: Array = np.load(_result(module), allow_pickle=False)
    return result


def _result(module: Path) -> Path:
    return module.with_suffix(".result.npy")


COMPILE: dict[str, Callable[[Path, str, Sequence[str], Path], None]] = {
    "session": compile_in_process,
    "function": compile_by_function,
    "tool": compile_by_tool,
}
RUN: dict[str, Callable[[Path, Model, str], Array]] = {
    "runtime": run_in_process,
    "tool": run_by_tool,
}


def run_tool(name: str, *arguments: str) -> None:
    """Runs one IREE program.

    Raises ModelError with the end of its output if it is absent or fails.
    """
    try:
        done = subprocess.run(
            [str(TOOLS / name), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ModelError(f"{TOOLS / name} does not start: {error.strerror}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stderr.splitlines()[-10:])
        raise ModelError(f"{name} exits with {done.returncode}: {tail}")


def judge(model: Model, result: Array) -> tuple[float, bool]:
    """The largest relative error of a result, and whether the model allows it."""
    if result.shape != model.expected.shape:
        return float("inf"), False
    scale = np.maximum(np.abs(model.expected), 1)
    error = float(np.max(np.abs(result.astype(np.float64) - model.expected) / scale))
    # Not `error > tolerance`, which would accept NaN.
    return error, error <= model.tolerance


def compile_all(through: str, backend: str, flags: Sequence[str], modules: Path) -> None:
    """Compiles the set into `modules`, as NAME.BACKEND.THROUGH.vmfb."""
    modules.mkdir(parents=True, exist_ok=True)
    for model in model_set():
        module = modules / f"{model.name}.{backend}.{through}.vmfb"
        COMPILE[through](model.source, backend, flags, module)


def run_all(through: str, device: str, modules: Path) -> list[Verdict]:
    """Runs every compiled module below `modules`.

    Raises ModelError if there is none: an empty list would count as a success.
    """
    models = {model.name: model for model in model_set()}
    verdicts = []
    for module in sorted(modules.glob("*.vmfb")):
        name, backend, compiled_through, _ = module.name.split(".")
        error, right = judge(models[name], RUN[through](module, models[name], device))
        verdicts.append(Verdict(name, backend, compiled_through, through, error, right))
    if not verdicts:
        raise ModelError(f"{modules} has no compiled module; run `compile` first")
    return verdicts


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 a model fails or has wrong results, 2 bad usage."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    commands = parser.add_subparsers(dest="command", required=True)
    compiling = commands.add_parser("compile", help="compile every model")
    compiling.add_argument("--through", choices=COMPILE, required=True)
    compiling.add_argument("--backend", choices=BACKENDS, required=True)
    compiling.add_argument(
        "--flag", action="append", default=[], help="additional compiler flag; repeatable"
    )
    running = commands.add_parser("run", help="run every compiled module and check the results")
    running.add_argument("--through", choices=RUN, required=True)
    running.add_argument("--device", default="local-task")
    for command in (compiling, running):
        command.add_argument(
            "--modules", type=Path, required=True, help="directory of compiled modules"
        )
    options = parser.parse_args(argv)
    try:
        if options.command == "compile":
            compile_all(options.through, options.backend, options.flag, options.modules)
            return 0
        verdicts = run_all(options.through, options.device, options.modules)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([dataclasses.asdict(verdict) for verdict in verdicts], indent=1))
    return 0 if all(verdict.right for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
