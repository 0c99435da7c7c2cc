"""The C header, the list of exports for Windows and the CMake package agree with each other."""

from __future__ import annotations

from pathlib import Path

from tests.packaging.dist.interface import declared_functions

DIST = Path("products/iree/dist")


def test_windows_exports_what_the_header_declares() -> None:
    # A function that the list lacks cannot be linked on Windows.
    lines = (DIST / "IREECompiler.def").read_text().splitlines()
    exports = [line.strip() for line in lines if line.startswith("  ")]

    assert exports == sorted(declared_functions())


def test_the_test_program_calls_every_function() -> None:
    calls = Path("tests/packaging/dist/consumer/every_call.c").read_text()

    assert [name for name in declared_functions() if name not in calls] == []
