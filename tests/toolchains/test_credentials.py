"""The token for a remote is told to that remote, and to nobody else."""

import json
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "toolchains/bazel/credentials"
REMOTE = {"IREE_RELEASE_REMOTE": "grpcs://cache.example:443/instance"}
TOKEN = {"IREE_RELEASE_REMOTE_TOKEN": "s3cret"}


def told(uri: str, **environment: str) -> dict[str, list[str]]:
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
def test_the_remote_is_told(uri: str) -> None:
    assert told(uri, **REMOTE, **TOKEN) == {"Authorization": ["Bearer s3cret"]}


@pytest.mark.parametrize(
    "uri",
    [
        "https://bcr.example/modules",
        "https://cache.example.evil/",
        "https://evil/?https=cache.example",
        "https://evilcache.example/",
    ],
)
def test_no_other_host_is_told(uri: str) -> None:
    assert told(uri, **REMOTE, **TOKEN) == {}


def test_without_a_remote_or_a_token_nobody_is_told() -> None:
    assert told("https://cache.example/", **TOKEN) == {}
    assert told("https:///", **TOKEN) == {}
    assert told("https://cache.example/", **REMOTE) == {}


def test_a_service_may_want_a_header_of_its_own() -> None:
    header = {"IREE_RELEASE_REMOTE_HEADER": "x-buildbuddy-api-key"}
    assert told("https://cache.example/", **REMOTE, **TOKEN, **header) == {
        "x-buildbuddy-api-key": ["s3cret"]
    }
