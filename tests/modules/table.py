"""Tables of the symbols that our dependencies export, committed as exports/NAME.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.modules import pins, starlark
from tests.modules.errors import ModulesError

# Directories with internal files of modules.
_INTERNAL = {
    "dev",
    "distribution",
    "doc",
    "docs",
    "example",
    "examples",
    "impl",
    "internal",
    "private",
    "test",
    "testdata",
    "testing",
    "tests",
}

_BUILD_FILES = ("BUILD.bazel", "BUILD")


@dataclass(frozen=True, slots=True)
class Exports:
    """The exports of a module."""

    module: str
    version: str
    files: Mapping[str, frozenset[str]]
    """The symbols of each public .bzl file, by its label without the repository."""


def write(exports: Exports) -> str:
    """Serializes a table."""
    content = {
        "module": exports.module,
        "version": exports.version,
        "exports": {label: sorted(names) for label, names in sorted(exports.files.items())},
    }
    return json.dumps(content, indent=2) + "\n"


def read(text: str, name: str) -> Exports:
    """Parses a table.

    Raises:
      ModulesError: the text does not have the format of `write`.
    """
    try:
        content = json.loads(text)
        files = {label: frozenset(names) for label, names in content["exports"].items()}
        return Exports(str(content["module"]), str(content["version"]), files)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModulesError(
            f"{name} is not a table of exports ({error!r}); update it with //tests/modules:update."
        ) from error


def of_tree(tree: Path, module: str, version: str) -> Exports:
    """The exports of a source tree.

    Raises:
      ModulesError: a file cannot be parsed.
    """
    files = {}
    for path in sorted(tree.rglob("*.bzl")):
        label = _label(path.relative_to(tree), tree)
        if label is not None:
            source = path.read_text(encoding="utf-8")
            if names := starlark.exports(starlark.parse(source, str(path))):
                files[label] = frozenset(names)
    return Exports(module, version, files)


def _label(path: Path, tree: Path) -> str | None:
    """The label of a public file; None for an internal one."""
    if _INTERNAL.intersection(path.parts) or path.name.startswith("internal_"):
        return None
    if any(part.startswith(".") for part in path.parts):
        return None
    # Innermost first, the root of the tree last.
    directories = list(path.parents)
    if any((tree / directory / pins.FILE).is_file() for directory in directories[:-1]):
        return None  # Another module.
    for directory in directories:
        if any((tree / directory / name).is_file() for name in _BUILD_FILES):
            package = "" if directory == Path() else directory.as_posix()
            return f"//{package}:{path.relative_to(directory).as_posix()}"
    return None  # Not in a package, so it has no label.
