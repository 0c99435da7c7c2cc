"""A release is built on workers with a shell, a C library, and nothing of this machine.

It is a small one (//tests/remote/product), with every kind of action that the whole one has.

The server is BuildGrid, with PostgreSQL, and the worker buildbox' with bubblewrap.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import Build, Clone, clone
from tests.output_base import of_this_test
from tests.reproducible.difference import sha256
from tests.servers.remote import engines
from tests.servers.remote.relay import Relay, relay
from tests.workspace import root

PRODUCT = "//tests/remote/product:all"
WHOLE = ("//packaging:all", "//examples/native_project:all_wheels")
# What it could be asked for and is not: a program whose symbols were taken out by another one.
NEVER_RUN = {"CcStrip"}
# BuildGrid refuses calls beyond the number of its threads.
OPTIONS = ("--config=ci", "--config=remote_exec", "--remote_max_connections=4")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a build on another machine."""

    build: Build
    digests: dict[str, str]
    sent: int
    received: int


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
    """Builds the product on a machine."""
    before = remote.sent, remote.received
    environment = {"IREE_RELEASE_REMOTE": remote.address}
    build = machine.build(*OPTIONS, PRODUCT, environment=environment)
    assert build.code == 0, build.said[-4000:]
    sent, received = remote.sent - before[0], remote.received - before[1]
    return Outcome(build, machine.digests(PRODUCT), sent, received)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("one") / "machine") as made:
        yield made


@pytest.fixture(scope="module")
def first(remote: Relay, machine: Clone) -> Outcome:
    return built(remote, machine)


@pytest.fixture(scope="module")
def second(remote: Relay, first: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with clone(tmp_path_factory.mktemp("another") / "machine/at/a/longer/path") as other:
        return built(remote, other)


def test_no_action_needs_this_machine(first: Outcome) -> None:
    assert first.build.executed > 30
    assert set(first.build.processes) <= {"internal", "remote", "remote cache hit"}


def test_every_kind_of_action_is_tried(first: Outcome, machine: Clone) -> None:
    """Catches: a new kind of action in the release, which needs what no worker has."""
    assert machine.kinds(*WHOLE) - NEVER_RUN <= first.build.kinds


def test_what_was_fetched_elsewhere_names_no_path_of_there(first: Outcome, machine: Clone) -> None:
    """Catches: a path that both machines have in common, since another one fetched for them."""
    outer = of_this_test()
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
            assert not any(outside in content for outside in paths), path


def test_another_machine_executes_nothing_anew(first: Outcome, second: Outcome) -> None:
    assert second.build.executed == 0, second.build.processes
    assert second.build.hits == first.build.executed + first.build.hits


def test_what_was_there_is_not_sent_again(
    first: Outcome, second: Outcome, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print()
        for name, one in (("first", first), ("second", second)):
            print(
                f"{name} machine: {one.build.seconds:.0f} s, {one.build.executed} actions "
                f"executed, {one.build.hits} from the cache, {one.sent / 1e6:.0f} MB sent, "
                f"{one.received / 1e6:.0f} MB received"
            )
    assert second.sent < first.sent / 20


def test_workers_make_the_bytes_that_this_machine_makes(first: Outcome, second: Outcome) -> None:
    assert second.digests == first.digests
    # These have the digests of all wheels and dists.
    here = {path.name: path for path in map(Path, os.environ["MANIFEST"].split())}
    assert here.keys() == {"manifest.json", "SHA256SUMS"}
    for name, path in here.items():
        assert first.digests[f"tests/remote/product/{name}"] == sha256(path), name
