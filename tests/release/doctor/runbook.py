"""The entries of docs/guides/operations.md, and the commands in them."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner, Result

_BEGIN, _END = "## Find and fix what is wrong", "## Caches"
_COMMAND = re.compile(r"\./bazelw run //release:(\w+) -- ")


def entries(document: Path) -> dict[str, tuple[str, ...]]:
    """The commands of each entry, by its heading."""
    text = document.read_text()
    part = text[text.index(_BEGIN) : text.index(_END)]
    found = {}
    for section in part.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        found[heading] = tuple(re.findall(r"^    (.+)$", body, re.MULTILINE))
    return found


def run(command: str, values: Mapping[str, str], checkout: Path) -> Result:
    """Runs a command of the document, or one that `doctor` suggests.

    Args:
      command: a release command runs in this process, any other in a shell in the checkout.
      values: values of the variables $NAME in the command.
      checkout: the workspace.
    """
    for name, value in values.items():
        command = command.replace(f"${name}", value)
    assert "$" not in command, command
    if match := _COMMAND.match(command):
        module = importlib.import_module(f"release.cli.{match[1]}")
        return CliRunner().invoke(module.app, shlex.split(command[match.end() :]))
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Result(CliRunner(), done.stdout, b"", done.stdout, None, done.returncode, None)
