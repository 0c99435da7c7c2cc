"""Fixtures for tests that need a GitHub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.github import server
from tests.servers.github.server import GitHub
from tests.servers.remote.front import PATIENCE


@pytest.fixture(scope="session")
def github_server() -> Iterator[GitHub]:
    """A GitHub for all tests of a session."""
    try:
        with server.serve() as github:
            yield github
    except server.NotRun as why:
        pytest.skip(f"not run: {why}")


@pytest.fixture
def github(github_server: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub without orders; a call against its description fails the test."""
    monkeypatch.setenv("GITHUB_TOKEN", server.TOKEN)
    monkeypatch.setenv("IREE_RELEASE_PATIENCE", PATIENCE)
    github_server.front.calm()
    yield github_server
    github_server.front.calm()
    github_server.check()
