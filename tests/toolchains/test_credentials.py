"""The credential helper passes the token to the remote, and to no other host."""

import json
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "toolchains/bazel/credentials"
REMOTE = {"IREE_RELEASE_REMOTE": "grpcs://cache.example:443/instance"}
TOKEN = {"IREE_RELEASE_REMOTE_TOKEN": "s3cret"}


def headers_for(uri: str, **environment: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [PROGRAM, "get"],
        input=json.dumps({"uri": uri}, separators=(",", ":")),
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    headers: dict[str, list[str]] = json.loads(done.stdout)["headers"]
    return headers


@pytest.mark.parametrize(
    "uri",
    [
        "https://cache.example",
        "https://cache.example/service",
        "https://cache.example:443/build.bazel.remote.execution.v2.ActionCache",
    ],
)
def test_the_remote_gets_the_token(uri: str) -> None:
    assert headers_for(uri, **REMOTE, **TOKEN) == {"Authorization": ["Bearer s3cret"]}


@pytest.mark.parametrize(
    "uri",
    [
        "https://bcr.example/modules",
        "https://cache.example.evil/",
        "https://evil/?https=cache.example",
        "https://evilcache.example/",
    ],
)
def test_other_hosts_get_no_token(uri: str) -> None:
    assert headers_for(uri, **REMOTE, **TOKEN) == {}


def test_without_a_remote_or_a_token_there_are_no_headers() -> None:
    assert headers_for("https://cache.example/", **TOKEN) == {}
    assert headers_for("https:///", **TOKEN) == {}
    assert headers_for("https://cache.example/", **REMOTE) == {}


def test_the_header_can_be_configured() -> None:
    header = {"IREE_RELEASE_REMOTE_HEADER": "x-buildbuddy-api-key"}
    assert headers_for("https://cache.example/", **REMOTE, **TOKEN, **header) == {
        "x-buildbuddy-api-key": ["s3cret"]
    }
