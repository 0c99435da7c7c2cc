"""Source trees of modules, and their versions.

A version is determined only by the tree: by the tag of a git checkout without changes, the version
in MODULE.bazel, or the directory name NAME-VERSION that release archives use.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.modules import pins, table
from tests.modules.errors import ModulesError
from tests.modules.table import Exports

# Versions in MODULE.bazel of modules whose version is set at release.
_UNRELEASED = ("", "0", "0.0.0")


@dataclass(frozen=True, slots=True)
class Tree:
    """The source of a module."""

    module: str
    path: Path
    versions: frozenset[str]
    """Its versions: several if its commit has several tags."""
    determined_by: str
    """What determines the versions, for messages."""


def read(path: Path) -> Tree:
    """Determines the module and the versions of a source tree.

    Raises:
      ModulesError: it is not the source of a module, or its version cannot be determined.
    """
    file = path / pins.FILE
    if not file.is_file():
        raise ModulesError(f"{path} is not a source tree of a module: it has no {pins.FILE}.")
    declared = pins.declared(file.read_text(encoding="utf-8"), str(file))
    released = declared.version not in _UNRELEASED
    if (path / ".git").exists():
        tagged = _tags(path, declared.name)
        if released and declared.version not in tagged:
            raise ModulesError(
                f"{path} is a git checkout whose {pins.FILE} says {declared.version}, but its "
                f"commit has no tag of that version; check out the tag."
            )
        if not tagged:
            raise ModulesError(
                f"{path} is a git checkout at a commit without a version tag; check out a tag."
            )
        versions = frozenset({declared.version} if released else tagged)
        return Tree(declared.name, path, versions, "its git tag")
    if released:
        return Tree(declared.name, path, frozenset({declared.version}), f"its {pins.FILE}")
    prefix = f"{declared.name}-"
    directory = path.resolve().name
    if directory.startswith(prefix) and directory[len(prefix) :][:1].isdigit():
        versions = frozenset({directory.removeprefix(prefix)})
        return Tree(declared.name, path, versions, "its directory's name")
    raise ModulesError(
        f"the version of {path} cannot be determined: {pins.FILE} says "
        f"{declared.version or 'none'}; use a git checkout of the version's tag, or the directory "
        f"name {prefix}VERSION of its archive."
    )


def all_below(directory: Path) -> dict[str, Tree]:
    """The source trees in a directory, by module.

    Raises:
      ModulesError: the directory does not exist, or has two trees of a module.
    """
    if not directory.is_dir():
        raise ModulesError(
            f"{directory} is not a directory; pass the directory with the source trees of modules."
        )
    found: dict[str, Tree] = {}
    for path in sorted(directory.iterdir()):
        if (path / pins.FILE).is_file():
            tree = read(path)
            if other := found.get(tree.module):
                raise ModulesError(
                    f"{other.path} and {path} are both trees of {tree.module}; keep one of them."
                )
            found[tree.module] = tree
    return found


def require(tree: Tree, module: str, version: str) -> None:
    """Checks the module and the version of a tree.

    Raises:
      ModulesError: it is the source of another module or version.
    """
    if tree.module != module:
        raise ModulesError(f"{tree.path} is the source of {tree.module}, not of {module}.")
    if version not in tree.versions:
        raise ModulesError(
            f"{tree.path} is {module} {' or '.join(sorted(tree.versions))} according to "
            f"{tree.determined_by}, but {pins.FILE} pins {version}; use the source of {version}, "
            "or change the pin first."
        )


def require_pinned(
    found: Mapping[str, Tree], versions: Mapping[str, str], tables: Mapping[str, Exports]
) -> None:
    """Checks that every pinned module has a tree of its version, with all symbols of its table.

    Raises:
      ModulesError: a tree is missing, has another version, or lacks a symbol.
    """
    for module, version in sorted(versions.items()):
        if module not in found:
            raise ModulesError(
                f"the source tree of {module} is missing; add that of version {version} to the "
                "directory of modules."
            )
        require(found[module], module, version)
        if module not in tables:
            raise ModulesError(f"{module} has no table of exports; run //tests/modules:update.")
        of_tree = table.of_tree(found[module].path, module, version)
        for label, names in sorted(tables[module].files.items()):
            if missing := sorted(names - of_tree.files.get(label, frozenset())):
                raise ModulesError(
                    f"{found[module].path} lacks {missing[0]} in {label}, which the table of "
                    f"{module} {version} has; use the original source of {version}, or update the "
                    "table with //tests/modules:update."
                )


def _tags(path: Path, module: str) -> set[str]:
    """The versions of the tags of a git checkout's commit."""
    if changed := _git(path, "status", "--porcelain"):
        raise ModulesError(
            f"{path} is a git checkout with changes ({changed.splitlines()[0].strip()}); revert "
            "them."
        )
    tags = _git(path, "tag", "--points-at", "HEAD").split()
    versions = {tag.removeprefix(f"{module}-").removeprefix("v") for tag in tags}
    return {version for version in versions if version[:1].isdigit()}


def _git(path: Path, *arguments: str) -> str:
    # A checkout that belongs to another user is safe, since nothing in it is run.
    command = ["git", "-c", "safe.directory=*", "-C", str(path), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise ModulesError(f"{path} is a git checkout, but git is not on PATH.") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().splitlines()[-1:] or ["no reason"]
        raise ModulesError(f"{path}: git cannot read this checkout: {reason[0]}.") from error
