"""The smoke program of IREE: compiles and runs models in every way, and checks their results.

    python main.py REQUEST.json

The models are a fused kernel, a matrix product, and a loop that depends on data. Their expected
results are computed here, in plain Python. Each result of the program is one model, for one
backend, compiled or run in one way.
"""

from __future__ import annotations

import ast
import json
import math
import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import smoke_kit
from smoke_kit import Done, SmokeError

API = Path(__file__).absolute().with_name("api.py")
"""The part that runs in the Python of the wheels."""
BACKENDS = ("llvm-cpu", "vmvx")
"""A native backend, whose code the linker links, and a portable one."""
SESSION, FUNCTION, COMPILER = (
    "iree.compiler.api.Session",
    "iree.compiler.compile_file",
    "iree-compile",
)
"""The interfaces of the compiler: each uses other files of its wheel."""
RUNTIME, RUNNER = "iree.runtime", "iree-run-module"
"""The interfaces of the runtime."""
DEVICE = "local-task"
VERSIONED = ("iree.compiler", "iree.runtime")
"""The modules with a module `version`."""
RESULTS = {"python": 2 + 18 + 36, "emulated python": 2 + 6 + 6, "tools": 6 + 6, "dist": 6 + 6}
"""How many results a complete smoke test has: versions, compiled models, and runs of these."""
SHARED_RESULTS = 2 + 6
"""As many if another Python compiled the models."""

_LINKER_VARIABLE = "IREE_LLVM_EMBEDDED_LINKER_PATH"
_LINKER_OF_WHEEL = "iree/compiler/_mlir_libs/iree-lld"
_LINK_FAILURE = "Linking failed;"  # printed by the compiler when its linker fails
_MAGIC = b"\x93NUMPY"


