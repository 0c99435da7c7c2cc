"""Opens registries by the URLs that a user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.registry.registry import Registry


def open_registry(index: str | None, upload: str | None = None) -> Registry:
    """Opens a registry as `Registry.open` does.

    Args:
      index: URL of its simple index; by default searched for below `upload`.
      upload: URL to upload files to.

    Raises:
      UsageError: a URL is malformed, or the index is not found.
      RemoteError: it cannot be reached now.
    """
    # requests, twine and pypi-simple take a second to import; `--help` should not wait for them.
    from release.registry.registry import Registry

    return Registry.open(index, upload)
