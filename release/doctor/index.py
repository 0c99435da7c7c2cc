"""The health of an index: what it shows, held against what the store has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from release.doctor.diagnosis import Diagnosis, command
from release.doctor.releases import StoreView
from release.hosting.store import Store
from release.model.document import DocumentError
from release.site import entry
from release.site.entry import Entry


def examine(view: StoreView, site: Path) -> Iterator[Diagnosis]:
    """What an index shows that is not so, or does not show.

    Args:
      view: the store.
      site: directory of the index.
    """
    mend = _mend(view.store, site)
    if not (site / "index.html").is_file():
        if view.published:
            yield Diagnosis("index", f"there is none at {site}", mend)
        return
    shown = {}
    for path in sorted((site / "releases").glob("*.json")):
        try:
            found = entry.loads(path.read_bytes(), str(path))
        except DocumentError as error:
            yield Diagnosis("index", str(error), mend)
            continue
        if found:
            shown[found.tag] = found
    there = {release.tag: (release, assets) for release, assets in view.inventory}
    for tag, (release, assets) in sorted(there.items()):
        own = shown.pop(tag, None)
        if release.draft:
            continue
        if own is None:
            yield Diagnosis(tag, "the index does not show it", mend)
        elif own.key != entry.key_of(release, assets):
            yield Diagnosis(tag, "it changed, and the index shows what it was", mend)
        else:
            yield from _pages(site, own, mend)
    for tag in sorted(shown):
        yield Diagnosis(tag, "the index shows it, and it is not published any more", mend)


def _pages(site: Path, own: Entry, mend: str) -> Iterator[Diagnosis]:
    """Holds the pages that installers read against the entry of a release."""
    for project in sorted({file.project for file in own.files if file.project}):
        path = site / "simple" / project / "index.json"
        try:
            listed = {
                file["filename"]: file["hashes"].get("sha256")
                for file in json.loads(path.read_bytes())["files"]
            }
            shown = (path.with_name("index.html")).read_text(encoding="utf-8")
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            yield Diagnosis("index", f"{path}: it is no page of a project ({error})", mend)
            continue
        for file in own.files:
            if file.project != project:
                continue
            if listed.get(file.name) != file.sha256 or f"{file.name}#sha256={file.sha256}" not in (
                shown.replace("%2B", "+")
            ):
                yield Diagnosis(own.tag, f"the page of {project} does not show {file.name}", mend)


def _mend(store: Store, site: Path) -> str:
    own = store.root / "site" if store.root else None
    place = () if site == own else ("--site", str(site))
    return command("index", "--store", store.address, *place)