@dataclass(frozen=True, slots=True)
class Array:
    """An array with the elements in C order, as files in NumPy's format store it."""

    shape: tuple[int, ...]
    type: str
    """Of the elements: <f4 or <i4."""
    values: tuple[float, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], type_: str, values: Sequence[float]) -> Array:
        """An array of these values, rounded to its type."""
        code = _code(type_, len(values))
        return cls(shape, type_, struct.unpack(code, struct.pack(code, *values)))

    def at(self, row: int, column: int) -> float:
        """An element of a matrix."""
        return self.values[row * self.shape[1] + column]

    def write(self, path: Path) -> None:
        """Writes a .npy file."""
        # As NumPy writes it, with the last comma: IREE's tools accept no other form.
        header = f"{{'descr': '{self.type}', 'fortran_order': False, 'shape': {self.shape}, }}"
        padded = header + " " * (-(len(_MAGIC) + 4 + len(header) + 1) % 64) + "\n"
        start = _MAGIC + struct.pack("<BBH", 1, 0, len(padded)) + padded.encode("latin-1")
        path.write_bytes(start + struct.pack(_code(self.type, len(self.values)), *self.values))

    @classmethod
    def read(cls, path: Path) -> Array:
        """Reads a .npy file.

        Raises:
          SmokeError: it is missing, or not such a file.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SmokeError(f"{path.name}: no result ({error.strerror})") from error
        try:
            if not content.startswith(_MAGIC):
                raise ValueError("no magic number")
            major, size = content[6], struct.unpack_from("<H", content, 8)[0]
            start = 10
            if major > 1:
                size, start = struct.unpack_from("<I", content, 8)[0], 12
            header = ast.literal_eval(content[start : start + size].decode("latin-1"))
            shape, type_ = tuple(header["shape"]), str(header["descr"])
            if header["fortran_order"] and len(shape) > 1:
                raise ValueError("elements in Fortran's order")
            code = _code(type_, math.prod(shape))
            return cls(shape, type_, struct.unpack(code, content[start + size :]))
        except (ValueError, SyntaxError, LookupError, TypeError, struct.error) as error:
            raise SmokeError(f"{path.name} is not an array ({error})") from error


@dataclass(frozen=True, slots=True)
class Model:
    """A function in `models/NAME.mlir`, its arguments, and its result."""

    name: str
    arguments: tuple[Array, ...]
    expected: tuple[float, ...]
    """Not rounded to the type of the result."""
    shape: tuple[int, ...]
    """Of the result."""
    tolerance: float
    """The largest relative error allowed; 0 requires equality."""

    @property
    def source(self) -> Path:
        """The file with the function."""
        return Path(__file__).absolute().parent / "models" / f"{self.name}.mlir"

    def check(self, result: Array) -> float:
        """Checks a result; returns the largest relative error.

        Raises:
          SmokeError: its shape, its type or a number is wrong.
        """
        type_ = self.arguments[0].type
        if (result.shape, result.type) != (self.shape, type_):
            raise SmokeError(
                f"the result has shape {result.shape} and type {result.type}, "
                f"not {self.shape} and {type_}"
            )
        errors = [
            abs(value - expected) / max(abs(expected), 1)
            for value, expected in zip(result.values, self.expected, strict=True)
        ]
        # Not `error > tolerance`, which would accept NaN; and max() may ignore NaN.
        if wrong := [error for error in errors if not error <= self.tolerance]:
            largest = math.nan if any(map(math.isnan, wrong)) else max(wrong)
            raise SmokeError(
                f"{len(wrong)} of {len(errors)} numbers are wrong "
                f"(largest relative error {largest:.3g})"
            )
        return max(errors)


def _code(type_: str, count: int) -> str:
    return f"<{count}{ {'<f4': 'f', '<i4': 'i'}[type_] }"


def _wave(count: int) -> list[float]:
    """Numbers between -1 and 1 without a pattern that a wrong index could preserve."""
    return [math.sin(number**1.5) for number in range(1, count + 1)]


def _elementwise() -> Model:
    shape = (5, 7)
    wave = _wave(35)
    reversed_rows = [
        2 * wave[7 * row + column] for row in reversed(range(5)) for column in range(7)
    ]
    a, b = Array.of(shape, "<f4", wave), Array.of(shape, "<f4", reversed_rows)
    expected = tuple(math.tanh(x * y + x) for x, y in zip(a.values, b.values, strict=True))
    return Model("elementwise", (a, b), expected, shape, tolerance=1e-5)


def _matmul() -> Model:
    a, b = Array.of((17, 31), "<f4", _wave(17 * 31)), Array.of((31, 23), "<f4", _wave(31 * 23))
    expected = tuple(
        math.fsum(a.at(row, index) * b.at(index, column) for index in range(31))
        for row in range(17)
        for column in range(23)
    )
    return Model("matmul", (a, b), expected, (17, 23), tolerance=1e-5)


def _collatz() -> Model:
    start = (1, 2, 3, 4, 7, 27, 97, 871)

    def steps(number: int) -> int:
        count = 0
        while number > 1:
            number = 3 * number + 1 if number % 2 else number // 2
            count += 1
        return count

    expected = tuple(steps(number) for number in start)
    return Model("collatz", (Array.of((8,), "<i4", start),), expected, (8,), tolerance=0)


MODELS = (_elementwise(), _matmul(), _collatz())


def target_flags(backend: str) -> list[str]:
    """The flags of the compiler that keep code independent of the processor of this machine."""
    return ["--iree-llvmcpu-target-cpu=generic"] if backend == "llvm-cpu" else []


def backend_flags(backend: str) -> list[str]:
    """The flags of `iree-compile` for the processor and one of BACKENDS."""
    return [
        "--iree-hal-target-device=local",
        f"--iree-hal-local-target-device-backends={backend}",
        *target_flags(backend),
    ]


def lost_linker(done: Done) -> bool:
    """Whether the compiler failed since its linker did, without a message of the linker."""
    lines = (done.stdout + done.stderr).splitlines()
    return (
        done.exit_code == 1
        and any(line.startswith(_LINK_FAILURE) for line in lines)
        and not any("lld" in line and "error:" in line for line in lines)
    )


class Api:
    """Calls of the Python API: one process makes several, and each writes a file.

    It starts when the first file is needed, so that a failure belongs to a result.
    """

    def __init__(self, test: smoke_kit.Test, jobs: Sequence[Mapping[str, object]]) -> None:
        self._test = test
        self._jobs = jobs

    def expect(self, file: Path) -> None:
        """Makes the calls, if this one was not made yet.

        Raises:
          SmokeError: the process failed before it wrote the file, or after it wrote the last one.
        """
        done = self._done
        if not file.is_file() or file == self._jobs[-1]["output"]:
            done.expect()

    @cached_property
    def _done(self) -> Done:
        request = Path(tempfile.mkdtemp(dir=self._test.scratch)) / "jobs.json"
        request.write_text(json.dumps(self._jobs, default=str), encoding="utf-8")
        return self._test.run_python(str(API), str(request), environment=linker(self._test))


def linker(test: smoke_kit.Test) -> dict[str, str]:
    """The variable by which the compiler starts its linker, where it cannot do so itself.

    Raises:
      SmokeError: the linker is missing.
    """
    if test.packages is not None and test.kind == "python":
        program = test.packages / _LINKER_OF_WHEEL
    else:
        program = test.program("iree-lld")
    starter = test.starter(program)
    return {} if starter == program else {_LINKER_VARIABLE: test.path(starter)}


@dataclass(frozen=True, slots=True)
class Module:
    """A model to compile."""

    model: Model
    backend: str
    through: str
    path: Path

    def __str__(self) -> str:
        return f"{self.model.name} for {self.backend}"


def modules(directory: Path, through: str, backend: str) -> list[Module]:
    """All models, to compile into a directory for one backend through one interface."""
    way = through.rpartition(".")[2].lower()
    return [
        Module(model, backend, through, directory / f"{model.name}.{backend}.{way}.vmfb")
        for model in MODELS
    ]


def compile_by_tool(test: smoke_kit.Test, compiled: Sequence[Module]) -> None:
    """Compiles modules by `iree-compile`, as a shell does."""
    for module in compiled:
        with test.result(f"compile {module} through {COMPILER}"):
            arguments = [*backend_flags(module.backend), test.path(module.model.source)]
            test.run(
                COMPILER,
                *(*arguments, "-o", test.path(module.path)),
                environment=linker(test),
                retry=lost_linker,
            ).expect()
            _check_written(module)


def compile_by_api(test: smoke_kit.Test, compiled: Sequence[Module]) -> None:
    """Compiles modules by the Python API, in one process."""
    jobs = [
        {
            "call": module.through,
            "source": module.model.source,
            "backend": module.backend,
            "flags": target_flags(module.backend)
            if module.through == FUNCTION
            else backend_flags(module.backend),
            "output": module.path,
        }
        for module in compiled
    ]
    api = Api(test, jobs)
    for module in compiled:
        with test.result(f"compile {module} through {module.through}"):
            api.expect(module.path)
            _check_written(module)


def _check_written(module: Module) -> None:
    if not (module.path.is_file() and module.path.stat().st_size):
        raise SmokeError(f"{module.path.name} is missing or empty")


def run_by_tool(test: smoke_kit.Test, compiled: Sequence[Module]) -> None:
    """Runs modules by `iree-run-module`, and checks their results."""
    for module in compiled:
        with test.result(f"run {module} through {RUNNER}{_origin(test, module)}") as note:
            inputs, output = _files(test, module, RUNNER)
            test.run(
                RUNNER,
                f"--device={DEVICE}",
                f"--module={test.path(module.path)}",
                f"--function={module.model.name}",
                *(f"--input=@{test.path(file)}" for file in inputs),
                f"--output=@{test.path(output)}",
            ).expect()
            note(_compare(module, output))


def run_by_api(test: smoke_kit.Test, compiled: Sequence[Module], *, note: str = "") -> None:
    """Runs modules by the Python API, in one process, and checks their results.

    Args:
      test: the smoke test.
      compiled: the modules.
      note: a detail of each result.
    """
    files = [_files(test, module, RUNTIME) for module in compiled]
    jobs = [
        {
            "call": RUNTIME,
            "module": module.path,
            "function": module.model.name,
            "device": DEVICE,
            "inputs": inputs,
            "output": output,
        }
        for module, (inputs, output) in zip(compiled, files, strict=True)
    ]
    api = Api(test, jobs)
    for module, (_, output) in zip(compiled, files, strict=True):
        with test.result(f"run {module} through {RUNTIME}{_origin(test, module)}") as add:
            api.expect(output)
            add(_compare(module, output))
            if note:
                add(note)


def _origin(test: smoke_kit.Test, module: Module) -> str:
    """Tells results apart where models are compiled in several ways."""
    several = test.kind == "python" and not test.emulated
    return f", compiled through {module.through}" if several else ""


def _files(test: smoke_kit.Test, module: Module, through: str) -> tuple[list[Path], Path]:
    """Writes the arguments of a model to files; returns these, and a file for its result."""
    stem = f"{module.path.stem}.{through}"
    inputs = [test.scratch / f"{stem}.{index}.npy" for index in range(len(module.model.arguments))]
    for file, argument in zip(inputs, module.model.arguments, strict=True):
        argument.write(file)
    return inputs, test.scratch / f"{stem}.result.npy"


def _compare(module: Module, output: Path) -> str:
    error = module.model.check(Array.read(output))
    return f"largest relative error {error:.2g}"


def check_versions(test: smoke_kit.Test) -> None:
    """Checks the version that each part of the API has."""
    for name in VERSIONED:
        with test.result(f"version of {name}"):
            program = f"import {name}.version as module; print(module.VERSION)"
            found = test.run_python("-c", program).expect().stdout.strip()
            if found != test.version:
                raise SmokeError(f"{name}.version has version {found}, not {test.version}")


def use_python(test: smoke_kit.Test) -> int:
    """Compiles and runs all models in all ways that a Python of this platform has.

    Returns:
      The number of results that this must give.
    """
    check_versions(test)
    compiled = []
    for backend in BACKENDS:
        for through in (SESSION, FUNCTION, COMPILER):
            parts = modules(test.scratch, through, backend)
            (compile_by_tool if through == COMPILER else compile_by_api)(test, parts)
            compiled += parts
    run_by_api(test, compiled)
    run_by_tool(test, compiled)
    return RESULTS["python"]


def use_emulated_python(test: smoke_kit.Test) -> int:
    """Compiles all models once for all Pythons, which takes a minute, and runs them with each.

    Returns:
      The number of results that this must give.
    """
    check_versions(test)
    shared = test.shared / "models"
    if shared.is_dir():
        count, note = SHARED_RESULTS, "compiled with another Python"
    else:
        count, note = RESULTS["emulated python"], ""
        # Complete or absent: if this Python fails, the next one compiles for itself.
        incomplete = Path(tempfile.mkdtemp(dir=test.shared))
        for backend in BACKENDS:
            compile_by_api(test, modules(incomplete, SESSION, backend))
        incomplete.rename(shared)
    compiled = [module for backend in BACKENDS for module in modules(shared, SESSION, backend)]
    run_by_api(test, compiled, note=note)
    return count


def use_tools(test: smoke_kit.Test) -> int:
    """Compiles and runs all models with native tools.

    Returns:
      The number of results that this must give.
    """
    for backend in BACKENDS:
        compiled = modules(test.scratch, COMPILER, backend)
        compile_by_tool(test, compiled)
        run_by_tool(test, compiled)
    return RESULTS[test.kind]


def smoke(test: smoke_kit.Test) -> None:
    """Runs the smoke test.

    Raises:
      SmokeError: it has fewer or more results than a complete one.
    """
    use = use_tools
    if test.kind == "python":
        use = use_emulated_python if test.emulated else use_python
    expected = use(test)
    if test.results != expected:
        raise SmokeError(f"{test.results} results instead of {expected}")


if __name__ == "__main__":
    smoke_kit.main(smoke)
