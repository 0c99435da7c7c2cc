"""docs/reference/commands.md lists what the release commands offer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import commands


def test_the_document_lists_every_command_and_option() -> None:
    """Catches: a command, an option or a help text that changes unseen."""
    if problem := commands.DOCUMENT.problem("the release commands"):
        pytest.fail(problem, pytrace=False)


def test_every_command_has_options() -> None:
    """Catches: a generator that finds no commands, or none of their options."""
    sections = commands.rendered().split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == list(commands.commands())
    assert {"nightly", "publish", "validate"} <= set(commands.commands())
    assert all("| `--" in section for section in sections)


def test_the_commands_are_those_of_bazel() -> None:
    """Catches: a program in release/cli that is not a target of //release."""
    text = Path("release/cli/command.bzl").read_text(encoding="utf-8")
    table = text.partition("COMMANDS = [")[2].partition("]")[0]
    assert list(commands.commands()) == [line.strip('", ') for line in table.split("\n") if line]


def examples() -> list[tuple[str, str, str]]:
    """Document, command and option of each command line in the documents."""
    found = []
    for document in sorted([Path("README.md"), *Path("docs").rglob("*.md")]):
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        for command, rest in re.findall(r"//release:(\w+)\b[^`\n]*? -- ([^`\n]+)", text):
            options = re.findall(r"(?<!\S)(--[a-z-]+)", rest)
            found += [(str(document), command, option) for option in options if option != "--help"]
    return found


def test_examples_use_options_that_exist() -> None:
    """Catches: a guide with an option that was renamed or removed."""
    sections = {
        section.partition("\n")[0]: section for section in commands.rendered().split("\n## ")[1:]
    }
    assert len(examples()) > 20
    assert not [
        (document, command, option)
        for document, command, option in examples()
        if not re.search(rf"[`/ ]{option}[` ]", sections[command])
    ]
