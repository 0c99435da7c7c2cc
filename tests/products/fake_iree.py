"""A fake IREE: tools and a Python API that write fixed results, sound or broken on purpose."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.products.smoke_requests import VERSION, make_request, write_program
from toolchains.child_python import import_path

BACKENDS = ("llvm-cpu", "vmvx")
MODELS = ("elementwise", "matmul", "collatz")

# Each logs its environment, and writes what its last argument or --output names.
_COMPILE = """\
echo "compile $IREE_LLVM_EMBEDDED_LINKER_PATH $@" >> "$LOG"
case "$*" in *--iree-hal-local-target-device-backends=*.mlir*) ;; *) exit 2 ;; esac
for last; do :; done
echo compiled > "$last"
"""
_RUN = """\
echo "run $@" >> "$LOG"
for flag; do case $flag in
  --function=*) function=${flag#*=} ;;
  --module=*) test -s "${flag#*=}" || exit 2 ;;
  --output=@*) output=${flag#*@} ;;
esac; done
cp "$RESULTS/$function.npy" "$output"
"""
_API = """\
import os
from pathlib import Path

class Session:
    context = "context"
    def set_flags(self, *flags):
        assert any(flag.startswith("--iree-hal-local-target-device-backends=") for flag in flags)
        log("session", *flags)
    def invocation(self):
        return Invocation()

class Invocation:
    def enable_console_diagnostics(self):
        pass
    def import_module(self, operation):
        self.source = operation
    def execute(self):
        return "func.func" in self.source
    def output_vm_bytecode(self, output):
        output.content = self.source

class Output:
    @classmethod
    def open_file(cls, path):
        output = cls()
        output.path = Path(path)
        return output
    def keep(self):
        self.path.write_text(self.content)

def log(*words):
    with open(os.environ["LOG"], "a") as file:
        print(*words, os.environ.get("IREE_LLVM_EMBEDDED_LINKER_PATH", ""), file=file)
"""
_IR = """\
class Module:
    @classmethod
    def parse(cls, text, context):
        assert context == "context"
        module = cls()
        module.operation = text
        return module
"""
_COMPILER = """\
from pathlib import Path
from iree.compiler.api import log

def compile_file(source, *, output_file, target_backends, extra_args):
    log("function", *target_backends, *extra_args)
    Path(output_file).write_text(Path(source).read_text())
"""
_RUNTIME = """\
import os
from pathlib import Path
import numpy

def load_vm_flatbuffer_file(path, driver):
    assert Path(path).read_text() and driver == "local-task"
    return Loaded()

class Loaded:
    def __getitem__(self, name):
        def call(*arguments):
            assert all(isinstance(argument, numpy.ndarray) for argument in arguments)
            return Result(numpy.load(Path(os.environ["RESULTS"], name + ".npy"), allow_pickle=True))
        return call

class Result:
    def __init__(self, array):
        self.array = array
    def to_host(self):
        return self.array
"""


def expected_results() -> dict[str, np.ndarray[Any, Any]]:
    """What NumPy computes for each model."""

    def wave(*shape: int) -> np.ndarray[Any, Any]:
        count = int(np.prod(shape))
        return np.sin(np.arange(1, count + 1, dtype=np.float64) ** 1.5).reshape(shape)

    a, b = wave(5, 7).astype(np.float32), 2 * wave(5, 7)[::-1].astype(np.float32)
    left, right = wave(17, 31).astype(np.float32), wave(31, 23).astype(np.float32)
    number = np.array([1, 2, 3, 4, 7, 27, 97, 871], dtype=np.int32)
    steps = np.zeros_like(number)
    while (number > 1).any():
        running = number > 1
        moved = np.where(number % 2 == 1, 3 * number + 1, number // 2)
        number = np.where(running, moved, number)
        steps += running
    return {
        "elementwise": np.tanh(a * b + a),
        "matmul": left @ right,
        "collatz": steps,
    }


Fault = Callable[["FakeIree"], object]


class FakeIree:
    """The files of a fake IREE below a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.packages = directory / "packages"
        self.results = directory / "results"
        self.log = directory / "log"
        self.results.mkdir()
        for name, array in expected_results().items():
            np.save(self.results / f"{name}.npy", array)
        write_program(self.tool("iree-compile"), _COMPILE)
        write_program(self.tool("iree-run-module"), _RUN)
        write_program(self.tool("iree-lld"), 'echo "link $@" >> "$LOG"')
        for name, source in {
            "compiler/__init__.py": _COMPILER,
            "compiler/api.py": _API,
            "compiler/ir.py": _IR,
            "compiler/version.py": f'VERSION = "{VERSION}"\n',
            "runtime/__init__.py": _RUNTIME,
            "runtime/version.py": f'VERSION = "{VERSION}"\n',
        }.items():
            self.module(name).parent.mkdir(parents=True, exist_ok=True)
            self.module(name).write_text(source)

    def tool(self, name: str) -> Path:
        """The path of a tool."""
        return self.directory / "bin" / name

    def module(self, name: str) -> Path:
        """The path of a Python file of iree."""
        return self.packages / "iree" / name

    def request(self, kind: str, **changes: Any) -> dict[str, Any]:
        """A request to test it."""
        environment = {
            "PATH": os.defpath,
            "LOG": str(self.log),
            "RESULTS": str(self.results),
            "PYTHONPATH": os.pathsep.join([str(self.packages), *import_path()]),
        }
        programs = ("iree-compile", "iree-lld", "iree-run-module")
        return make_request(
            self.directory,
            kind,
            product="iree",
            programs={name: str(self.tool(name)) for name in programs},
            python={"version": "3.14", "command": [sys.executable, "-sP"]}
            if kind == "python"
            else None,
            runner={"environment": environment, **changes.pop("runner", {})},
            **changes,
        )

    def logged(self) -> list[str]:
        """A line for each call."""
        return self.log.read_text().splitlines()
