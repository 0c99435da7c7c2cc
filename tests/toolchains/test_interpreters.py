"""The interpreters that the build found match their descriptions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_programs_run_with_the_interpreter_itself() -> None:
    # A shim starts a shell for every program, and may select another version by directory.
    executable = Path(sys.executable)

    assert executable.is_absolute()
    assert not executable.is_symlink()
    assert executable.read_bytes()[:2] != b"#!"
    assert sys.version_info >= (3, 11)


def test_the_hosts_interpreters_are_listed_without_installing_others() -> None:
    """Catches: a command that downloads a Python that the host has, or uses another one."""
    on_host = json.loads(Path(os.environ["ON_HOST"]).read_text(encoding="utf-8"))
    for file in os.environ["INTERPRETERS"].split():
        interpreter = json.loads(Path(file).read_text(encoding="utf-8"))
        version, executable = interpreter["version"], interpreter["executable"]
        if on_host[version] is None:
            assert executable is None or Path(executable).parents[2].name.startswith(version)
        else:
            assert on_host[version]["path"] == executable
            assert on_host[version]["release"] == interpreter["release"]


@pytest.mark.parametrize("file", os.environ["INTERPRETERS"].split())
def test_an_interpreter_has_its_version(file: str) -> None:
    interpreter = json.loads(Path(file).read_text(encoding="utf-8"))
    if interpreter["executable"] is None:
        pytest.skip(f"not run: Python {interpreter['version']}: {interpreter['reason']}")

    version = subprocess.run(
        [interpreter["executable"], "-c", "import ctypes, ssl, sys; print(sys.version.split()[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert version == interpreter["release"]
    assert version.startswith(interpreter["version"] + ".")
