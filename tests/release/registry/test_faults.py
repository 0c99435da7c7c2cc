"""Pushing to registries that fail in every way, and pushes that are killed at every call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.release.faults.victim import Ended, Running, Verb
from tests.release.registry.conftest import digests, stated
from tests.servers.registry.servers import PASSWORD, USER, Place, Server
from tests.servers.remote import front
from tests.servers.remote.front import PATIENCE, Fault, patience
from tests.tally import tally

FAULTS = (
    Fault("status", 401, message="no"),
    Fault("status", 403, message="no"),
    Fault("status", 404, message="no"),
    Fault("status", 409, message="no"),
    Fault("status", 413, message="too large"),
    Fault("status", 503, message="busy"),
    *front.FAULTS,
)

# What a fault may end with; 0 stands for having been asked again.
CODES: Mapping[str, Sequence[int]] = {
    "401": (2,),
    "403": (2,),
    # Of an index that is how it says that there is no such project.
    "404": (0, 1),
    "409": (1, 2),
    "413": (1, 2),
    "429": (0,),
    "500": (0,),
    "503": (0,),
    "timeout": (0,),
    "cut before": (0,),
    "cut after": (0,),
    "short": (0,),
    "wrong digest": (0, 1),
    "truncated upload": (0,),
}


class Pushes:
    """Pushes of one release to places of a registry."""

    def __init__(self, server: Server, release: Path, directory: Path) -> None:
        """Pushes that are not begun yet."""
        self._server = server
        self._release = release
        self._directory = directory
        self._count = 0

    def place(self) -> Place:
        """An empty place."""
        return self._server.place()

    def start(self, place: Place, patience: str = PATIENCE) -> Running:
        """Starts a push."""
        self._count += 1
        words = ["--registry", place.upload, "--index", place.index, "--from", str(self._release)]
        environment = {
            "TWINE_USERNAME": USER,
            "TWINE_PASSWORD": PASSWORD,
            "IREE_RELEASE_PATIENCE": patience,
        }
        return Running(Verb("push", words, environment), self._directory / f"log{self._count}")

    def run(self, place: Place, patience: str = PATIENCE) -> Ended:
        """Pushes, and holds what a person sees against what nobody should see."""
        ended = self.start(place, patience).wait()
        assert PASSWORD not in ended.output
        assert "Traceback" not in ended.output, ended.output
        return ended

    @functools.cached_property
    def shapes(self) -> list[str]:
        """The requests of a push that nobody disturbs."""
        place = self.place()
        assert self.run(place).code == 0
        return [seen.shape for seen in place.front.seen]

    def finish(self, place: Place) -> None:
        """Pushes again, after which everything is there as it should be."""
        place.front.calm()
        ended = self.run(place)
        assert ended.code == 0, ended.output
        assert digests(place) == stated(self._release)


@pytest.fixture(scope="module")
def pushes(server: Server, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Pushes:
    return Pushes(server, release, tmp_path_factory.mktemp("pushes"))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_kind_of_call_may_fail_in_each_way(pushes: Pushes, fault: Fault) -> None:
    """Catches: a failure that may pass and is not tried again, or one that never will and is."""
    kinds = list(dict.fromkeys(pushes.shapes))
    for shape in kinds:
        place = pushes.place()
        place.front.inject(fault, shape=shape)
        ended = pushes.run(place, patience(fault))
        assert ended.code in CODES[str(fault)], f"{shape}: {ended.code}: {ended.output}"
        if ended.code:
            errors = [line for line in ended.output.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, ended.output
        pushes.finish(place)
    tally("faults of a remote", len(kinds), f"push: {fault}, all resumed")


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_and_run_again_it_ends_the_same(pushes: Pushes, when: str) -> None:
    """Catches: a name that is burnt by half a file."""
    for nth, shape in enumerate(pushes.shapes, start=1):
        place = pushes.place()
        victims: list[Running] = []

        def kill(victims: list[Running] = victims) -> None:
            victims[0].kill()

        hook: Mapping[str, Callable[[], None]] = {when: kill}
        place.front.at(nth, **hook)
        victims.append(pushes.start(place))
        ended = victims[0].wait()
        assert ended.killed, f"{shape}: {ended.output}"
        pushes.finish(place)
    tally("kill points", len(pushes.shapes), f"push: killed {when} each call, all resumed")


def test_of_several_pushes_at_once_each_file_is_there_once(pushes: Pushes) -> None:
    for _ in range(4):
        place = pushes.place()
        ended = [one.wait() for one in [pushes.start(place) for _ in range(3)]]
        assert any(one.code == 0 for one in ended), [one.output for one in ended]
        for one in ended:
            assert one.code in (0, 1, 75), one.output
            assert "Traceback" not in one.output, one.output
        pushes.finish(place)


def test_a_registry_that_stays_away_ends_with_75_and_says_that_a_rerun_goes_on(
    pushes: Pushes,
) -> None:
    place = pushes.place()
    for nth in range(5):
        place.front.inject(Fault("status", 502), method="POST", nth=nth + 1)
    ended = pushes.run(place)
    assert ended.code == 75, ended.output
    assert "answers 502" in ended.output
    assert "run this again, and it goes on" in ended.output
    pushes.finish(place)
