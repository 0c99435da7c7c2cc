"""The entries of docs/operations.md, and the commands in them."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner, Result

_BEGIN, _END = "## What is out, and is wrong", "## Caches"
_ALIASES = {"push": "publish"}
_VERB = re.compile(r"\./bazelw run //release:(\w+) -- ")


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
    """Runs a command of the document, or one that `doctor` names.

    Args:
      command: a verb's is run in this process; any other by a shell, in the checkout.
      values: what stands for $NAME.
      checkout: the workspace.
    """
    for name, value in values.items():
        command = command.replace(f"${name}", value)
    assert "$" not in command, command
    if verb := _VERB.match(command):
        module = importlib.import_module(f"release.{_ALIASES.get(verb[1], verb[1])}")
        return CliRunner().invoke(module.app, shlex.split(command[verb.end() :]))
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Result(CliRunner(), done.stdout, b"", done.stdout, None, done.returncode, None)
