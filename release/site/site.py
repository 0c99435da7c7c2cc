"""Writes the site: entries, then pages from the entries, then the switch to the new generation."""

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
from release.model.product import Product
from release.model.release_dir import where
from release.site import entry, front, generation, simple, site_file
from release.site.entry import Entry
from release.site.generation import Generation
from release.site.pages import Pages


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    releases: int
    files: int
    """Number of wheels and dists."""
    read: int
    """Releases whose manifest was read; the entries of the others were reused."""


def directory_of(store: Store, given: Path | None) -> Path | None:
    """The directory of a store's site: the given one, or that of a directory store.

    Returns:
      None if none is given and the store is not a directory.
    """
    if given:
        return where(given)
    return store.root / "site" if store.root else None


def required_directory(store: Store, given: Path | None) -> Path:
    """The directory of a store's site, as `directory_of` finds it.

    Raises:
      UsageError: none is given, and the store is not a directory.
    """
    directory = directory_of(store, given)
    if directory is None:
        raise UsageError(f"pass the directory of the index of {store.address} with --site DIR")
    return directory


def write(
    store: Store,
    directory: Path,
    product: Product,
    *,
    now: datetime,
    without: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda _: None,
) -> Written:
    """Writes the site of the releases that a store has published.

    Args:
      store: the store.
      directory: becomes a symbolic link to the site, in one step.
      product: what the releases are of.
      now: UTC; shown on the front page.
      without: tags to leave out, because they are about to be purged.
      progress: is called with the tag of each release that is read.

    Raises:
      Refused: the directory has the site of another product, or the new site would lack files that
        the store still has; the old site stays.
      UsageError: the path is taken by something else.
      RemoteError: the store cannot be read now.
    """
    with generation.new(directory) as made:
        if made.previous:
            _require_own(directory, made.previous, product)
        made.path(site_file.NAME).write_bytes(site_file.content(product))
        tags, files, read = _entries(store, made, without, progress)
        _refuse_loss(store, made, tags, without)
        pages = Pages(made.directory, made.path, tags, _base(store, directory))
        simple.write(pages)
        front.write(pages, product, now=now, store=store.address)
        return Written(len(tags), files, read)


def rewrite(
    store: Store,
    given: Path | None,
    product: Product,
    *,
    now: datetime,
    without: frozenset[str] = frozenset(),
) -> Path | None:
    """Updates the site in a given directory, or that of a directory store if it exists.

    Returns:
      Its directory; None if no site was written.

    Raises:
      As `write`.
    """
    directory = directory_of(store, given)
    if directory is None or not (given or directory.exists()):
        return None
    write(store, directory, product, now=now, without=without)
    return directory


def _require_own(directory: Path, served: Path, product: Product) -> None:
    """Checks that a served site is one of the product, or from before sites named it."""
    other = site_file.product_of(served)
    if other not in (product.name, None):
        raise Refused(
            f"{directory} is the index of {other}, not of {product.name}; pass another directory "
            "with --site"
        )


def _entries(
    store: Store, made: Generation, without: frozenset[str], progress: Callable[[str], None]
) -> tuple[tuple[str, ...], int, int]:
    """Writes an entry for each release.

    Returns:
      The tags, most recently published first; the number of files; the number of releases read.
    """
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
    """The entry of the previous generation, reused if the release has not changed."""
    if made.previous is None:
        return None
    found = entry.load(made.previous, release.tag)
    if found is None or found.key != entry.key_of(release, assets):
        return None
    return found if made.keep(entry.path_of(release.tag)) else None


def _manifest(store: Store, release: StoredRelease, assets: Mapping[str, Asset]) -> Manifest | None:
    return catalogue.manifest_of(store, release.tag) if catalogue.MANIFEST in assets else None


def _refuse_loss(
    store: Store, made: Generation, tags: tuple[str, ...], without: frozenset[str]
) -> None:
    """Checks that files missing from the new entries are missing from the store, too."""
    if made.previous is None or not (made.previous / "releases").is_dir():
        return
    listed = set(tags)
    lost: list[str] = []
    for path in sorted((made.previous / "releases").iterdir()):
        old = entry.loads(path.read_bytes(), str(path))
        if old is None or old.tag in without:
            continue
        new = entry.load(made.directory, old.tag) if old.tag in listed else None
        gone = {file.name for file in old.files} - {
            file.name for file in (new.files if new else ())
        }
        if gone:
            release = store.release(old.tag)
            assets = store.assets(old.tag) if release and not release.draft else {}
            lost += [
                f"{name} of {old.tag}"
                for name in sorted(gone)
                if (asset := assets.get(name)) and asset.complete
            ]
    if lost:
        raise Refused(
            f"{store.address}: the new index would lack {len(lost)} files that the store still "
            f"has, such as {lost[0]}: the store's listing was incomplete; the old index is "
            "unchanged, run this again"
        )


def _base(store: Store, directory: Path) -> str:
    """The path from a site's root to the root of a directory store; empty for other stores."""
    if store.root is None:
        return ""
    relative = os.path.relpath(store.root.absolute(), directory.absolute())
    return quote(relative) + "/"
