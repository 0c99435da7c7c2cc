"""Registries that run while the tests do, and a release to push to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from release.registry.registry import Registry
from tests.release.publish.samples import make_release
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, Place, Server
from tests.servers.remote.front import PATIENCE

VERSION = "20261122.1"


@pytest.fixture(scope="session", params=servers.KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A registry of each kind."""
    with servers.serve(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def place(server: Server, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty place on it, and the right to upload to it."""
    monkeypatch.setenv("TWINE_USERNAME", USER)
    monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", PATIENCE)
    return server.place()


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a release: two wheels of iree-runtime, and one that requires it."""
    return make_release(tmp_path_factory.mktemp("release") / "made", VERSION)


@pytest.fixture
def uploads(place: Place) -> Callable[[], int]:
    """How many uploads were tried."""
    return lambda: sum(seen.method == "POST" for seen in place.front.seen)


def digests(place: Place) -> dict[str, str]:
    """What the registry has, by asking as nobody in particular would."""
    registry = Registry.open(place.index)
    return {
        name: file.sha256
        for project in ("iree-runtime", "iree-tools-tf")
        for name, file in registry.files(project).items()
    }


def stated(release: Path) -> dict[str, str]:
    """The wheels of a release."""
    manifest = json.loads((release / "manifest.json").read_text())
    return {
        one["filename"]: one["sha256"] for one in manifest["artifacts"] if one["kind"] == "wheel"
    }
