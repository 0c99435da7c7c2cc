"""A checkout of a module registry, and one in front of it that has the sources too.

Bazel asks the registry for the module that a version is and what it depends on, and downloads the
source from where the entry says. A registry in front gives the same entries, with sources that are
on this machine already: so every version is the one that Bazel chooses by the registry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.modules import pins
from tests.modules.errors import ModulesError
from tests.modules.trees import Tree


@dataclass(frozen=True, slots=True)
class Registry:
    """A checkout of a registry."""

    path: Path

    def has(self, module: str, version: str) -> bool:
        """Whether it has a version of a module."""
        return (self.entry(module, version) / pins.FILE).is_file()

    def entry(self, module: str, version: str) -> Path:
        """Where it has a version of a module."""
        return self.path / "modules" / module / version


def read(path: Path) -> Registry:
    """Opens a checkout; raises ModulesError where that is none."""
    if not (path / "bazel_registry.json").is_file() or not (path / "modules").is_dir():
        raise ModulesError(
            f"{path} is no checkout of a module registry, which has bazel_registry.json and "
            "modules; name the directory that has them."
        )
    return Registry(path)


def require(registry: Registry, module: str, version: str) -> None:
    """Checks that the registry has a version of a module, and that the entry is of that.

    Raises:
      ModulesError: it has not, or answers for another module or version.
    """
    entry = registry.entry(module, version)
    if not registry.has(module, version) or not (entry / "source.json").is_file():
        raise ModulesError(
            f"{registry.path} lacks {module} {version}, which {pins.FILE} pins; update the "
            "checkout, or pin a version that it has."
        )
    file = entry / pins.FILE
    found = pins.declared(file.read_text(encoding="utf-8"), str(file))
    if (found.name, found.version) != (module, version):
        raise ModulesError(
            f"{file} answers for {found.name} {found.version or 'without a version'}, not for "
            f"{module} {version}; restore the checkout."
        )


def write_front(registry: Registry, trees: Iterable[Tree], front: Path) -> list[tuple[str, str]]:
    """Writes a registry with the entries that trees are the source of.

    Args:
      registry: whose entries are taken.
      trees: the sources.
      front: a new directory.

    Returns:
      The modules and versions that are in it.

    Raises:
      ModulesError: the registry has no version that a tree is of.
    """
    written: list[tuple[str, str]] = []
    front.mkdir(parents=True)
    (front / "bazel_registry.json").write_text("{}\n", encoding="utf-8")
    for tree in trees:
        known = [version for version in tree.versions if registry.has(tree.module, version)]
        if not known:
            raise ModulesError(
                f"{tree.path} is {tree.module} {' or '.join(sorted(tree.versions))}, which "
                f"{registry.path} lacks; remove the tree, or take one of a version that it has."
            )
        for version in sorted(known):
            entry = front / "modules" / tree.module / version
            entry.mkdir(parents=True)
            module = registry.entry(tree.module, version) / pins.FILE
            (entry / pins.FILE).write_bytes(module.read_bytes())
            source = {"type": "local_path", "path": str(tree.path.resolve())}
            (entry / "source.json").write_text(json.dumps(source) + "\n", encoding="utf-8")
            written.append((tree.module, version))
    return written
