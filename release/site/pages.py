"""The data that pages are written from: entries, and links to assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from release.site import entry
from release.site.entry import Entry


@dataclass(frozen=True, slots=True)
class Pages:
    """The data that pages are written from."""

    directory: Path
    """The site being written."""
    path: Callable[[str], Path]
    """Returns the path to write a file at; its directory is created."""
    tags: tuple[str, ...]
    """Tags of all releases, the most recently published first."""
    base: str
    """Prefix that makes a relative asset URL relative to the site's root."""

    def entries(self) -> Iterator[Entry]:
        """Loads the entries one at a time, so that only one is in memory."""
        for tag in self.tags:
            found = entry.load(self.directory, tag)
            assert found, "it was written by this run"
            yield found

    def link(self, url: str, *, up: int) -> str:
        """The URL of an asset in a page that is `up` directories below the site's root."""
        if urlsplit(url).scheme:
            return url
        return "../" * up + self.base + url
