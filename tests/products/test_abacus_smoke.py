"""The smoke program of abacus, with a fake abacus and with its real library and tool."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from products.abacus.smoke import main
from tests.products.smoke_requests import VERSION, Report, make_request, start, write_program

PROGRAM = Path(main.__file__)
PRODUCT = PROGRAM.parents[1]
API = {
    "abacus.evaluate returns values",
    "abacus.evaluate explains faults",
    "abacus_scripts.total returns values",
    "abacus.VERSION",
    "abacus_scripts.VERSION",
}
TOOL = {"abacus-eval prints values", "abacus-eval explains faults"}
SCRIPT = {"abacus-total reads arguments and files", "abacus-total explains faults"}
LIBRARY = {"the library evaluates expressions", "the header declares the functions of the library"}

_EVALUATE = f"""\
import operator
VERSION = "{VERSION}"
_OPERATORS = dict(zip("+-*/", (operator.add, operator.sub, operator.mul, operator.truediv)))

def evaluate(expression):
    stack = []
    for word in expression.split():
        if word in _OPERATORS:
            if len(stack) < 2:
                raise ValueError(word + " lacks an operand")
            right, left = stack.pop(), stack.pop()
            if word == "/" and not right:
                raise ValueError("division by zero")
            stack.append(_OPERATORS[word](left, right))
        else:
            try:
                stack.append(float(word))
            except ValueError:
                raise ValueError(word + " is neither a number nor one of + - * /") from None
    if len(stack) != 1:
        raise ValueError(f"the expression leaves {{len(stack)}} values")
    return stack[0]
"""
# As a console script, which takes its name from the command line.
_CALL = 'PYTHONPATH={packages} exec {python} -sP -c "import sys; {call}" "$@"'


class FakeAbacus:
    """A Python `abacus` and its script; the real source of abacus-scripts."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.packages = directory / "packages"
        self.module = self.packages / "abacus" / "__init__.py"
        self.module.parent.mkdir(parents=True)
        self.module.write_text(_EVALUATE)
        # The real script of abacus, which has no tool to start.
        shutil.copy(PRODUCT / "source/python/abacus/evaluate.py", self.module.parent)
        scripts = self.packages / "abacus_scripts"
        shutil.copytree(PRODUCT / "scripts/python/abacus_scripts", scripts)
        version = scripts / "version.py"
        assert version.read_text().count('VERSION = "0"\n') == 1
        version.write_text(f'VERSION = "{VERSION}"\n')
        for name, module in {
            "abacus-eval": "abacus.evaluate",
            "abacus-total": "abacus_scripts.main",
        }.items():
            call = f"from {module} import main; sys.exit(main())"
            python = shlex.quote(sys.executable)
            packages = shlex.quote(str(self.packages))
            write_program(
                self.tool(name), _CALL.format(python=python, packages=packages, call=call)
            )

    def tool(self, name: str) -> Path:
        """The path of a program."""
        return self.directory / "bin" / name

    def run(self, kind: str, **changes: Any) -> Report:
        """Runs the smoke program."""
        programs = ("abacus-eval", "abacus-total") if kind == "python" else ("abacus-eval",)
        request = make_request(
            self.directory,
            kind,
            python={"version": "3.14", "command": [sys.executable, "-sP"]},
            **{
                "programs": {name: str(self.tool(name)) for name in programs},
                "runner": {"environment": {"PYTHONPATH": str(self.packages), "PATH": os.defpath}},
                **changes,
            },
        )
        return start(PROGRAM, request, self.directory)


@pytest.fixture
def abacus(tmp_path: Path) -> FakeAbacus:
    return FakeAbacus(tmp_path)


def passed(report: Report) -> set[str]:
    """The results, which must all have passed."""
    assert {*report.statuses.values()} == {"passed"}, report.lines[-1]
    assert (report.exit_code, report.stderr, report.count) == (0, "", len(report.lines))
    return {*report.statuses}


def test_both_packages_are_used_in_a_python(abacus: FakeAbacus) -> None:
    assert passed(abacus.run("python")) == API | TOOL | SCRIPT


def test_an_emulated_python_has_no_scripts(abacus: FakeAbacus) -> None:
    assert passed(abacus.run("python", emulated=True, programs={})) == API


def test_the_tool_of_a_wheel_is_called(abacus: FakeAbacus) -> None:
    assert passed(abacus.run("tools")) == TOOL


def compile_dist(dist: Path) -> None:
    """Builds the dist of this machine from the product's source."""
    compiler = shutil.which("c++", path=os.defpath)
    if compiler is None or sys.platform != "linux":
        pytest.skip("not run: c++ is not on PATH, or this machine is not Linux")
    source = PRODUCT / "source"
    (dist / "bin").mkdir()
    shutil.copytree(source / "include", dist / "include")
    command = [compiler, "-std=c++17", "-I", str(dist / "include")]
    library, tool = dist / "bin" / "libabacus.so", dist / "bin" / "abacus-eval"
    built = [*command, "-shared", "-fPIC", str(source / "src/abacus.cc"), "-o", str(library)]
    subprocess.run(built, check=True)
    linked = [str(source / "tools/eval.cc"), str(library), "-Wl,-rpath,$ORIGIN", "-o", str(tool)]
    subprocess.run([*command, *linked], check=True)


