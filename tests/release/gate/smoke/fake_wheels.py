"""Wheels of a few kilobytes that a smoke test cannot tell from IREE's, with or without faults."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.probes import SCRIPTS

VERSION = "20261122.1"

# A compiled model is a file with the model's name. A program acts by its own name.
_RUNTIME = '''\
"""Computes with NumPy what a compiled model would."""

import pathlib
import numpy as np


def _collatz(start):
    steps = []
    for number in start.tolist():
        steps.append(0)
        while number > 1:
            number = 3 * number + 1 if number % 2 else number // 2
            steps[-1] += 1
    return np.array(steps, dtype=np.int32)


MODELS = {
    "collatz": _collatz,
    "elementwise": lambda a, b: np.tanh(a * b + a),
    "matmul": lambda a, b: a @ b,
}


class _Result:
    def __init__(self, numbers):
        self.numbers = numbers

    def to_host(self):
        return self.numbers


def load_vm_flatbuffer_file(path, driver):
    name = pathlib.Path(path).read_text()
    return {name: lambda *arguments: _Result(MODELS[name](*arguments))}
'''
_COMPILER = '''\
"""Writes the name of the model as the compiled model."""

import pathlib


def compile_file(source, output_file, target_backends, extra_args):
    pathlib.Path(output_file).write_text(pathlib.Path(source).stem)
'''
_API = """\
import pathlib


class Session:
    context = None

    def set_flags(self, *flags):
        pass

    def invocation(self):
        return Invocation()


class Invocation:
    def enable_console_diagnostics(self):
        pass

    def import_module(self, operation):
        self.text = operation

    def execute(self):
        return True

    def output_vm_bytecode(self, output):
        (name,) = (n for n in ("collatz", "elementwise", "matmul") if f"@{n}(" in self.text)
        output.path.write_text(name)


class Output:
    @classmethod
    def open_file(cls, path):
        output = cls()
        output.path = pathlib.Path(path)
        return output

    def keep(self):
        pass
"""
_IR = """\
class Module:
    @classmethod
    def parse(cls, text, context):
        module = cls()
        module.operation = text
        return module
"""
_PROGRAMS = '''\
"""All console scripts of a package."""

import pathlib
import sys

ANSWERS = {answers}


def main():
    name = pathlib.Path(sys.argv[0]).name
    flags = dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a and not a.startswith("--input"))
    if "-o" in sys.argv:
        from iree.compiler import compile_file
        compile_file(sys.argv[-3], sys.argv[-1], [], [])
    elif "--module" in flags:
        import numpy as np
        from iree import runtime
        arguments = [np.load(a.partition("@")[2]) for a in sys.argv if a.startswith("--input=@")]
        function = runtime.load_vm_flatbuffer_file(flags["--module"], "")[flags["--function"]]
        np.save(flags["--output"].removeprefix("@"), function(*arguments).to_host())
    else:
        words, code = ANSWERS[name]
        print(words)
        sys.exit(code)
'''


def compiler_files() -> dict[str, str]:
    """The files of a good iree-compiler, by path in the wheel."""
    return _files(
        "iree-compiler",
        "numpy",
        {
            "iree/compiler/__init__.py": _COMPILER,
            "iree/compiler/api.py": _API,
            "iree/compiler/ir.py": _IR,
        },
    )


def runtime_files() -> dict[str, str]:
    """The files of a good iree-runtime, by path in the wheel."""
    return _files("iree-runtime", "numpy", {"iree/runtime/__init__.py": _RUNTIME})


def write_wheel(directory: Path, package: str, files: Mapping[str, str]) -> PinnedWheel:
    """Writes a wheel with a valid RECORD for these files."""
    project = package.replace("-", "_")
    path = directory / f"{project}-{VERSION}-py3-none-manylinux_2_28_x86_64.whl"
    record = f"{project}-{VERSION}.dist-info/RECORD"
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            rows.append(f"{name},sha256={digest.decode()},{len(text.encode())}\n")
        archive.writestr(record, "".join([*rows, f"{record},,\n"]))
    return PinnedWheel(package, path, hashlib.sha256(path.read_bytes()).hexdigest())


def _files(package: str, requires: str, modules: Mapping[str, str]) -> dict[str, str]:
    directory = package.replace("-", "/")
    info = f"{package.replace('-', '_')}-{VERSION}.dist-info"
    answers = {
        # Without its backslashes, each of these patterns matches itself.
        name: (probe.pattern.replace("\\", "").split("|")[0], probe.exit_code)
        for name, probe in SCRIPTS[package].items()
    }
    scripts = "".join(f"{name} = {directory.replace('/', '.')}.programs:main\n" for name in answers)
    return {
        **modules,
        f"{directory}/programs.py": _PROGRAMS.format(answers=json.dumps(answers)),
        f"{directory}/version.py": f'VERSION = "{VERSION}"\n',
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n"
            f"Requires-Dist: {requires}\n"
        ),
        f"{info}/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n"
            "Tag: py3-none-manylinux_2_28_x86_64\n"
        ),
        f"{info}/entry_points.txt": f"[console_scripts]\n{scripts}",
    }
