"""A cache of plain HTTP saves work, and can do no harm: gone, spoilt or read-only.

The server is nginx, which keeps what it is given: it checks nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clone import Build, Clone, clone
from tests.servers.remote import engines
from tests.servers.remote.relay import relay

# Built in a second, by an action that makes several files and one that makes one.
SMALL = "//packaging/iree_tools_tf:wheels"
# Of one platform, with C and its runtime, which is a directory.
LARGE = "//packaging/iree_runtime:wheels"
ONE_PLATFORM = "--//packaging:without=linux_aarch64,windows_x86_64,macos_arm64"
PUSH = ("--config=ci", "--config=remote_cache_push")
READ = ("--config=ci", "--config=remote_cache")


@pytest.fixture(scope="module")
def programs() -> engines.Engines:
    return engines.engines()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def address(programs: engines.Engines, directory: Path) -> Iterator[str]:
    with engines.http_cache(programs, directory) as served:
        yield served


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("one") / "machine") as made:
        yield made


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("another") / "machine/at/a/longer/path") as made:
        yield made


@dataclass(frozen=True, slots=True)
class Filled:
    """What a build that fills the cache has made."""

    build: Build
    digests: Mapping[str, str]


@pytest.fixture(scope="module")
def filled(machine: Clone, address: str, directory: Path) -> Filled:
    """The build of the small wheel that fills the cache."""
    unread = build(machine, address, *READ)
    assert unread.executed > 0
    assert not stored(directory), "a build that only reads has written"
    machine.lose_outputs()
    pushed = build(machine, address, *PUSH)
    assert pushed.executed == unread.executed
    return Filled(pushed, digests(machine))


@pytest.fixture(scope="module")
def large(machine: Clone, address: str, filled: Filled) -> Filled:
    """The build of the large wheels that fills the cache, too."""
    pushed = build(machine, address, *PUSH, target=LARGE)
    assert pushed.executed > filled.build.executed
    return Filled(pushed, digests(machine, LARGE))


def build(
    machine: Clone, address: str, *options: str, target: str = SMALL, token: str = ""
) -> Build:
    """Builds a package's wheels."""
    environment = {"IREE_RELEASE_REMOTE": address, "IREE_RELEASE_REMOTE_TOKEN": token}
    made = machine.build(*options, ONE_PLATFORM, target, environment=environment)
    assert made.code == 0, made.said[-4000:]
    return made


def digests(machine: Clone, target: str = SMALL) -> dict[str, str]:
    """The wheels of a package, by their digests."""
    return machine.digests(target, ONE_PLATFORM)


def stored(directory: Path, kind: str = "*") -> list[Path]:
    """What the cache holds: `cas`, files by digest, and `ac`, what actions made."""
    return [path for path in (directory / "cache").glob(f"{kind}/**/*") if path.is_file()]


@contextmanager
def spoilt(paths: Sequence[Path]) -> Iterator[dict[Path, bytes]]:
    """Gives the content of files that may be spoilt, and puts it back."""
    kept = {path: path.read_bytes() for path in paths}
    assert kept
    try:
        yield kept
    finally:
        for path, content in kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def test_another_machine_executes_nothing(
    large: Filled, other: Clone, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with relay(address) as counted:
        made = build(other, counted.address, *READ, target=LARGE)
    with capsys.disabled():
        print(
            f"\nfilling: {large.build.seconds:.0f} s, {large.build.executed} actions; reading: "
            f"{made.seconds:.0f} s, {made.hits} from the cache, {counted.received / 1e6:.0f} MB"
        )
    assert made.executed == 0, made.processes
    assert made.hits == large.build.executed
    assert digests(other, LARGE) == large.digests


@pytest.mark.parametrize("spoil", ["changed", "cut short", "empty", "gone"])
def test_a_spoilt_blob_makes_no_wrong_wheel(
    filled: Filled, other: Clone, address: str, directory: Path, spoil: str
) -> None:
    other.lose_outputs()
    with spoilt(stored(directory, "cas")) as blobs:
        for path, content in blobs.items():
            match spoil:
                case "changed":
                    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if content else b"")
                case "cut short":
                    path.write_bytes(content[: len(content) // 2])
                case "empty":
                    path.write_bytes(b"")
                case _:
                    path.unlink()
        made = build(other, address, *READ)
    assert made.executed > 0
    assert digests(other) == filled.digests


def test_results_that_are_no_results_are_not_taken(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    other.lose_outputs()
    with spoilt(stored(directory, "ac")) as results:
        for path in results:
            path.write_bytes(b"<html>the sign-in page of a proxy</html>")
        made = build(other, address, *READ)
    assert (made.hits, made.executed) == (0, filled.build.executed)
    assert digests(other) == filled.digests


def test_a_lie_of_who_fills_the_cache_is_found_only_without_it(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    """No Bazel can see it: what an action makes is known by running it.

    So only builds of what was reviewed fill the cache, and an audit takes nothing from it.
    """
    name = next(name for name in filled.digests if name.endswith(".whl"))
    right = filled.digests[name].encode()
    wheel = (directory / "cache" / "cas" / right.decode()).read_bytes()
    wrong = wheel[:-1] + bytes([wheel[-1] ^ 1])
    lie = hashlib.sha256(wrong).hexdigest()
    (directory / "cache" / "cas" / lie).write_bytes(wrong)
    with spoilt(stored(directory, "ac")) as results:
        for path, content in results.items():
            path.write_bytes(content.replace(right, lie.encode()))
        other.lose_outputs()
        build(other, address, *READ)
        assert digests(other) == {**filled.digests, name: lie}
        other.lose_outputs()
        build(other, address, *READ, "--noremote_accept_cached")
        assert digests(other) == filled.digests


def test_a_cache_that_wants_a_token_gets_it(
    filled: Filled,
    other: Clone,
    programs: engines.Engines,
    directory: Path,
    tmp_path: Path,
) -> None:
    token = "of-the-remote-0123456789"
    with engines.http_cache(programs, tmp_path, cache=directory / "cache", token=token) as guarded:
        other.lose_outputs()
        refused = build(other, guarded, *READ)
        assert refused.hits == 0
        other.lose_outputs()
        made = build(other, guarded, *READ, token=token)
    assert made.hits == filled.build.executed
    assert token not in made.said
    assert digests(other) == filled.digests


def test_a_cache_that_is_gone_is_done_without(filled: Filled, other: Clone, address: str) -> None:
    other.lose_outputs()
    with relay(address) as gone:
        gone.cut()
        made = build(other, gone.address, *READ)
    assert (made.hits, made.executed) == (0, filled.build.executed)
    assert "WARNING" in made.said
    assert digests(other) == filled.digests


def test_a_cache_that_dies_meanwhile_is_done_without(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    (wheel,) = filled.digests.values()
    other.lose_outputs()
    with relay(address) as dying:
        # Before the wheel is there, and what it is made of.
        dying.cut_after = (directory / "cache" / "cas" / wheel).stat().st_size
        made = build(other, dying.address, *READ)
    assert made.executed > 0
    assert digests(other) == filled.digests
