"""Tests of commands on GitHub that are killed at every request, or run concurrently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.release.faults.github_scene import COMMANDS, Scene, check_output, expected, scene
from tests.release.faults.killable import Running
from tests.servers.github.server import TOKEN
from tests.tally import tally

__all__ = ["expected", "scene"]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_killed_at_any_request_can_be_resumed(
    scene: Scene, expected: Any, name: str, when: str
) -> None:
    """Catches: two drafts of one tag, a partial upload taken for complete, a stale lease."""
    state, shapes = expected[name]
    for nth, shape in enumerate(shapes, start=1):
        repository = scene.fresh(name)
        command = scene.command(name, repository)
        scene.github.proxy.reset()
        victims: list[Running] = []

        def kill(victims: list[Running] = victims) -> None:
            victims[0].kill()

        scene.github.proxy.at(nth, **{when: kill})
        victims.append(scene.start(command))
        completed = victims[0].wait()
        assert completed.killed, completed.output
        assert scene.finish(name, repository) == state, f"killed {when} call {nth}, {shape}"
    tally("kill points", len(shapes), f"{name} on GitHub: killed {when} each call, all resumed")


def test_of_concurrent_publishers_one_succeeds_and_the_others_exit_with_75(
    scene: Scene, expected: Any
) -> None:
    tries = 8
    for _ in range(tries):
        repository = scene.fresh("publish")
        scene.github.proxy.reset()
        command = scene.command("publish", repository)
        running = [scene.start(command) for _ in range(3)]
        completed = [one.wait() for one in running]
        assert any(one.code == 0 for one in completed), [one.output for one in completed]
        for one in completed:
            check_output(one)
            assert one.code == 0 or (one.code == 75 and "working on it" in one.output), one.output
        assert scene.finish("publish", repository) == expected["publish"][0]
    tally("races", tries, "on GitHub: 3 publishers at once, one release each")


def test_the_token_is_in_no_command_line(scene: Scene) -> None:
    """Catches: a token that every user of the machine can read with `ps`."""
    repository = scene.fresh("publish")
    scene.github.proxy.reset()
    lines: list[str] = []

    def look() -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(path.read_text(errors="replace"))
            except OSError:
                continue

    scene.github.proxy.at(5, before=look)
    assert scene.start(scene.command("publish", repository)).wait().code == 0
    assert lines
    assert not any(TOKEN in line for line in lines)
