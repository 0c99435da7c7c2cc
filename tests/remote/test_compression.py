"""A cache that cannot compress is refused before the build, where Bazel does without it.

The remotes are BuildGrid, which does not compress, and a service of gRPC's own library, which says
that it does.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote import engines
from tests.remote.program import free_port, program
from toolchains.remote import compression

BAZELW = Path(__file__).parents[2] / "bazelw"
TOKEN = "of-the-remote-0123456789"
# ServerCapabilities with the compressors IDENTITY and ZSTD in their cache's, packed.
COMPRESSES = bytes([0x0A, 4, 0x32, 2, 0, 1])
SERVICE = """
import sys
from concurrent.futures import ThreadPoolExecutor
import grpc

def capabilities(request, context):
    sent = dict(context.invocation_metadata())
    if sent.get("authorization") != "Bearer {token}" or request != {request!r}:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
    return {answer!r}

handler = grpc.method_handlers_generic_handler(
    "build.bazel.remote.execution.v2.Capabilities",
    {{"GetCapabilities": grpc.unary_unary_rpc_method_handler(capabilities)}},
)
server = grpc.server(ThreadPoolExecutor(2))
server.add_generic_rpc_handlers((handler,))
server.add_insecure_port("127.0.0.1:{port}")
server.start()
print("serving", flush=True)
server.wait_for_termination()
"""


@pytest.fixture(scope="module")
def buildgrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with engines.buildgrid(tmp_path_factory.mktemp("buildgrid")) as address:
        yield address


@pytest.fixture(scope="module")
def compressing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("compressing")
    python, packages = engines.buildgrid_python(folder)
    port, log, script = free_port(), folder / "log", folder / "service.py"
    script.write_text(
        SERVICE.format(token=TOKEN, request=b"\n\x04main", answer=COMPRESSES, port=port)
    )
    with program([python, script], log, {"PYTHONPATH": str(packages)}):
        ends = time.monotonic() + 30
        while b"serving" not in log.read_bytes():
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.05)
        yield f"grpc://127.0.0.1:{port}"


def bazelw(remote: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs bazelw, with a program that ends with 1 in place of Bazel."""
    return subprocess.run(
        [BAZELW, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "IREE_RELEASE_REMOTE": remote,
            "BAZEL": "/bin/false",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("preset", ["remote_cache", "remote_cache_push", "remote_exec"])
def test_a_remote_without_compression_ends_the_build(buildgrid: str, preset: str) -> None:
    """Catches: a full rebuild without the cache, one warning, and exit code 0."""
    done = bazelw(buildgrid, "build", f"--config={preset}", "--remote_cache_compression", "//:x")
    assert done.returncode == 2
    assert done.stderr == (
        f"bazelw: {buildgrid} does not support compression, so Bazel would build without "
        "this cache and not fail: leave out --remote_cache_compression.\n"
    )


def test_a_remote_with_compression_is_used(compressing: str) -> None:
    """The one that it asks wants the token, and an instance's name."""
    arguments = ("build", "--config=remote_cache", "--remote_cache_compression")
    done = bazelw(
        compressing,
        *(*arguments, "--remote_instance_name=main"),
        IREE_RELEASE_REMOTE_TOKEN=TOKEN,
    )
    assert (done.returncode, done.stderr) == (1, "")


def test_the_answer_says_that_it_compresses(
    compressing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IREE_RELEASE_REMOTE", compressing)
    monkeypatch.setenv("IREE_RELEASE_REMOTE_TOKEN", TOKEN)
    wanted = compression.Wanted(compressing, "main", ())
    assert compression.capabilities(wanted) == COMPRESSES
    with pytest.raises(EOFError):
        compression.capabilities(compression.Wanted(compressing, "other", ()))


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--config=remote_cache", "//:x"),
        ("build", "--config=remote_cache", "--remote_cache_compression=false"),
        ("build", "--remote_cache_compression", "--noremote_cache_compression", "--config=x"),
        ("build", "--remote_cache_compression", "//:x"),
        ("run", "//:x", "--", "--config=remote_cache", "--remote_cache_compression"),
    ],
)
def test_without_the_option_or_a_remote_nothing_is_asked(
    buildgrid: str, arguments: tuple[str, ...]
) -> None:
    done = bazelw(buildgrid, *arguments)
    assert (done.returncode, done.stderr) == (1, "")


def test_what_does_not_answer_is_left_to_bazel() -> None:
    """A cache that is gone is done without, as the presets have it."""
    gone = f"grpc://127.0.0.1:{free_port()}"
    done = bazelw(gone, "build", "--config=remote_cache", "--remote_cache_compression")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "endpoint"),
    [
        (("--remote_cache=cache.example",), "grpcs://cache.example"),
        (("--remote_executor=grpc://e.example:1",), "grpc://e.example:1"),
        (
            ("--remote_executor=grpc://e.example", "--remote_cache=grpc://c.example"),
            "grpc://c.example",
        ),
        # Bazel ignores the option there.
        (("--remote_cache=https://cache.example",), None),
        (("--remote_cache=unix:/run/cache",), None),
        ((), None),
    ],
)
def test_the_remote_is_that_of_bazels_options(
    arguments: tuple[str, ...], endpoint: str | None
) -> None:
    wanted = compression.parse(["build", "--remote_cache_compression", *arguments])
    assert (wanted.endpoint if wanted else None) == endpoint


@pytest.mark.parametrize(
    ("message", "compresses"),
    [
        (COMPRESSES, True),
        (bytes([0x0A, 2, 0x30, 1]), True),
        (bytes([0x0A, 2, 0x30, 2]), False),
        (bytes([0x0A, 0]), False),
        (b"", False),
    ],
)
def test_capabilities_are_read_packed_and_not(message: bytes, compresses: bool) -> None:
    assert compression.supports_zstd(message) is compresses


@pytest.mark.parametrize("message", [b"\x0a\x05\x00", b"\x0b", b"\xff", b"\x09\x00"])
def test_what_is_no_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="no protocol buffer"):
        list(compression.fields(message))
