"""Tests of commands on GitHub with every kind of failure of every kind of request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.release.faults.github_scene import COMMANDS, Scene, check_output, expected, scene
from tests.servers.github.proxy import FAULTS
from tests.servers.remote.proxy import Fault, retry_settings
from tests.tally import tally

__all__ = ["expected", "scene"]


# The exit codes that a fault may lead to; 0 means that a retry succeeded.
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


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("fault", FAULTS, ids=[f"{n} {fault}" for n, fault in enumerate(FAULTS)])
def test_each_kind_of_request_can_fail_in_each_way(
    scene: Scene, expected: Any, name: str, fault: Fault
) -> None:
    """Catches: a transient failure that is not retried, or a permanent one that is."""
    state, shapes = expected[name]
    # Requests of the same shape are tested only for the first command that sends them.
    known = {shape for before in COMMANDS[: COMMANDS.index(name)] for shape in expected[before][1]}
    kinds = [shape for shape in dict.fromkeys(shapes) if shape not in known]
    for shape in kinds:
        repository = scene.fresh(name)
        command = scene.command(name, repository, retry_settings(fault))
        scene.github.proxy.reset()
        scene.github.proxy.inject(fault, shape=shape)
        completed = scene.start(command).wait()
        check_output(completed)
        assert completed.code in CODES[str(fault)], f"{shape}: {completed.code}: {completed.output}"
        if completed.code:
            errors = [line for line in completed.output.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, completed.output
        result = scene.finish(name, repository) if completed.code else scene.state(repository)
        assert result == state, f"{fault} at {shape}"
    tally("faults of a remote", len(kinds), f"{name} on GitHub: {fault}, all resumed")


def test_an_unavailable_remote_exits_with_75_and_says_how_to_resume(
    scene: Scene, expected: Any
) -> None:
    repository = scene.fresh("publish")
    command = scene.command("publish", repository)
    scene.github.proxy.reset()
    for nth in range(5):
        scene.github.proxy.inject(Fault("status", 502), method="POST", path="/assets", nth=nth + 3)
    completed = scene.start(command).wait()
    check_output(completed)
    assert completed.code == 75, completed.output
    assert "GitHub answers 502 when uploading" in completed.output
    assert "run the command again to resume" in completed.output
    assert scene.finish("publish", repository) == expected["publish"][0]
