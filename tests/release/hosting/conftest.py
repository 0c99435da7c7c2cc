"""Empty stores of each kind, for the contract tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from release.hosting import address
from release.hosting.store import Store
from tests.servers.github.fixtures import github, github_server

__all__ = ["address_of", "commits", "github", "github_server", "opened", "store"]


@pytest.fixture(params=["directory", "github"])
def address_of(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str | None]:
    """The address of a new store, and the URL of its API if it has one."""
    if request.param == "directory":
        return f"directory:{tmp_path / 'store'}", None
    github = request.getfixturevalue("github")
    return f"github:{github.repository()}", github.url


@pytest.fixture
def opened(address_of: tuple[str, str | None]) -> Callable[[], Store]:
    """Opens the store anew, as another process would, without any cached state."""
    return lambda: address.open_store(address_of[0], api=address_of[1])


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    """The store."""
    return opened()


@pytest.fixture
def commits(request: pytest.FixtureRequest, store: Store) -> tuple[str, str]:
    """Two commits that the store accepts as targets of refs."""
    if store.local:
        return "a" * 40, "b" * 40
    github = request.getfixturevalue("github")
    repository = store.address.removeprefix("github:")
    return github.head(repository), github.commit(repository, "second")
