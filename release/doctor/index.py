"""Checks of the index: whether its pages list what the store has published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from release.doctor.diagnosis import Diagnosis
from release.doctor.releases import StoreView
from release.model.document import DocumentError
from release.site import entry, site_file
from release.site.entry import Entry


def examine(view: StoreView, site: Path) -> Iterator[Diagnosis]:
    """Finds differences between an index and the store.

    Args:
      view: the store.
      site: directory of the index.
    """
    fix = _fix(view, site)
    if not (site / "index.html").is_file():
        if view.published:
            yield Diagnosis("index", f"it does not exist at {site}", fix)
        return
    own, other = view.request.product.product.name, site_file.product_of(site)
    if other not in (own, None):
        message = f"{site} is the index of {other}, not of {own}"
        yield Diagnosis("index", message, "pass the directory of its own index with --site DIR")
        return
    listed = {}
    for path in sorted((site / "releases").glob("*.json")):
        try:
            found = entry.loads(path.read_bytes(), str(path))
        except DocumentError as error:
            yield Diagnosis("index", str(error), fix)
            continue
        if found:
            listed[found.tag] = found
    stored = {release.tag: (release, assets) for release, assets in view.inventory}
    for tag, (release, assets) in sorted(stored.items()):
        known = listed.pop(tag, None)
        if release.draft:
            continue
        if known is None:
            yield Diagnosis(tag, "is not in the index", fix)
        elif known.key != entry.key_of(release, assets):
            yield Diagnosis(tag, "has changed since the index was written", fix)
        else:
            yield from _pages(site, known, fix)
    for tag in sorted(listed):
        yield Diagnosis(tag, "is in the index, but is no longer published", fix)


def _pages(site: Path, known: Entry, fix: str) -> Iterator[Diagnosis]:
    """Checks the pages that installers read against the entry of a release."""
    for project in sorted({file.project for file in known.files if file.project}):
        path = site / "simple" / project / "index.json"
        try:
            listed = {
                file["filename"]: file["hashes"].get("sha256")
                for file in json.loads(path.read_bytes())["files"]
            }
            page = path.with_name("index.html").read_text(encoding="utf-8")
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            yield Diagnosis("index", f"{path} is not a project page ({error})", fix)
            continue
        for file in known.files:
            if file.project != project:
                continue
            if listed.get(file.name) != file.sha256 or f"{file.name}#sha256={file.sha256}" not in (
                page.replace("%2B", "+")
            ):
                yield Diagnosis(known.tag, f"the page of {project} does not list {file.name}", fix)


def _fix(view: StoreView, site: Path) -> str:
    store = view.store
    default = store.root / "site" if store.root else None
    option = () if site == default else ("--site", str(site))
    return view.command("index", "--store", store.address, *option)
