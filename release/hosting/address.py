"""Opens stores and sources by the address that a user gives."""

from __future__ import annotations

import re
from pathlib import Path

from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model.errors import UsageError
from release.model.release_dir import where, workspace

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def open_store(text: str, *, api: str | None = None) -> Store:
    """Opens directory:PATH or github:OWNER/REPO.

    Args:
      text: the address.
      api: URL of the API of another GitHub server.

    Raises:
      UsageError: it is neither, or cannot be opened.
    """
    kind, _, rest = text.partition(":")
    if kind == "directory" and rest:
        from release.hosting.directory_store import DirectoryStore

        return DirectoryStore(where(Path(rest)))
    if kind == "github":
        # PyGithub is slow to import, and a directory store does not need it.
        from release.hosting.github_store import GitHubStore

        return GitHubStore.open(_repository(text), api=api)
    raise UsageError(f"--store {text}: write directory:PATH or github:OWNER/REPO")


def open_own(text: str | None, *, api: str | None = None) -> Store:
    """Opens a store as `open_store` does; the default is the directory store/ of this checkout.

    Raises:
      UsageError: the address is malformed, or cannot be opened.
    """
    return open_store(text or f"directory:{workspace() / 'store'}", api=api)


def open_source(text: str, *, api: str | None = None) -> CommitSource:
    """Opens github:OWNER/REPO, or the path of a checkout.

    Args:
      text: the address.
      api: URL of the API of another GitHub server.

    Raises:
      UsageError: it is neither, or cannot be opened.
    """
    if text.startswith("github:"):
        from release.hosting.github_source import GitHubSource

        return GitHubSource.open(_repository(text), api=api)
    from release.hosting.checkout import Checkout

    return Checkout(where(Path(text)))


def source_of(store: Store, text: str | None, *, api: str | None = None) -> CommitSource:
    """Opens the source of the commits of a store's releases.

    Args:
      store: a store.
      text: the address of the source. The default is the store's own repository, or for a
        directory store the checkout that `bazel run` was called in.
      api: URL of the API of another GitHub server.

    Raises:
      UsageError: it cannot be opened.
    """
    if text is None and not store.local:
        text = store.address
    return open_source(text or str(workspace()), api=api)


def _repository(text: str) -> str:
    repository = text.removeprefix("github:")
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(f"{text}: write github:OWNER/REPO")
    return repository
