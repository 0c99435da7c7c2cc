"""The order in which wheels go out: what others require goes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.model.errors import Refused


def dependencies_first(requires: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Sorts projects so that each comes behind those of them that it requires.

    Args:
      requires: Requires-Dist of each project, by normalised name. What only an extra asks for does
        not count: nobody who installs the project needs it.

    Raises:
      Refused: they require each other in a circle.
    """
    graph = {
        project: sorted(
            name
            for wanted in map(Requirement, texts)
            if (wanted.marker is None or "extra" not in str(wanted.marker))
            and (name := canonicalize_name(wanted.name)) in requires
            and name != project
        )
        for project, texts in sorted(requires.items())
    }
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " requires ".join(reversed(error.args[1]))
        raise Refused(f"{circle}: whatever went first could not be installed") from error
