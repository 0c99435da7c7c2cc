"""Mutations of dist archives."""

from __future__ import annotations

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableMember
from tests.release.gate.mutations.mutation import DIST_MAC, Mutation, in_dist

DISTS = [
    Mutation(
        "a dist without its licence",
        Check.LICENSE_MISSING,
        in_dist(*DIST_MAC, change=lambda items: _without(items, "LICENSE")),
    ),
    Mutation(
        "a dist without a tool",
        Check.DIST_LAYOUT,
        in_dist(*DIST_MAC, change=lambda items: _without(items, "iree-run-module")),
    ),
    Mutation(
        "a dist that declares another version",
        Check.DIST_VERSION,
        in_dist(*DIST_MAC, change=lambda items: _reversion(items)),
    ),
]


def _without(items: list[EditableMember], name: str) -> None:
    kept = [item for item in items if name not in item.info.name]
    assert kept != items
    items[:] = kept


def _reversion(items: list[EditableMember]) -> None:
    (item,) = (i for i in items if i.info.name.endswith("IREECompilerConfigVersion.cmake"))
    item.content = item.content.replace(b'PACKAGE_VERSION "', b'PACKAGE_VERSION "9')
