"""Registries by the addresses that a user writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.registry.registry import Registry


def open_registry(index: str | None, upload: str | None = None) -> Registry:
    """Opens a registry as `Registry.open` does.

    Args:
      index: URL of its simple index; when left out it is looked for below `upload`.
      upload: URL that files are sent to.

    Raises:
      UsageError: an address is malformed, or the index is not found.
      RemoteError: it cannot be reached now.
    """
    # requests, twine and pypi-simple take a second to import, which `--help` need not wait for.
    from release.registry.registry import Registry

    return Registry.open(index, upload)
