"""Tests of the upload order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model.errors import Refused
from release.registry.order import dependencies_first

PROJECTS = [f"iree-{letter}" for letter in "abcdef"]


def test_dependencies_come_first() -> None:
    order = dependencies_first(
        {
            "iree-turbine": ["numpy", "iree-compiler==3.14.0", "iree_runtime==3.14.0"],
            "shark-turbine": ["iree-turbine==3.14.0"],
            "iree-compiler": ["numpy"],
            "iree-runtime": [],
        }
    )
    assert order.index("iree-turbine") > order.index("iree-compiler")
    assert order.index("iree-turbine") > order.index("iree-runtime")
    assert order[-1] == "shark-turbine"


def test_requirements_of_extras_are_ignored() -> None:
    """Catches: a cycle that only exists through extras, which plain installs do not need."""
    order = dependencies_first(
        {"iree-compiler": ['iree-runtime; extra == "test"'], "iree-runtime": ["iree-compiler"]}
    )
    assert order == ("iree-compiler", "iree-runtime")


def test_a_cycle_is_reported() -> None:
    with pytest.raises(Refused, match=r"requires iree-\w: dependency cycle"):
        dependencies_first({"iree-a": ["iree-b"], "iree-b": ["iree-a"]})


@given(st.lists(st.tuples(st.sampled_from(range(6)), st.sampled_from(range(6)))))
def test_each_project_follows_its_dependencies(pairs: list[tuple[int, int]]) -> None:
    """For any dependency graph without cycles."""
    requires: dict[str, list[str]] = {project: [] for project in PROJECTS}
    for one, other in pairs:
        if one > other:
            requires[PROJECTS[one]].append(PROJECTS[other])
    order = dependencies_first(requires)
    assert sorted(order) == PROJECTS
    for project, dependencies in requires.items():
        assert all(order.index(name) < order.index(project) for name in dependencies)
