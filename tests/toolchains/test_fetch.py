"""Payload wheels are downloaded through pip, checked against the lock, and cached atomically."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.upstream import UpstreamWheel
from tests.toolchains.wheel_registry import Registry, pip_registry
from toolchains.wheels import fetch, pip_download

WHEEL = UpstreamWheel()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with pip_registry(tmp_path) as registry:
        yield registry


def lock_for(directory: Path, sha256: str, version: str = "3.13.0") -> Path:
    """A lock file that pins the wheel."""
    path = directory / "linux_x86_64-cp311-cp311.txt"
    path.write_text(f"# comment\niree-base-runtime=={version} --hash=sha256:{sha256}\n")
    return path


def run(lock: Path, output: Path) -> int:
    """Downloads like the repository rule; returns the exit code."""
    return fetch.main(
        [
            *(f"--lock={lock}", "--lock-name=locks/linux.txt", f"--output={output}"),
            "--fix=bazel run //the:command",
            *("--label=linux_x86_64, cp311-cp311", "--python-version=3.11", "--abi=cp311"),
            "--platform=manylinux_2_28_x86_64",
        ]
    )


def leftovers(cache: Path) -> list[str]:
    """Files in the payload cache other than complete wheels and lock files."""
    found = (path for path in (cache / "payload").iterdir() if path.suffix != ".lock")
    return [path.name for path in found if not list(path.glob("*.whl"))]


def test_a_wheel_is_downloaded_once_for_all_output_bases(
    registry: Registry, tmp_path: Path
) -> None:
    lock = lock_for(tmp_path, registry.publish(WHEEL))
    assert run(lock, tmp_path / "one") == 0
    requests = len(registry.requests)
    assert requests
    assert run(lock, tmp_path / "two") == 0
    assert len(registry.requests) == requests
    fetched = tmp_path / "two" / WHEEL.filename
    assert fetched.read_bytes() == WHEEL.to_bytes()


def test_a_wheel_with_another_hash_is_rejected_and_discarded(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.publish(WHEEL)
    assert run(lock_for(tmp_path, "0" * 64), tmp_path / "out") == pip_download.NOT_FOUND
    message = capsys.readouterr().err
    assert "iree-base-runtime 3.13.0 for linux_x86_64, cp311-cp311" in message
    assert "the registry's file differs from the one in locks/linux.txt" in message
    assert message.rstrip().endswith("rewrite the lock with: bazel run //the:command")
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path / "cache") == []


def test_a_missing_wheel_is_named(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = lock_for(tmp_path, registry.publish(WHEEL), version="9.9.9")
    assert run(lock, tmp_path / "out") == pip_download.NOT_FOUND
    message = capsys.readouterr().err
    assert "9.9.9 for linux_x86_64, cp311-cp311: the registry has no such wheel" in message
    assert "rewrite the lock with: bazel run //the:command" in message


def test_an_unreachable_registry_has_its_own_exit_code(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = lock_for(tmp_path, registry.publish(WHEEL))
    registry.close()
    assert run(lock, tmp_path / "out") == pip_download.UNREACHABLE
    message = capsys.readouterr().err
    assert "could not be reached" in message
    assert "locks/linux.txt" in message
    assert "Traceback" not in message


def test_a_damaged_cache_entry_is_downloaded_again(registry: Registry, tmp_path: Path) -> None:
    digest = registry.publish(WHEEL)
    lock = lock_for(tmp_path, digest)
    assert run(lock, tmp_path / "one") == 0
    cached = tmp_path / "cache/payload" / digest / WHEEL.filename
    cached.unlink()
    cached.write_bytes(b"half of it")
    assert run(lock, tmp_path / "two") == 0
    assert cached.read_bytes() == WHEEL.to_bytes()


def test_the_files_of_a_killed_download_are_not_used(registry: Registry, tmp_path: Path) -> None:
    digest = registry.publish(WHEEL)
    staging = tmp_path / "cache/payload" / f"{digest}.stagingabc/wheels"
    staging.mkdir(parents=True)
    (staging / WHEEL.filename).write_bytes(b"half of it")
    assert run(lock_for(tmp_path, digest), tmp_path / "out") == 0
    assert (tmp_path / "out" / WHEEL.filename).read_bytes() == WHEEL.to_bytes()
    assert leftovers(tmp_path / "cache") == []


def test_concurrent_downloads_succeed(registry: Registry, tmp_path: Path) -> None:
    lock = lock_for(tmp_path, registry.publish(WHEEL))
    threads = [
        threading.Thread(target=lambda i=i: codes.append(run(lock, tmp_path / str(i))))
        for i in range(3)
    ]
    codes: list[int] = []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0, 0]
    assert leftovers(tmp_path / "cache") == []


def test_a_python_without_pip_is_reported(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "python3"
    bare.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(bare))
        assert run(lock_for(tmp_path, "1" * 64), tmp_path / "out") == pip_download.INVALID
    assert "has no pip" in capsys.readouterr().err


def test_a_cache_that_cannot_be_written_is_reported(
    registry: Registry,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path / "file"))
    assert run(lock_for(tmp_path, "1" * 64), tmp_path / "out") == pip_download.INVALID
    assert "set IREE_RELEASE_CACHE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        "iree-base-runtime==3.13.0",
        "iree-base-runtime>=3.13.0 --hash=sha256:" + "1" * 64,
        "iree-base-runtime==3.13.0 --hash=sha256:123",
        "iree-base-runtime==3.13.0 --hash=md5:" + "1" * 32,
        "--index-url http://example.invalid/",
    ],
)
def test_a_line_that_is_not_a_pin_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"# first\n{line}\n")
    assert run(lock, tmp_path / "out") == pip_download.INVALID
    assert capsys.readouterr().err.startswith("locks/linux.txt, line 2: expected PROJECT==VERSION")


def test_fetch_needs_only_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "toolchains.wheels.fetch", "--help"],
        env={"PYTHONPATH": f"{Path(fetch.__file__).parents[2]}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
