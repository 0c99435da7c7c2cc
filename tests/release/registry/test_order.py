"""The order in which wheels go out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model.errors import Refused
from release.registry.order import dependencies_first

PROJECTS = [f"iree-{letter}" for letter in "abcdef"]


def test_what_is_required_goes_first() -> None:
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


def test_what_only_an_extra_asks_for_does_not_count() -> None:
    """Catches: a circle that nobody who installs them meets."""
    order = dependencies_first(
        {"iree-compiler": ['iree-runtime; extra == "test"'], "iree-runtime": ["iree-compiler"]}
    )
    assert order == ("iree-compiler", "iree-runtime")


def test_a_circle_is_told() -> None:
    with pytest.raises(Refused, match=r"iree-\w requires iree-\w requires iree-\w: whatever went"):
        dependencies_first({"iree-a": ["iree-b"], "iree-b": ["iree-a"]})


@given(st.lists(st.tuples(st.sampled_from(range(6)), st.sampled_from(range(6)))))
def test_whatever_can_be_found_can_be_installed(pairs: list[tuple[int, int]]) -> None:
    """Of any projects without a circle, each comes behind all that it requires."""
    requires: dict[str, list[str]] = {project: [] for project in PROJECTS}
    for one, other in pairs:
        if one > other:
            requires[PROJECTS[one]].append(PROJECTS[other])
    order = dependencies_first(requires)
    assert sorted(order) == PROJECTS
    for project, wanted in requires.items():
        assert all(order.index(name) < order.index(project) for name in wanted)
