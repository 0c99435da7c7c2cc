"""docs/reference/settings.md lists the settings that the code reads, with the build's defaults."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

import pytest

from release.model.settings import Settings
from tests.release.products import SETTINGS

DOCUMENT = Path("docs/reference/settings.md")
DEFAULTS = Path("packaging/private/settings.bzl")
TYPES = {
    bool: "true or false",
    int: "integer",
    str: "string",
    tuple[str, ...]: "list of strings",
    tuple[str, ...] | None: "list of strings",
}
SECTIONS = get_type_hints(Settings)
NAMES = [field.name for field in fields(Settings) if field.name not in ("extra", "keys")]
Row = tuple[str, str]
"""Type and default, as the document shows them."""


def documented() -> dict[str, dict[str, Row]]:
    """The tables of the document, by section and key."""
    tables: dict[str, dict[str, Row]] = {}
    for part in re.split(r"^### ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        section, _, body = part.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| \S.*\|$", body, re.MULTILINE)
        tables[section.strip("[]")] = {key: (kind, default) for key, kind, default in rows}
    return tables


def settings(**changes: Any) -> Any:
    """Calls `settings()` of the build: a function in Starlark that is also one in Python."""

    def fail(message: str) -> NoReturn:
        raise ValueError(message)

    def kind(value: object) -> str:
        return {"str": "string"}.get(type(value).__name__, type(value).__name__)

    namespace: dict[str, Any] = {"fail": fail, "type": kind}
    exec(DEFAULTS.read_text(encoding="utf-8"), namespace)
    return namespace["settings"](**changes)


def expected(section: str) -> dict[str, Row]:
    hints = get_type_hints(SECTIONS[section])
    return {
        key: (TYPES[hints[key]], _toml(default)) for key, default in settings()[section].items()
    }


def _toml(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def test_every_section_is_documented() -> None:
    assert list(documented()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_documented_and_no_other(name: str) -> None:
    """Catches: a setting without documentation, or with the wrong type or default."""
    assert documented()[name] == expected(name)


def test_the_build_writes_the_settings_that_commands_read() -> None:
    """Catches: a key that only one of the two knows."""
    assert Settings.from_json(settings()) == SETTINGS
    assert settings() == SETTINGS.to_json()


def test_a_changed_setting_is_the_only_change() -> None:
    """Catches: an argument that is entered in another section."""
    for section, defaults in settings().items():
        for key, default in defaults.items():
            changed = {bool: not default, int: 77, str: "other"}.get(type(default), ["other"])
            expected = {**settings(), section: {**defaults, key: changed}}
            assert settings(**{f"{section}_{key}": changed}) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("publish_uploads", 0),
        ("publish_uploads", True),
        ("tag_branch", ""),
        ("purge_pinned", "v1.0"),
        ("promote_installed_is_enough", 1),
    ],
)
def test_the_build_refuses_a_value_of_another_type(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"settings: {name} must be "):
        settings(**{name: value})
