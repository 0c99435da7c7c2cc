"""Verbs on GitHub: killed at every call, several at once, and run again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.release.faults.github_scene import VERBS, Scene, expected, harmless, scene
from tests.release.faults.victim import Running
from tests.servers.github.server import TOKEN
from tests.tally import tally

__all__ = ["expected", "scene"]


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_and_run_again_it_ends_the_same(
    scene: Scene, expected: Any, name: str, when: str
) -> None:
    """Catches: two drafts of one tag, an upload that is taken for whole, a lease of the dead."""
    state, shapes = expected[name]
    for nth, shape in enumerate(shapes, start=1):
        repository = scene.fresh(name)
        verb = scene.verb(name, repository)
        scene.github.front.calm()
        victims: list[Running] = []

        def kill(victims: list[Running] = victims) -> None:
            victims[0].kill()

        scene.github.front.at(nth, **{when: kill})
        victims.append(scene.start(verb))
        ended = victims[0].wait()
        assert ended.killed, ended.output
        assert scene.finish(name, repository) == state, f"killed {when} call {nth}, {shape}"
    tally("kill points", len(shapes), f"{name} on GitHub: killed {when} each call, all resumed")


def test_of_several_publishers_at_once_one_wins_and_the_others_say_so(
    scene: Scene, expected: Any
) -> None:
    tries = 8
    for _ in range(tries):
        repository = scene.fresh("publish")
        scene.github.front.calm()
        verb = scene.verb("publish", repository)
        running = [scene.start(verb) for _ in range(3)]
        ended = [one.wait() for one in running]
        assert any(one.code == 0 for one in ended), [one.output for one in ended]
        for one in ended:
            harmless(one)
            assert one.code == 0 or (one.code == 75 and "at work on it" in one.output), one.output
        assert scene.finish("publish", repository) == expected["publish"][0]
    tally("races", tries, "on GitHub: 3 publishers at once, one release each")


def test_no_token_is_in_the_command_line_of_a_process(scene: Scene) -> None:
    """Catches: a token that everybody on the machine can read with `ps`."""
    repository = scene.fresh("publish")
    scene.github.front.calm()
    lines: list[str] = []

    def look() -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(path.read_text(errors="replace"))
            except OSError:
                continue

    scene.github.front.at(5, before=look)
    assert scene.start(scene.verb("publish", repository)).wait().code == 0
    assert lines
    assert not any(TOKEN in line for line in lines)
