"""docs/reference/settings.md lists the settings that the code reads."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from release.model import settings
from release.model.settings import Settings

DOCUMENT = Path("docs/reference/settings.md")
DEFAULTS = Path("release/settings.toml")
TYPES = {
    int: "integer",
    str: "string",
    tuple[str, ...]: "list of strings",
    tuple[str, ...] | None: "list of strings",
}
Row = tuple[str, str, str]
"""Type, default and whether it is required, as the document shows them."""


def documented() -> dict[str, dict[str, Row]]:
    """The tables of the document, by section and key."""
    tables: dict[str, dict[str, Row]] = {}
    for part in re.split(r"^### ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        section, _, body = part.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (\w+) \| \S.*\|$", body, re.MULTILINE)
        tables[section.strip("[]")] = {
            key: (kind, default, must) for key, kind, default, must in rows
        }
    return tables


def expected(section: type[Any], values: dict[str, Any]) -> dict[str, Row]:
    hints = get_type_hints(section)
    return {
        field.name: (
            TYPES[hints[field.name]],
            _toml(values.get(field.name, field.default)),
            "yes" if field.default is MISSING else "no",
        )
        for field in fields(section)
    }


def _toml(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, str):
        return f'`"{value}"`'
    return "`[]`" if value in ([], ()) else f"`{value}`"


def test_every_section_is_documented() -> None:
    assert list(documented()) == [field.name for field in fields(Settings)]


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_key_is_documented_and_no_other(name: str) -> None:
    """Catches: a setting without documentation, or with the wrong type or default."""
    values = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))[name]
    assert documented()[name] == expected(get_type_hints(Settings)[name], values)


def test_the_defaults_are_those_that_commands_read() -> None:
    assert settings.DEFAULT.resolve() == DEFAULTS.resolve()
