"""Whoever asks a command for help waits for neither downloads nor large libraries."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = os.environ["COMMANDS"].split()
# Of module extensions, `~` or `+` stands between their names and those of their repositories.
EQUIPMENT = re.compile(
    r"@@?[^/]*\b(dependencies|turbine|emulation|rootfs|runner|engines)\b[^/]*//"
    r"|@@?[^/]*[~+]python_3_\d+//"
    r"|@@?[^/]*[~+]pythons//:(has_)?3\.\d+$"
)
HEAVY = {
    *("auditwheel", "docker", "docutils", "github", "jinja2", "lief", "numpy", "pip._internal"),
    *("pypi_simple", "readme_renderer", "requests", "twine"),
}
# Ends as the command does, and then says what was imported.
PROGRAM = """\
import atexit, json, sys
atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))
from release.{module} import app
app(sys.argv[1:], prog_name="{module}")
"""


def test_bazel_fetches_no_equipment_to_start_a_command() -> None:
    """Catches: `data` by which `--help` waits for interpreters, emulators or locked wheels."""
    labels = Path(os.environ["CLOSURE"]).read_text().splitlines()
    assert {f"@@//release:{command}" for command in COMMANDS} <= set(labels)
    assert [label for label in labels if EQUIPMENT.search(label)] == []


@pytest.mark.parametrize(
    "label",
    [
        "@@_main~dependencies~dependencies_linux_x86_64_cp311//:wheels",
        "@@_main~dependencies~dependencies//:linux_x86_64-cp311",
        "@@+turbine+turbine_source//:wheels",
        "@@_main~emulation~emulation//:aarch64.json",
        "@@+rootfs+rootfs//:rootfs.json",
        "@@_main~pythons~python_3_15//:interpreter.json",
        "@@_main~pythons~pythons//:3.15",
        "@@_main~runner~runner//:root",
    ],
)
def test_equipment_is_known_by_its_repository(label: str) -> None:
    """Catches: a test of the closure that sees nothing."""
    assert EQUIPMENT.search(label)


@pytest.mark.parametrize(
    "label",
    [
        "//packaging/dependencies:locks/linux_x86_64-cp311.txt",
        "//packaging/turbine:assemble",
        "//toolchains/emulation:bootstrap",
        "@@_main~pythons~pythons//:on_host.json",
        "@@_main~pythons~pythons//:python",
    ],
)
def test_what_is_light_is_no_equipment(label: str) -> None:
    assert not EQUIPMENT.search(label)


@pytest.mark.parametrize("arguments", [["--help"], ["--no-such-option"]], ids=" ".join)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_without_large_libraries(command: str, arguments: list[str]) -> None:
    """Catches: an import that makes everybody wait for parsers, NumPy or what uses networks."""
    # Both are one program.
    module = "publish" if command == "push" else command
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if arguments == ["--help"] else 2), done.stderr
    imported = json.loads(done.stderr.splitlines()[-1])
    assert f"release.{module}" in imported
    assert HEAVY & set(imported) == set()
