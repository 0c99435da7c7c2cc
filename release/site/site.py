"""Writing the site: entries, then pages from entries, then the swap."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from release.hosting import catalogue
from release.hosting.store import Asset, Store, StoredRelease
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.release_dir import where
from release.site import entry, front, generation, simple
from release.site.entry import Entry
from release.site.generation import Generation
from release.site.pages import Pages


@dataclass(frozen=True, slots=True)
class Written:
    """What a site has."""

    releases: int
    files: int
    """Wheels and dists."""
    read: int
    """Releases whose manifest was read; the others were known."""


def place(store: Store, named: Path | None) -> Path | None:
    """The directory of a store's site: the one that a user names, or a store's own.

    Returns:
      None, when nobody names one and the store is no directory.
    """
    if named:
        return where(named)
    return store.root / "site" if store.root else None


def required_place(store: Store, named: Path | None) -> Path:
    """The directory of a store's site, as `place` finds it.

    Raises:
      UsageError: nobody names one, and the store has none of its own.
    """
    directory = place(store, named)
    if directory is None:
        raise UsageError(f"name the directory for the site of {store.address} with --site DIR")
    return directory


def write(
    store: Store,
    directory: Path,
    *,
    now: datetime,
    without: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda _: None,
) -> Written:
    """Writes the site of what a store has published.

    Args:
      store: whose releases.
      directory: becomes a symbolic link to the site, in one step.
      now: UTC; shown on the front page.
      without: tags that are about to be purged: as if they were not there.
      progress: is told the tag of each release that is read.

    Raises:
      Refused: files would be lost that the store still has; the site stays as it is.
      UsageError: something else is at that place.
      RemoteError: the store cannot be read now.
    """
    with generation.new(directory) as made:
        tags, files, read = _entries(store, made, without, progress)
        _refuse_loss(store, made, tags, without)
        pages = Pages(made.directory, made.path, tags, _base(store, directory))
        simple.write(pages)
        front.write(pages, now=now, store=store.address)
        return Written(len(tags), files, read)


def rewrite(
    store: Store, named: Path | None, *, now: datetime, without: frozenset[str] = frozenset()
) -> Path | None:
    """Writes the site anew where a user wants it, or a store has one already.

    Returns:
      Its directory; None when there is none to be written.

    Raises:
      As `write`.
    """
    directory = place(store, named)
    if directory is None or not (named or directory.exists()):
        return None
    write(store, directory, now=now, without=without)
    return directory


def _entries(
    store: Store, made: Generation, without: frozenset[str], progress: Callable[[str], None]
) -> tuple[tuple[str, ...], int, int]:
    """Writes an entry for each release; returns tags in order, files, and how many were read."""
    order: list[tuple[str, str]] = []
    files = read = 0
    for release, assets in store.inventory():
        if release.draft or release.tag in without:
            continue
        known = _known(made, release, assets)
        if known is None:
            progress(release.tag)
            known = entry.make(release, assets, _manifest(store, release, assets))
            made.path(entry.path_of(release.tag)).write_bytes(known.to_json())
            read += 1
        files += len(known.files)
        order.append((known.published, known.tag))
    return tuple(tag for _, tag in sorted(order, reverse=True)), files, read


def _known(made: Generation, release: StoredRelease, assets: Mapping[str, Asset]) -> Entry | None:
    """The entry of the generation before, taken over, if the store shows the same release."""
    if made.before is None:
        return None
    found = entry.load(made.before, release.tag)
    if found is None or found.key != entry.key_of(release, assets):
        return None
    return found if made.keep(entry.path_of(release.tag)) else None


def _manifest(store: Store, release: StoredRelease, assets: Mapping[str, Asset]) -> Manifest | None:
    return catalogue.manifest_of(store, release.tag) if catalogue.MANIFEST in assets else None


def _refuse_loss(
    store: Store, made: Generation, tags: tuple[str, ...], without: frozenset[str]
) -> None:
    """Holds the new entries against those that are served: what is gone must be gone indeed."""
    if made.before is None or not (made.before / "releases").is_dir():
        return
    listed = set(tags)
    lost: list[str] = []
    for path in sorted((made.before / "releases").iterdir()):
        old = entry.loads(path.read_bytes(), str(path))
        if old is None or old.tag in without:
            continue
        new = entry.load(made.directory, old.tag) if old.tag in listed else None
        gone = {file.name for file in old.files} - {
            file.name for file in (new.files if new else ())
        }
        if gone:
            there = store.release(old.tag)
            assets = store.assets(old.tag) if there and not there.draft else {}
            lost += [
                f"{name} of {old.tag}"
                for name in sorted(gone)
                if (asset := assets.get(name)) and asset.complete
            ]
    if lost:
        raise Refused(
            f"{store.address}: the new index lacks {len(lost)} files that the store still has, "
            f"such as {lost[0]}; the old one was left as it is. Run this again; if it says so "
            "again, the store lists less than it has"
        )


def _base(store: Store, directory: Path) -> str:
    """From a site's root to that of a store in a directory; nothing of any other."""
    if store.root is None:
        return ""
    relative = os.path.relpath(store.root.absolute(), directory.absolute())
    return quote(relative) + "/"
