"""The smoke program of abacus: evaluates expressions in every way.

python main.py REQUEST.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import smoke_kit
from smoke_kit import SmokeError

VALUES = {"2 3 + 4 *": 20, "1 2 3 + +": 6, "7 6 *": 42, "1 2 - 4 /": -0.25, "1e3 0.5 -": 999.5}
"""Expressions, and what they evaluate to; binary fractions, so results are exact."""
FAULTS = {
    "": "the expression leaves 0 values",
    "1 2": "the expression leaves 2 values",
    "2 +": "+ lacks an operand",
    "1 0 /": "division by zero",
    "1 x +": "x is neither a number nor one of + - * /",
}
"""Expressions without a value, and why."""

RESULTS = {"python": 9, "emulated python": 5, "tools": 2, "dist": 4}
"""How many results a complete smoke test has."""

# Prints the value or the message of each argument, as JSON.
_EVALUATE = """\
import json, sys
from abacus import evaluate
def call(expression):
    try:
        return evaluate(expression)
    except ValueError as error:
        return str(error)
print(json.dumps([call(expression) for expression in sys.argv[1:]]))
"""
_TOTAL = "import json, sys, abacus_scripts; print(json.dumps(abacus_scripts.total(sys.argv[1:])))"
_VERSION = "import {0}; print({0}.VERSION)"
# Calls the C function, as include/abacus.h declares it.
_CALL = """\
import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
def call(expression):
    result, error = ctypes.c_double(), ctypes.c_char_p()
    text = expression.encode()
    failed = library.abacus_evaluate(text, ctypes.byref(result), ctypes.byref(error))
    return error.value.decode() if failed else result.value
print(json.dumps([call(expression) for expression in sys.argv[2:]]))
"""
_LIBRARIES = {"linux": "libabacus.so", "macos": "libabacus.dylib", "windows": "abacus.dll"}


def compare(found: object, expected: object) -> None:
    """Raises SmokeError if the objects differ."""
    if found != expected:
        raise SmokeError(f"it gives {found!r}, not {expected!r}")


def check_tool(test: smoke_kit.Test) -> None:
    """Calls `abacus-eval`: the tool, or the script that starts it."""
    with test.result("abacus-eval prints values"):
        for expression, value in VALUES.items():
            done = test.run("abacus-eval", *expression.split()).expect()
            compare(done.stdout.strip(), f"{value:g}")
    with test.result("abacus-eval explains faults"):
        for expression, message in FAULTS.items():
            done = test.run("abacus-eval", *expression.split()).expect(1)
            compare((done.stdout, done.stderr.strip()), ("", f"abacus-eval: {message}"))


def check_api(test: smoke_kit.Test) -> None:
    """Calls the functions of both packages."""
    with test.result("abacus.evaluate returns values"):
        done = test.run_python("-c", _EVALUATE, *VALUES).expect()
        compare(json.loads(done.stdout), [*VALUES.values()])
    with test.result("abacus.evaluate explains faults"):
        done = test.run_python("-c", _EVALUATE, *FAULTS).expect()
        compare(json.loads(done.stdout), [*FAULTS.values()])
    with test.result("abacus_scripts.total returns values"):
        done = test.run_python("-c", _TOTAL, *VALUES).expect()
        compare(json.loads(done.stdout), [*VALUES.values()])
    for package in ("abacus", "abacus_scripts"):
        with test.result(f"{package}.VERSION"):
            done = test.run_python("-c", _VERSION.format(package)).expect()
            compare(done.stdout.strip(), test.version)


def check_script(test: smoke_kit.Test) -> None:
    """Calls `abacus-total`."""
    first, *others = VALUES
    file = test.scratch / "expressions.txt"
    file.write_text("".join(f"{expression}\n" for expression in ("", *others)), encoding="utf-8")
    with test.result("abacus-total reads arguments and files"):
        done = test.run("abacus-total", first, "--file", test.path(file)).expect()
        compare(done.stdout.split(), [f"{value:g}" for value in VALUES.values()])
    with test.result("abacus-total explains faults"):
        done = test.run("abacus-total", "1", "2 +").expect(1)
        compare((done.stdout, done.stderr.strip()), ("", "abacus-total: + lacks an operand"))


def check_library(test: smoke_kit.Test, dist: Path) -> None:
    """Calls the library of a dist as a C program does."""
    with test.result("the header declares the functions of the library"):
        header = (dist / "include" / "abacus.h").read_text(encoding="utf-8")
        for function in ("abacus_evaluate", "abacus_free"):
            compare(f"{function}(" in header, True)
    name = "the library evaluates expressions"
    library = dist / "bin" / _LIBRARIES[test.platform.os]
    if test.emulated:
        test.not_run(name, f"this machine cannot load {library.name}")
        return
    with test.result(name):
        expressions = {**VALUES, **FAULTS}
        # In a process of its own: a library that crashes must not end this program.
        done = test.run(Path(sys.executable), "-c", _CALL, str(library), *expressions).expect()
        compare(json.loads(done.stdout), [*expressions.values()])


def smoke(test: smoke_kit.Test) -> None:
    """Runs the smoke test.

    Raises:
      SmokeError: it has fewer or more results than a complete one.
    """
    kind: str = test.kind
    if test.kind == "python":
        check_api(test)
        if test.emulated:
            kind = "emulated python"
        else:
            check_tool(test)
            check_script(test)
    else:
        check_tool(test)
        if test.dist:
            check_library(test, test.dist)
    if test.results != RESULTS[kind]:
        raise SmokeError(f"{test.results} results instead of {RESULTS[kind]}")


if __name__ == "__main__":
    smoke_kit.main(smoke)
