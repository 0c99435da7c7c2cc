"""What MODULE.bazel says: the modules of others and their versions, and our own repositories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.modules import starlark
from tests.modules.errors import ModulesError

FILE = "MODULE.bazel"

_OURS = ("//", ":", "@@//", "@//")


@dataclass(frozen=True, slots=True)
class Declared:
    """The name and the version in a module() call."""

    name: str
    version: str
    """Empty where none is given."""


@dataclass(frozen=True, slots=True)
class Pins:
    """A MODULE.bazel of ours."""

    module: str
    """Our own module."""
    versions: Mapping[str, str]
    """The version of each module that we depend on, by the module's name."""
    repositories: Mapping[str, str]
    """The module behind each repository name that our files use for one."""
    generated: frozenset[str]
    """Repositories that our own module extensions make."""
    foreign: Mapping[str, str]
    """Repositories that an extension of another module makes, with that extension's file."""


def declared(source: str, name: str) -> Declared:
    """Reads a module() call.

    Raises:
      ModulesError: there is none, or it names no module.
    """
    for call in starlark.calls(starlark.parse(source, name), "module"):
        if "name" in call.keywords:
            return Declared(call.keywords["name"], call.keywords.get("version", ""))
    raise ModulesError(f"{name} declares no module: it has no module(name = ...).")


def read(source: str) -> Pins:
    """Reads our MODULE.bazel.

    Raises:
      ModulesError: a bazel_dep lacks its name or its version.
    """
    tree = starlark.parse(source, FILE)
    versions: dict[str, str] = {}
    repositories: dict[str, str] = {}
    for call in starlark.calls(tree, "bazel_dep"):
        given = call.keywords
        if "name" not in given or "version" not in given:
            raise ModulesError(
                f"{FILE}:{call.line}: this bazel_dep lacks a name or a version; give both."
            )
        versions[given["name"]] = given["version"]
        repositories[given.get("repo_name", given["name"])] = given["name"]
    files = {
        call.result: call.strings[0]
        for call in starlark.calls(tree, "use_extension")
        if call.result and call.strings
    }
    generated: set[str] = set()
    foreign: dict[str, str] = {}
    for call in starlark.calls(tree, "use_repo"):
        names = {*call.strings, *call.keywords}
        if files.get(call.first, "").startswith(_OURS):
            generated |= names
        else:
            foreign |= dict.fromkeys(names, files.get(call.first, "an unknown extension"))
    return Pins(declared(source, FILE).name, versions, repositories, frozenset(generated), foreign)
