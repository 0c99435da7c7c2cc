"""Fixtures for tests that need a GitHub server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.github import server
from tests.servers.github.server import GitHub
from tests.servers.remote.proxy import RETRY_SETTINGS


@pytest.fixture(scope="session")
def github_server() -> Iterator[GitHub]:
    """A GitHub server for all tests of a session."""
    try:
        with server.serve() as github:
            yield github
    except server.NotRun as reason:
        pytest.skip(f"not run: {reason}")


@pytest.fixture
def github(github_server: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub server without faults; a call that violates the API description fails the test."""
    monkeypatch.setenv("GITHUB_TOKEN", server.TOKEN)
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", RETRY_SETTINGS)
    github_server.proxy.reset()
    yield github_server
    github_server.proxy.reset()
    github_server.check()
