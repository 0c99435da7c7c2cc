"""Verbs on GitHub: each kind of call fails in every way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.release.faults.github_scene import VERBS, Scene, expected, harmless, scene
from tests.servers.github.front import FAULTS
from tests.servers.remote.front import Fault, patience
from tests.tally import tally

__all__ = ["expected", "scene"]


# What a fault may end with; 0 stands for having been asked again.
CODES: Mapping[str, Sequence[int]] = {
    "401": (2,),
    "403": (0, 2),
    "404": (0, 1, 2),
    "409": (0, 1),
    "422": (0, 1),
    "429": (0,),
    "500": (0,),
    "502": (0,),
    "timeout": (0,),
    "cut before": (0,),
    "cut after": (0,),
    "short": (0,),
    "wrong digest": (0, 1),
    "truncated upload": (0,),
}


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("fault", FAULTS, ids=[f"{n} {fault}" for n, fault in enumerate(FAULTS)])
def test_each_kind_of_call_may_fail_in_each_way(
    scene: Scene, expected: Any, name: str, fault: Fault
) -> None:
    """Catches: a failure that may pass and is not tried again, or one that never will and is."""
    state, shapes = expected[name]
    # What a verb before did in the same way is no other kind of call.
    known = {shape for before in VERBS[: VERBS.index(name)] for shape in expected[before][1]}
    kinds = [shape for shape in dict.fromkeys(shapes) if shape not in known]
    for shape in kinds:
        repository = scene.fresh(name)
        verb = scene.verb(name, repository, patience(fault))
        scene.github.front.calm()
        scene.github.front.inject(fault, shape=shape)
        ended = scene.start(verb).wait()
        harmless(ended)
        assert ended.code in CODES[str(fault)], f"{shape}: {ended.code}: {ended.output}"
        if ended.code:
            errors = [line for line in ended.output.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, ended.output
        left = scene.finish(name, repository) if ended.code else scene.state(repository)
        assert left == state, f"{fault} at {shape}"
    tally("faults of a remote", len(kinds), f"{name} on GitHub: {fault}, all resumed")


def test_a_remote_that_stays_away_ends_with_75_and_says_that_a_rerun_goes_on(
    scene: Scene, expected: Any
) -> None:
    repository = scene.fresh("publish")
    verb = scene.verb("publish", repository)
    scene.github.front.calm()
    for nth in range(5):
        scene.github.front.inject(Fault("status", 502), method="POST", path="/assets", nth=nth + 3)
    ended = scene.start(verb).wait()
    harmless(ended)
    assert ended.code == 75, ended.output
    assert "GitHub answers 502, when uploading" in ended.output
    assert "run this again, and it goes on" in ended.output
    assert scene.finish("publish", repository) == expected["publish"][0]
