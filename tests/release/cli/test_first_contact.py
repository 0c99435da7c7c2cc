"""`--help` needs neither downloads nor slow imports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = os.environ["COMMANDS"].split()
# `~` or `+` separates the name of a module extension from that of its repository.
EQUIPMENT = re.compile(
    r"@@?[^/]*\b(dependencies|turbine|emulation|rootfs|runner|engines)\b[^/]*//"
    r"|@@?[^/]*[~+]python_3_\d+//"
    r"|@@?[^/]*[~+]pythons//:(has_)?3\.\d+$"
)
HEAVY = {
    *("auditwheel", "docker", "docutils", "github", "jinja2", "lief", "numpy", "pip._internal"),
    *("pypi_simple", "readme_renderer", "requests", "twine"),
}
# Runs a command, then prints the imported modules.
PROGRAM = """\
import atexit, json, sys
atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))
from release.cli.{name} import app
app(sys.argv[1:], prog_name="{name}")
"""


def test_bazel_fetches_no_equipment_to_start_a_command() -> None:
    """Catches: `data` that makes `--help` fetch interpreters, emulators or locked wheels."""
    labels = Path(os.environ["CLOSURE"]).read_text().splitlines()
    assert {f"@@//release/cli:{command}" for command in COMMANDS} <= set(labels)
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
def test_the_pattern_matches_all_equipment(label: str) -> None:
    """Catches: a pattern that matches nothing."""
    assert EQUIPMENT.search(label)


@pytest.mark.parametrize(
    "label",
    [
        "//products/iree/dependencies:locks/linux_x86_64-cp311.txt",
        "//products/iree/turbine:assemble",
        "//toolchains/emulation:bootstrap",
        "@@_main~pythons~pythons//:on_host.json",
        "@@_main~pythons~pythons//:python",
    ],
)
def test_the_pattern_matches_nothing_small(label: str) -> None:
    assert not EQUIPMENT.search(label)


@pytest.mark.parametrize("arguments", [["--help"], ["--no-such-option"]], ids=" ".join)
@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_usage_errors_need_no_slow_imports(command: str, arguments: list[str]) -> None:
    """Catches: an import of a parser, NumPy or a network library when a command starts."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=command), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if arguments == ["--help"] else 2), done.stderr
    imported = json.loads(done.stderr.splitlines()[-1])
    assert f"release.cli.{command}" in imported
    assert HEAVY & set(imported) == set()