def test_tool_and_library_of_a_dist_are_called(abacus: FakeAbacus) -> None:
    """Catches: expectations that the real tool and library do not meet."""
    dist = abacus.directory / "dist"
    dist.mkdir()
    compile_dist(dist)
    programs = {"abacus-eval": str(dist / "bin" / "abacus-eval")}
    assert passed(abacus.run("dist", programs=programs)) == TOOL | LIBRARY


def write_header(abacus: FakeAbacus) -> Path:
    """Writes the header of a dist that has no library."""
    include = abacus.directory / "dist" / "include"
    shutil.copytree(PRODUCT / "source" / "include", include)
    return include / "abacus.h"


def test_an_emulated_library_is_not_run(abacus: FakeAbacus) -> None:
    """Catches: a library of another platform loaded, or its result left out."""
    write_header(abacus)
    report = abacus.run("dist", emulated=True)
    assert report.lines[-1] == {
        "name": "the library evaluates expressions",
        "status": "not run",
        "detail": "this machine cannot load libabacus.so",
    }
    assert (report.exit_code, report.count) == (0, 4)


def test_a_missing_library_fails(abacus: FakeAbacus) -> None:
    write_header(abacus)
    name, detail = abacus.run("dist").failure
    assert name == "the library evaluates expressions"
    assert "libabacus.so: cannot open shared object file" in detail


def test_a_header_without_a_function_fails(abacus: FakeAbacus) -> None:
    header = write_header(abacus)
    header.write_text(header.read_text().replace("abacus_free(", "abacus_release("))
    name, _ = abacus.run("dist").failure
    assert name == "the header declares the functions of the library"


def change(name: str, old: str, new: str) -> Callable[[FakeAbacus], None]:
    """A fault: another text in a module."""

    def fault(abacus: FakeAbacus) -> None:
        path = abacus.packages / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return fault


FAULTS: dict[str, tuple[Callable[[FakeAbacus], object], str, str]] = {
    "wrong values": (
        change("abacus/__init__.py", "operator.mul", "operator.add"),
        "abacus.evaluate returns values",
        "it gives [9.0, 6.0, 13.0, -0.25, 999.5], not [20, 6, 42, -0.25, 999.5]",
    ),
    "values that are NaN": (
        change("abacus/__init__.py", "return stack[0]", 'return float("nan")'),
        "abacus.evaluate returns values",
        "it gives [nan, nan, nan, nan, nan], not [20, 6, 42, -0.25, 999.5]",
    ),
    "another message": (
        change("abacus/__init__.py", "division by zero", "cannot divide"),
        "abacus.evaluate explains faults",
        "it gives ['the expression leaves 0 values', ",
    ),
    "a missing library": (
        lambda abacus: abacus.module.write_text('raise ImportError("no libabacus.so")'),
        "abacus.evaluate returns values",
        "Python 3.14 exits with 1: ImportError: no libabacus.so",
    ),
    "another version": (
        change("abacus_scripts/version.py", VERSION, "2"),
        "abacus_scripts.VERSION",
        f"it gives '2', not '{VERSION}'",
    ),
    "no tool": (
        lambda abacus: abacus.tool("abacus-eval").unlink(),
        "abacus-eval prints values",
        "abacus-eval does not start (No such file or directory)",
    ),
    "a tool that prints something else": (
        lambda abacus: write_program(abacus.tool("abacus-eval"), "echo 20"),
        "abacus-eval prints values",
        "it gives '20', not '6'",
    ),
    "a tool that hides faults": (
        change("abacus/evaluate.py", "return 1", "return 0"),
        "abacus-eval explains faults",
        "abacus-eval exits with 0, not 1: abacus-eval: the expression leaves 0 values",
    ),
    "a script that omits files": (
        change("abacus_scripts/main.py", "in options.file", "in []"),
        "abacus-total reads arguments and files",
        "it gives ['20'], not ['20', '6', '42', '-0.25', '999.5']",
    ),
    "a script that hides faults": (
        change("abacus_scripts/main.py", "return 1", "return 0"),
        "abacus-total explains faults",
        "abacus-total exits with 0, not 1: abacus-total: + lacks an operand",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(abacus: FakeAbacus, name: str) -> None:
    """Catches: a fault that no result shows, or that the wrong one shows."""
    fault, failed, detail = FAULTS[name]
    fault(abacus)
    report = abacus.run("python")
    assert report.failure[0] == failed
    assert report.failure[1].startswith(detail)
    assert report.exit_code == 0


def test_fewer_results_than_expected_fail_the_program(abacus: FakeAbacus, tmp_path: Path) -> None:
    """Catches: a check that is no longer made, and nobody notices."""
    program = tmp_path / "main.py"
    text = PROGRAM.read_text()
    assert text.count('("abacus", "abacus_scripts")') == 1
    program.write_text(text.replace('("abacus", "abacus_scripts")', '("abacus",)'))
    request = make_request(
        tmp_path,
        "python",
        python={"version": "3.14", "command": [sys.executable, "-sP"]},
        emulated=True,
        runner={"environment": {"PYTHONPATH": str(abacus.packages)}},
    )
    report = start(program, request, tmp_path)
    assert (report.exit_code, report.count) == (1, None)
    assert report.stderr == "main.py: 4 results instead of 5\n"
