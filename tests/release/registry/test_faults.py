"""Tests of pushes with every kind of registry failure, and killed at every request."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.release.faults.killable import Command, Completed, Running
from tests.release.registry.conftest import digests, expected
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry, Server
from tests.servers.remote import proxy
from tests.servers.remote.proxy import RETRY_SETTINGS, Fault, retry_settings
from tests.tally import tally

FAULTS = (
    Fault("status", 401, message="no"),
    Fault("status", 403, message="no"),
    Fault("status", 404, message="no"),
    Fault("status", 409, message="no"),
    Fault("status", 413, message="too large"),
    Fault("status", 503, message="busy"),
    *proxy.FAULTS,
)

# The exit codes that a fault may lead to; 0 means that a retry succeeded.
CODES: Mapping[str, Sequence[int]] = {
    "401": (2,),
    "403": (2,),
    # An index answers 404 for unknown projects.
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
    """Pushes a release to empty registries."""

    def __init__(self, server: Server, release: Path, directory: Path) -> None:
        """Starts nothing yet."""
        self._server = server
        self._release = release
        self._directory = directory
        self._count = 0

    def empty_registry(self) -> EmptyRegistry:
        """An empty registry."""
        return self._server.empty_registry()

    def start(self, registry: EmptyRegistry, retry_settings: str = RETRY_SETTINGS) -> Running:
        """Starts a push."""
        self._count += 1
        arguments = ["--registry", registry.upload, "--index", registry.index]
        arguments += ["--from", str(self._release)]
        environment = {
            "TWINE_USERNAME": USER,
            "TWINE_PASSWORD": PASSWORD,
            "IREE_RELEASE_PATIENCE": retry_settings,
        }
        command = Command("push", arguments, environment)
        return Running(command, self._directory / f"log{self._count}")

    def run(self, registry: EmptyRegistry, retry_settings: str = RETRY_SETTINGS) -> Completed:
        """Pushes, and checks that the output has neither the password nor a traceback."""
        completed = self.start(registry, retry_settings).wait()
        assert PASSWORD not in completed.output
        assert "Traceback" not in completed.output, completed.output
        return completed

    @functools.cached_property
    def shapes(self) -> list[str]:
        """The shapes of the requests of an undisturbed push."""
        registry = self.empty_registry()
        assert self.run(registry).code == 0
        return [seen.shape for seen in registry.proxy.seen]

    def finish(self, registry: EmptyRegistry) -> None:
        """Pushes again, and checks that the registry then has exactly the release."""
        registry.proxy.reset()
        completed = self.run(registry)
        assert completed.code == 0, completed.output
        assert digests(registry) == expected(self._release)


@pytest.fixture(scope="module")
def pushes(server: Server, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Pushes:
    return Pushes(server, release, tmp_path_factory.mktemp("pushes"))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_kind_of_request_can_fail_in_each_way(pushes: Pushes, fault: Fault) -> None:
    """Catches: a transient failure that is not retried, or a permanent one that is."""
    kinds = list(dict.fromkeys(pushes.shapes))
    for shape in kinds:
        registry = pushes.empty_registry()
        registry.proxy.inject(fault, shape=shape)
        completed = pushes.run(registry, retry_settings(fault))
        assert completed.code in CODES[str(fault)], f"{shape}: {completed.code}: {completed.output}"
        if completed.code:
            errors = [line for line in completed.output.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, completed.output
        pushes.finish(registry)
    tally("faults of a remote", len(kinds), f"push: {fault}, all resumed")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_push_killed_at_any_request_can_be_resumed(pushes: Pushes, when: str) -> None:
    """Catches: a file name that is used up by a partial upload."""
    for nth, shape in enumerate(pushes.shapes, start=1):
        registry = pushes.empty_registry()
        victims: list[Running] = []

        def kill(victims: list[Running] = victims) -> None:
            victims[0].kill()

        hook: Mapping[str, Callable[[], None]] = {when: kill}
        registry.proxy.at(nth, **hook)
        victims.append(pushes.start(registry))
        completed = victims[0].wait()
        assert completed.killed, f"{shape}: {completed.output}"
        pushes.finish(registry)
    tally("kill points", len(pushes.shapes), f"push: killed {when} each call, all resumed")


def test_concurrent_pushes_upload_each_file_once(pushes: Pushes) -> None:
    for _ in range(4):
        registry = pushes.empty_registry()
        completed = [one.wait() for one in [pushes.start(registry) for _ in range(3)]]
        assert any(one.code == 0 for one in completed), [one.output for one in completed]
        for one in completed:
            assert one.code in (0, 1, 75), one.output
            assert "Traceback" not in one.output, one.output
        pushes.finish(registry)


def test_an_unavailable_registry_exits_with_75_and_says_how_to_resume(pushes: Pushes) -> None:
    registry = pushes.empty_registry()
    for nth in range(5):
        registry.proxy.inject(Fault("status", 502), method="POST", nth=nth + 1)
    completed = pushes.run(registry)
    assert completed.code == 75, completed.output
    assert "answers 502" in completed.output
    assert "run the command again to resume" in completed.output
    pushes.finish(registry)
