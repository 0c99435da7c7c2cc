"""What pages are made from: the entries, and how a page links to assets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from release.site import entry
from release.site.entry import Entry


@dataclass(frozen=True, slots=True)
class Pages:
    """What pages are made from."""

    directory: Path
    """The site that is being written."""
    path: Callable[[str], Path]
    """Where a file of it is to be written; its directory is made."""
    tags: tuple[str, ...]
    """Of all releases, the newest published first."""
    base: str
    """What a relative URL of an asset is relative to, as seen from the site's root."""

    def entries(self) -> Iterator[Entry]:
        """All entries, one at a time: however many there are, memory holds one."""
        for tag in self.tags:
            found = entry.load(self.directory, tag)
            assert found, "it was written by this run"
            yield found

    def link(self, url: str, *, up: int) -> str:
        """A URL of an asset, as written by a page `up` directories below the site's root."""
        if urlsplit(url).scheme:
            return url
        return "../" * up + self.base + url
