"""The order of uploads: dependencies first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.model.errors import Refused


def dependencies_first(requires: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Sorts projects so that each one follows its dependencies among them.

    Args:
      requires: Requires-Dist of each project, by normalised name. Requirements of extras are
        ignored, since plain installs do not need them.

    Raises:
      Refused: the dependencies form a cycle.
    """
    graph = {
        project: sorted(
            name
            for requirement in map(Requirement, texts)
            if (requirement.marker is None or "extra" not in str(requirement.marker))
            and (name := canonicalize_name(requirement.name)) in requires
            and name != project
        )
        for project, texts in sorted(requires.items())
    }
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = " requires ".join(reversed(error.args[1]))
        raise Refused(f"{cycle}: dependency cycle, no upload order exists") from error
