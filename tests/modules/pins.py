"""Parses MODULE.bazel: the pinned modules, and the repositories of extensions."""

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
    """Empty if the call has no version."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The content of our MODULE.bazel."""

    module: str
    """The name of our module."""
    versions: Mapping[str, str]
    """The version of each dependency, by module name."""
    repositories: Mapping[str, str]
    """The module of each dependency, by the repository name that our files use."""
    generated: frozenset[str]
    """Repositories of our module extensions."""
    foreign: Mapping[str, str]
    """The extension file of each repository that another module's extension creates."""


def declared(source: str, name: str) -> Declared:
    """Parses a module() call.

    Raises:
      ModulesError: the file has no module() call with a name.
    """
    for call in starlark.calls(starlark.parse(source, name), "module"):
        if "name" in call.keywords:
            return Declared(call.keywords["name"], call.keywords.get("version", ""))
    raise ModulesError(f"{name} has no module(name = ...).")


def read(source: str) -> Pins:
    """Parses our MODULE.bazel.

    Raises:
      ModulesError: a bazel_dep lacks its name or its version.
    """
    tree = starlark.parse(source, FILE)
    versions: dict[str, str] = {}
    repositories: dict[str, str] = {}
    for call in starlark.calls(tree, "bazel_dep"):
        keywords = call.keywords
        if "name" not in keywords or "version" not in keywords:
            raise ModulesError(
                f"{FILE}:{call.line}: this bazel_dep lacks a name or a version; add both."
            )
        versions[keywords["name"]] = keywords["version"]
        repositories[keywords.get("repo_name", keywords["name"])] = keywords["name"]
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
