"""The interpreters that the build found are what it says they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_programs_run_with_the_interpreter_itself() -> None:
    # A shim would start a shell for every program, and may choose another version elsewhere.
    executable = Path(sys.executable)

    assert executable.is_absolute()
    assert not executable.is_symlink()
    assert executable.read_bytes()[:2] != b"#!"
    assert sys.version_info >= (3, 11)


@pytest.mark.parametrize("file", os.environ["INTERPRETERS"].split())
def test_an_interpreter_under_test_is_of_its_version(file: str) -> None:
    interpreter = json.loads(Path(file).read_text(encoding="utf-8"))
    if interpreter["executable"] is None:
        pytest.skip(f"not run: Python {interpreter['version']}: {interpreter['reason']}")

    told = subprocess.run(
        [interpreter["executable"], "-c", "import ctypes, ssl, sys; print(sys.version.split()[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert told == interpreter["release"]
    assert told.startswith(interpreter["version"] + ".")
