"""A release is built on workers that have only a shell and a C library.

It is a small release (//tests/remote/product) with every kind of action of the complete one.

The server is BuildGrid with PostgreSQL, and the worker is buildbox with bubblewrap.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import Build, Clone, clone
from tests.output_base import outer_output_base
from tests.reproducible.difference import sha256
from tests.servers.remote import engines
from tests.servers.remote.relay import Relay, relay
from tests.workspace import root

PRODUCT = "//tests/remote/product:all"
WHOLE = ("//packaging:all", "//products/abacus:all_wheels")
# Actions that are never executed: no target depends on stripped programs.
NEVER_RUN = {"CcStrip"}
# BuildGrid rejects calls beyond the number of its threads.
OPTIONS = ("--config=ci", "--config=remote_exec", "--remote_max_connections=4")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a build on workers."""

    build: Build
    digests: dict[str, str]
    sent: int
    """Bytes sent to the server."""
    received: int
    """Bytes received from the server."""


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    programs = engines.engines()
    engines.require_sandboxes(programs)
    with ExitStack() as stack:
        database = stack.enter_context(
            engines.database(programs, tmp_path_factory.mktemp("database"))
        )
        served = stack.enter_context(
            engines.buildgrid(tmp_path_factory.mktemp("buildgrid"), database)
        )
        stack.enter_context(engines.worker(programs, tmp_path_factory.mktemp("worker"), served))
        yield stack.enter_context(relay(served))


def built(remote: Relay, machine: Clone) -> Outcome:
    """Builds the product from a machine."""
    before = remote.sent, remote.received
    environment = {"IREE_RELEASE_REMOTE": remote.address}
    build = machine.build(*OPTIONS, PRODUCT, environment=environment)
    assert build.exit_code == 0, build.output[-4000:]
    sent, received = remote.sent - before[0], remote.received - before[1]
    return Outcome(build, machine.digests(PRODUCT), sent, received)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("one") / "machine") as machine:
        yield machine


@pytest.fixture(scope="module")
def first(remote: Relay, machine: Clone) -> Outcome:
    return built(remote, machine)


@pytest.fixture(scope="module")
def second(remote: Relay, first: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with clone(tmp_path_factory.mktemp("another") / "machine/at/a/longer/path") as other:
        return built(remote, other)


def test_all_actions_run_on_workers(first: Outcome) -> None:
    assert first.build.executed > 30
    assert set(first.build.processes) <= {"internal", "remote", "remote cache hit"}


def test_every_kind_of_action_is_tested(first: Outcome, machine: Clone) -> None:
    """Catches: a new kind of action in the release that needs something that workers lack."""
    assert machine.mnemonics(*WHOLE) - NEVER_RUN <= first.build.mnemonics


def test_shared_repositories_contain_no_paths_of_their_origin(
    first: Outcome, machine: Clone
) -> None:
    """Catches: a path that is the same in both clones, because they share repositories."""
    outer = outer_output_base()
    assert outer
    paths = [os.fsencode(outer / "external"), os.fsencode(root())]
    for directory, names, files in os.walk(machine.output_base / "external"):
        for path in (Path(directory, name) for name in names + files):
            if path.is_symlink():
                content = os.fsencode(path.readlink())
            elif path.is_file():
                content = path.read_bytes()
            else:
                continue
            assert not any(outer_path in content for outer_path in paths), path


def test_another_machine_executes_no_actions(first: Outcome, second: Outcome) -> None:
    assert second.build.executed == 0, second.build.processes
    assert second.build.hits == first.build.executed + first.build.hits


def test_inputs_are_not_sent_again(
    first: Outcome, second: Outcome, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print()
        for name, outcome in (("first", first), ("second", second)):
            print(
                f"{name} machine: {outcome.build.seconds:.0f} s, {outcome.build.executed} actions "
                f"executed, {outcome.build.hits} from the cache, {outcome.sent / 1e6:.0f} MB sent, "
                f"{outcome.received / 1e6:.0f} MB received"
            )
    assert second.sent < first.sent / 20


def test_workers_build_the_same_files_as_this_machine(first: Outcome, second: Outcome) -> None:
    assert second.digests == first.digests
    # These files have the digests of all wheels and dists.
    local = {path.name: path for path in map(Path, os.environ["MANIFEST"].split())}
    assert local.keys() == {"manifest.json", "SHA256SUMS"}
    for name, path in local.items():
        assert first.digests[f"tests/remote/product/{name}"] == sha256(path), name
