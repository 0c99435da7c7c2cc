"""A checkout of a module registry, and an overlay registry that has local sources.

Bazel reads modules and their dependencies from the registry, and downloads sources from the URLs in
its entries. The overlay has the same entries with local sources, so Bazel resolves the same
versions as with the registry.
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
        """The directory of a version of a module."""
        return self.path / "modules" / module / version


def read(path: Path) -> Registry:
    """Opens a checkout.

    Raises:
      ModulesError: the directory is not a checkout of a registry.
    """
    if not (path / "bazel_registry.json").is_file() or not (path / "modules").is_dir():
        raise ModulesError(
            f"{path} is not a checkout of a module registry; pass the directory that has "
            "bazel_registry.json and modules."
        )
    return Registry(path)


def require(registry: Registry, module: str, version: str) -> None:
    """Checks that the registry has an entry for a version of a module, with that name and version.

    Raises:
      ModulesError: the entry is missing, or is for another module or version.
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
            f"{file} is for {found.name} {found.version or 'without a version'}, not for "
            f"{module} {version}; restore the checkout."
        )


def write_overlay(
    registry: Registry, trees: Iterable[Tree], overlay: Path
) -> list[tuple[str, str]]:
    """Writes a registry with the entries of source trees.

    Args:
      registry: the registry with the original entries.
      trees: the source trees.
      overlay: a new directory.

    Returns:
      The modules and versions in the overlay.

    Raises:
      ModulesError: the registry lacks the versions of a tree.
    """
    written: list[tuple[str, str]] = []
    overlay.mkdir(parents=True)
    (overlay / "bazel_registry.json").write_text("{}\n", encoding="utf-8")
    for tree in trees:
        known = [version for version in tree.versions if registry.has(tree.module, version)]
        if not known:
            raise ModulesError(
                f"{tree.path} is {tree.module} {' or '.join(sorted(tree.versions))}, which "
                f"{registry.path} lacks; remove the tree, or use one of a version in the registry."
            )
        for version in sorted(known):
            entry = overlay / "modules" / tree.module / version
            entry.mkdir(parents=True)
            module = registry.entry(tree.module, version) / pins.FILE
            (entry / pins.FILE).write_bytes(module.read_bytes())
            source = {"type": "local_path", "path": str(tree.path.resolve())}
            (entry / "source.json").write_text(json.dumps(source) + "\n", encoding="utf-8")
            written.append((tree.module, version))
    return written
