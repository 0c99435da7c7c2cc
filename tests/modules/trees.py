"""Source trees of modules, and the version that each is of.

A version is what the tree itself shows, and never what it is wished to be: the tag of a git
checkout without changes, the version in MODULE.bazel, or the name NAME-VERSION that the release
archives of modules give to their directory.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.modules import pins, table
from tests.modules.errors import ModulesError
from tests.modules.table import Exports

# What MODULE.bazel says in sources whose version is set when they are released.
_UNRELEASED = ("", "0", "0.0.0")


@dataclass(frozen=True, slots=True)
class Tree:
    """The source of a module."""

    module: str
    path: Path
    versions: frozenset[str]
    """What it is the source of: more than one where a commit has several tags."""
    shown_by: str
    """What shows that."""


def read(path: Path) -> Tree:
    """Reads the module and the versions of a source tree.

    Raises:
      ModulesError: it is no module's, or shows no version.
    """
    file = path / pins.FILE
    if not file.is_file():
        raise ModulesError(f"{path} is no source tree of a module: it has no {pins.FILE}.")
    declared = pins.declared(file.read_text(encoding="utf-8"), str(file))
    released = declared.version not in _UNRELEASED
    if (path / ".git").exists():
        tagged = _tags(path, declared.name)
        if released and declared.version not in tagged:
            raise ModulesError(
                f"{path} is a git checkout whose {pins.FILE} says {declared.version}, but its "
                f"commit has no tag of that; check out the tag."
            )
        if not tagged:
            raise ModulesError(
                f"{path} is a git checkout at a commit without a version's tag; check out the tag."
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
        f"{path} does not show its version: {pins.FILE} says {declared.version or 'none'}; take a "
        f"git checkout of the version's tag, or keep the name {prefix}VERSION that its archive has."
    )


def all_below(directory: Path) -> dict[str, Tree]:
    """The trees in a directory, by module.

    Raises:
      ModulesError: it is no directory, or has two trees of a module.
    """
    if not directory.is_dir():
        raise ModulesError(
            f"{directory} is no directory; name the one that has the modules' trees."
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
    """Checks that a tree is of a version of a module; raises ModulesError otherwise."""
    if tree.module != module:
        raise ModulesError(f"{tree.path} is a tree of {tree.module}, not of {module}.")
    if version not in tree.versions:
        raise ModulesError(
            f"{tree.path} is {module} {' or '.join(sorted(tree.versions))} by {tree.shown_by}, but "
            f"{pins.FILE} pins {version}; take the source of {version}, or move the pin first."
        )


def require_pinned(
    found: Mapping[str, Tree], versions: Mapping[str, str], tables: Mapping[str, Exports]
) -> None:
    """Checks that every pinned module has a tree of its version, with all that its table has.

    Raises:
      ModulesError: one is missing, of another version, or lacks a symbol.
    """
    for module, version in sorted(versions.items()):
        if module not in found:
            raise ModulesError(
                f"there is no source tree of {module} among the modules; put that of {version} "
                "there."
            )
        require(found[module], module, version)
        if module not in tables:
            raise ModulesError(f"{module} has no table of exports; run //tests/modules:update.")
        of_tree = table.of_tree(found[module].path, module, version)
        for label, names in sorted(tables[module].files.items()):
            if missing := sorted(names - of_tree.files.get(label, frozenset())):
                raise ModulesError(
                    f"{found[module].path} lacks {missing[0]} in {label}, which the table of "
                    f"{module} {version} has; take the true source of {version}, or write the "
                    "table anew with //tests/modules:update."
                )


def _tags(path: Path, module: str) -> set[str]:
    """The versions that the commit of a git checkout is tagged with."""
    if changed := _git(path, "status", "--porcelain"):
        raise ModulesError(
            f"{path} is a git checkout with changes ({changed.splitlines()[0].strip()}); undo them."
        )
    tags = _git(path, "tag", "--points-at", "HEAD").split()
    versions = {tag.removeprefix(f"{module}-").removeprefix("v") for tag in tags}
    return {version for version in versions if version[:1].isdigit()}


def _git(path: Path, *arguments: str) -> str:
    # A checkout of another user's is no danger: nothing of it is run.
    command = ["git", "-c", "safe.directory=*", "-C", str(path), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError as error:
        raise ModulesError(f"{path} is a git checkout, and git is not on PATH.") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().splitlines()[-1:] or ["no reason"]
        raise ModulesError(f"{path}: git cannot read this checkout: {reason[0]}.") from error
