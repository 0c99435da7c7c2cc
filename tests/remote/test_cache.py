"""A plain HTTP cache saves work, and does no harm if it is missing, corrupted or read-only.

The server is nginx, which stores files without checking them.
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

# Built in a second, by actions with one and with several outputs.
SMALL = "//products/iree:iree_tools_tf_wheels"
# For one platform, with a C program and the C runtime, which is a directory.
LARGE = "//products/iree:iree_runtime_wheels"
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
    with engines.http_cache(programs, directory) as address:
        yield address


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("one") / "machine") as machine:
        yield machine


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with clone(tmp_path_factory.mktemp("another") / "machine/at/a/longer/path") as machine:
        yield machine


@dataclass(frozen=True, slots=True)
class Filled:
    """A build that fills the cache, and the digests of its wheels."""

    build: Build
    digests: Mapping[str, str]


@pytest.fixture(scope="module")
def filled(machine: Clone, address: str, directory: Path) -> Filled:
    """The build of the small wheel that fills the cache."""
    reading = build(machine, address, *READ)
    assert reading.executed > 0
    assert not stored(directory), "a build that only reads the cache has written to it"
    machine.remove_outputs()
    pushed = build(machine, address, *PUSH)
    assert pushed.executed == reading.executed
    return Filled(pushed, digests(machine))


@pytest.fixture(scope="module")
def large(machine: Clone, address: str, filled: Filled) -> Filled:
    """The build of the large wheels that fills the cache."""
    pushed = build(machine, address, *PUSH, target=LARGE)
    assert pushed.executed > filled.build.executed
    return Filled(pushed, digests(machine, LARGE))


def build(
    machine: Clone, address: str, *options: str, target: str = SMALL, token: str = ""
) -> Build:
    """Builds a package's wheels."""
    environment = {"IREE_RELEASE_REMOTE": address, "IREE_RELEASE_REMOTE_TOKEN": token}
    result = machine.build(*options, ONE_PLATFORM, target, environment=environment)
    assert result.exit_code == 0, result.output[-4000:]
    return result


def digests(machine: Clone, target: str = SMALL) -> dict[str, str]:
    """The digests of a package's wheels, by path."""
    return machine.digests(target, ONE_PLATFORM)


def stored(directory: Path, kind: str = "*") -> list[Path]:
    """Files in the cache: files by digest in `cas`, and action results in `ac`."""
    return [path for path in (directory / "cache").glob(f"{kind}/**/*") if path.is_file()]


@contextmanager
def restored(paths: Sequence[Path]) -> Iterator[dict[Path, bytes]]:
    """Yields the content of files, and restores it afterwards."""
    original = {path: path.read_bytes() for path in paths}
    assert original
    try:
        yield original
    finally:
        for path, content in original.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def test_another_machine_executes_nothing(
    large: Filled, other: Clone, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with relay(address) as counted:
        result = build(other, counted.address, *READ, target=LARGE)
    with capsys.disabled():
        print(
            f"\nfilling: {large.build.seconds:.0f} s, {large.build.executed} actions; reading: "
            f"{result.seconds:.0f} s, {result.hits} from the cache, "
            f"{counted.received / 1e6:.0f} MB"
        )
    assert result.executed == 0, result.processes
    assert result.hits == large.build.executed
    assert digests(other, LARGE) == large.digests


@pytest.mark.parametrize("damage", ["changed", "truncated", "empty", "missing"])
def test_a_corrupted_blob_does_not_corrupt_a_wheel(
    filled: Filled, other: Clone, address: str, directory: Path, damage: str
) -> None:
    other.remove_outputs()
    with restored(stored(directory, "cas")) as blobs:
        for path, content in blobs.items():
            match damage:
                case "changed":
                    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if content else b"")
                case "truncated":
                    path.write_bytes(content[: len(content) // 2])
                case "empty":
                    path.write_bytes(b"")
                case _:
                    path.unlink()
        result = build(other, address, *READ)
    assert result.executed > 0
    assert digests(other) == filled.digests


def test_invalid_action_results_are_ignored(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    other.remove_outputs()
    with restored(stored(directory, "ac")) as results:
        for path in results:
            path.write_bytes(b"<html>the sign-in page of a proxy</html>")
        result = build(other, address, *READ)
    assert (result.hits, result.executed) == (0, filled.build.executed)
    assert digests(other) == filled.digests


def test_a_forged_action_result_is_detected_only_without_the_cache(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    """Bazel cannot detect it without executing the action.

    So only builds of reviewed code fill the cache, and an audit does not use it.
    """
    name = next(name for name in filled.digests if name.endswith(".whl"))
    digest = filled.digests[name].encode()
    wheel = (directory / "cache" / "cas" / digest.decode()).read_bytes()
    forged = wheel[:-1] + bytes([wheel[-1] ^ 1])
    forged_digest = hashlib.sha256(forged).hexdigest()
    (directory / "cache" / "cas" / forged_digest).write_bytes(forged)
    with restored(stored(directory, "ac")) as results:
        for path, content in results.items():
            path.write_bytes(content.replace(digest, forged_digest.encode()))
        other.remove_outputs()
        build(other, address, *READ)
        assert digests(other) == {**filled.digests, name: forged_digest}
        other.remove_outputs()
        build(other, address, *READ, "--noremote_accept_cached")
        assert digests(other) == filled.digests


def test_a_cache_that_requires_a_token_gets_it(
    filled: Filled,
    other: Clone,
    programs: engines.Engines,
    directory: Path,
    tmp_path: Path,
) -> None:
    token = "of-the-remote-0123456789"
    with engines.http_cache(programs, tmp_path, cache=directory / "cache", token=token) as guarded:
        other.remove_outputs()
        without_token = build(other, guarded, *READ)
        assert without_token.hits == 0
        other.remove_outputs()
        result = build(other, guarded, *READ, token=token)
    assert result.hits == filled.build.executed
    assert token not in result.output
    assert digests(other) == filled.digests


def test_a_build_succeeds_without_the_cache(filled: Filled, other: Clone, address: str) -> None:
    other.remove_outputs()
    with relay(address) as connection:
        connection.cut()
        result = build(other, connection.address, *READ)
    assert (result.hits, result.executed) == (0, filled.build.executed)
    assert "WARNING" in result.output
    assert digests(other) == filled.digests


def test_a_build_succeeds_if_the_cache_disappears_meanwhile(
    filled: Filled, other: Clone, address: str, directory: Path
) -> None:
    (wheel,) = filled.digests.values()
    other.remove_outputs()
    with relay(address) as connection:
        # Before the wheel and its inputs are downloaded.
        connection.cut_after = (directory / "cache" / "cas" / wheel).stat().st_size
        result = build(other, connection.address, *READ)
    assert result.executed > 0
    assert digests(other) == filled.digests
