"""Checks that the symbols which our files load from other modules are exported by these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.modules import starlark
from tests.modules.pins import FILE, Pins
from tests.modules.starlark import Load
from tests.modules.table import Exports

# Files of @bazel_tools that our files may load, with the reason. None so far: they move to modules.
BAZEL_TOOLS: Mapping[str, str] = {}

# The main repository in texts of our repository rules.
_WORKSPACE = "@@{workspace}//"

_UPDATE = "./bazelw run //tests/modules:update -- --module {module} --source DIR"


def pin_problems(pins: Pins, tables: Mapping[str, Exports]) -> Iterator[str]:
    """Yields a message for each pin without a table of its version, and each table without a pin.

    Args:
      pins: the pins in MODULE.bazel.
      tables: the tables by the name of their file.
    """
    for module, version in sorted(pins.versions.items()):
        update = _UPDATE.format(module=module)
        table = tables.get(module)
        if table is None:
            yield (
                f"{FILE} pins {module} {version}, which has no table of exports; create it with: "
                f"{update}"
            )
        elif table.version != version:
            yield (
                f"{FILE} pins {module} {version}, but its table of exports is for {table.version}; "
                f"update it with: {update}"
            )
    for name, table in sorted(tables.items()):
        if name not in pins.versions:
            yield f"exports/{name}.json is for a module that {FILE} does not pin; remove it."
        elif table.module != name:
            yield f"exports/{name}.json is the table of {table.module}; update it."


def load_problems(
    source: str, name: str, pins: Pins, tables: Mapping[str, Exports]
) -> Iterator[str]:
    """Yields a message for each symbol that a file loads from a module that does not export it.

    Raises:
      ModulesError: the file, or a load() in one of its strings, cannot be read.
    """
    for load in all_loads(source, name):
        if problem := _problem(load, pins, tables):
            yield f"{name}:{load.line}: {load.symbol} is loaded from {load.label}, {problem}"


def all_loads(source: str, name: str) -> list[Load]:
    """The symbols that a file and the BUILD files in its strings load.

    Raises:
      ModulesError: the file, or a load() in one of its strings, cannot be read.
    """
    tree = starlark.parse(source, name)
    found = list(starlark.loads(tree))
    for text in starlark.texts(tree, source):
        found += starlark.loads_in_text(text, name)
    return found


def module_file(label: str) -> tuple[str, str]:
    """The repository of a label, empty for the main one, and the path of the file in it."""
    repository, rest = _split(label)
    package, _, name = rest.removeprefix("//").partition(":")
    return repository, f"{package}/{name}".lstrip("/")


def _problem(load: Load, pins: Pins, tables: Mapping[str, Exports]) -> str | None:
    repository, file = _split(load.label)
    if repository in ("", pins.module) or repository in pins.generated:
        return None
    if repository == "bazel_tools":
        if load.label in BAZEL_TOOLS:
            return None
        return "which is part of Bazel 7 but not of newer versions; load it from a module."
    if repository in pins.foreign:
        return (
            f"a repository of the extension {pins.foreign[repository]}, so no table has it; "
            "create the repository with one of our extensions."
        )
    module = pins.repositories.get(repository)
    if module is None:
        return (
            f"which is neither a bazel_dep nor a repository of our extensions in {FILE}; "
            "add a bazel_dep."
        )
    table = tables.get(module)
    if table is None:
        return f"which has no table of exports; create it with: {_UPDATE.format(module=module)}"
    symbols = table.files.get(file)
    if symbols is None:
        files = sorted(label for label, names in table.files.items() if load.symbol in names)
        fix = f"load it from {_list(repository, files)}." if files else "pin a version that has it."
        return f"which {module} {table.version} lacks; {fix}"
    if load.symbol in symbols:
        return None
    files = sorted(label for label, names in table.files.items() if load.symbol in names)
    fix = f"load it from {_list(repository, files)}." if files else "pin a version that does."
    return f"which does not export it in {module} {table.version}; {fix}"


def _split(label: str) -> tuple[str, str]:
    """The repository of a label, empty for the main one, and the complete rest of the label."""
    if not label.startswith("@") or label.startswith(_WORKSPACE):
        return "", label
    repository, slashes, rest = label.removeprefix("@").removeprefix("@").partition("//")
    if not slashes:
        return repository, f"//:{repository}"
    package, colon, name = rest.partition(":")
    return repository, f"//{package}:{name if colon else package.rpartition('/')[2]}"


def _list(repository: str, files: list[str]) -> str:
    return " or ".join(f"@{repository}{file}" for file in files)
