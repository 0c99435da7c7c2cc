"""Registries that run during the tests, and a release to push to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release.model.product import Project
from release.registry.registry import Registry
from tests.release.products import declare
from tests.release.publish.samples import make_release, sample_product
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry, Server
from tests.servers.remote.proxy import RETRY_SETTINGS

VERSION = "20261122.1"


@pytest.fixture(scope="session", params=servers.KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A registry server of each kind."""
    with servers.serve(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def registry(server: Server, monkeypatch: pytest.MonkeyPatch) -> EmptyRegistry:
    """An empty registry, with the credentials to upload to it in the environment."""
    monkeypatch.setenv("TWINE_USERNAME", USER)
    monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", RETRY_SETTINGS)
    return server.empty_registry()


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release directory: two wheels of iree-runtime, and one that requires iree-runtime."""
    return make_release(tmp_path_factory.mktemp("release") / "made", VERSION)


class ProjectTable:
    """The projects of the declared product, which a test can change."""

    def __init__(self, place: Path) -> None:
        """Declares the product of the small releases.

        Args:
          place: the directory of the declaration.
        """
        self.place = place
        self.projects = dict(sample_product().projects_by_name)
        self.variable = self.declare()

    def declare(self) -> str:
        """Writes the declaration; returns the value of $PRODUCTS."""
        product = replace(sample_product(), projects=tuple(self.projects.values()))
        return declare(self.place, product)

    def change(self, name: str, **changes: Any) -> None:
        """Changes a project."""
        self.projects[name] = replace(self.projects[name], **changes)
        self.declare()

    def set(self, *projects: Project) -> None:
        """Replaces all projects."""
        self.projects = {project.name: project for project in projects}
        self.declare()


@pytest.fixture(autouse=True)
def table(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> ProjectTable:
    """The projects of the product, as the build declares it."""
    table = ProjectTable(tmp_path_factory.mktemp("products"))
    monkeypatch.setenv("PRODUCTS", table.variable)
    return table


@pytest.fixture
def uploads(registry: EmptyRegistry) -> Callable[[], int]:
    """Returns the number of upload attempts."""
    return lambda: sum(seen.method == "POST" for seen in registry.proxy.seen)


def digests(registry: EmptyRegistry) -> dict[str, str]:
    """The digests of the files on a registry, by name, read without credentials."""
    opened = Registry.open(registry.index)
    return {
        name: file.sha256
        for project in ("iree-runtime", "iree-tools-tf")
        for name, file in opened.files(project).items()
    }


def expected(release: Path) -> dict[str, str]:
    """The digests of the wheels of a release, by name."""
    manifest = json.loads((release / "manifest.json").read_text())
    return {
        one["filename"]: one["sha256"] for one in manifest["artifacts"] if one["kind"] == "wheel"
    }
