"""The publisher: moves exactly what was examined into a store, and makes it visible last.

Everything before the last step happens in a draft, which nobody else sees. Killed at any moment and
run again, it goes on: the store says what is there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace

from rich.console import Console

from release.hosting import catalogue
from release.hosting.catalogue import EVIDENCE, LOCK
from release.hosting.store import Absent, Asset, Conflict, Placed, Store, Upload
from release.model import manifest, version
from release.model.errors import CommandError, Refused
from release.model.manifest import Manifest
from release.model.settings import PublishSettings
from release.publish import contents as contents_of
from release.publish import notes, preflight, published_manifest
from release.publish.judgement import Judgement
from release.publish.progress import Uploads
from release.publish.publication import Publication, Published
from release.publish.published_manifest import PublishedManifest


def publish(
    store: Store, publication: Publication, settings: PublishSettings, console: Console
) -> Published:
    """Publishes a release, or the rest of it.

    Args:
      store: where to.
      publication: what.
      settings: how many uploads at a time, and the registry's limit.
      console: where progress is shown.

    Raises:
      Refused: it must not go out, or something in the store is in the way; nothing was published.
      Busy: somebody else publishes it just now.
      RemoteError: the store failed; a rerun goes on.
    """
    tag = publication.tag
    publication = _with_evidence(store, publication)
    stated, assets = prepare(store, publication, settings)
    if (done := _published(store, tag, stated)) is not None:
        return done
    first = store.draft(
        tag, commit=publication.provenance.commit, title=publication.release.plan.version, notes=""
    )
    if not first.draft:
        return _already(store, tag, stated)
    with store.lease(tag):
        # Whoever held it until now may have published.
        if (done := _published(store, tag, stated)) is not None:
            return done
        stated, assets = _adopt(store, tag, stated, assets)
        _clear(store, tag, assets)
        placed = _upload(store, tag, assets, settings.uploads, console)
        _confirm(store, tag, assets)
        described = notes.render(store, publication, stated.manifest)
        store.describe(tag, title=described.title, notes=described.text)
        store.create_tag(tag, publication.provenance.commit)
    stable = version.kind(publication.release.plan.version) == "stable"
    latest = stable and _is_newest(store, publication.release.plan.version)
    store.publish(tag, prerelease=not stable, latest=latest)
    return Published(tag, already=False, placed=placed, missing=missing(stated.manifest))


def prepare(
    store: Store, publication: Publication, settings: PublishSettings
) -> tuple[PublishedManifest, tuple[Upload, ...]]:
    """Finds out whether a release may go out, and what that would be; writes nothing.

    Raises:
      Refused: it may not.
    """
    check_version(store, publication.release.plan.version)
    if publication.provenance.dirty and not store.local:
        raise Refused(
            f"{store.address} takes only what was committed, and the checkout has other changes; "
            "commit or stash them"
        )
    _check_judgement(publication.judgement)
    stated = published_manifest.make(
        publication.release, publication.judgement, publication.provenance, publication.tag
    )
    assets = contents_of.of(publication.release, stated)
    preflight.check(
        assets,
        store.limits,
        others=[EVIDENCE, LOCK],
        registry_file_limit=settings.registry_file_limit,
    )
    return stated, assets


def check_version(store: Store, text: str) -> None:
    """Holds a version against what a store takes.

    Raises:
      Refused: it is a development version, and the store not this machine's alone.
    """
    if version.kind(text) == "development" and not store.local:
        raise Refused(
            f"{text} is a development version, which {store.address} does not take; build with "
            "--//packaging:version=V"
        )


def missing(stated: Manifest) -> dict[str, str]:
    """The files of tolerated cells that a release does not have, and since which day."""
    return {
        cell.file: cell.missing_since.isoformat() if cell.missing_since else "today"
        for cell in stated.cells
        if cell.status == "missing"
    }


def _is_newest(store: Store, text: str) -> bool:
    """Whether a stable version is above all others: a patch of an older one is not the latest."""
    others = (version.of_tag(release.tag) for release in catalogue.published(store))
    return all(
        version.parse(other) <= version.parse(text)
        for other in others
        if other and version.kind(other) == "stable"
    )


def _check_judgement(judgement: Judgement) -> None:
    if not judgement.right:
        more = f" and {len(judgement.wrong) - 3} more" if len(judgement.wrong) > 3 else ""
        raise Refused(
            "the gate refused it, and nothing is published: "
            + "; ".join(judgement.wrong[:3])
            + more
        )


def _with_evidence(store: Store, publication: Publication) -> Publication:
    """The publication, with what `tag` recorded in the draft, if nobody said it otherwise."""
    if publication.provenance.evidence:
        return publication
    try:
        found = json.loads(b"".join(store.read(publication.tag, EVIDENCE)))
    except (Absent, ValueError):
        return publication
    return replace(publication, provenance=replace(publication.provenance, evidence=found))


def _published(store: Store, tag: str, stated: PublishedManifest) -> Published | None:
    """What is said of a release that is published already; None of any other."""
    there = store.release(tag)
    return _already(store, tag, stated) if there and not there.draft else None


def _already(store: Store, tag: str, stated: PublishedManifest) -> Published:
    there = catalogue.manifest_of(store, tag)
    if there is None or not stated.agrees_with(there):
        raise Conflict(
            f"{store.address}: {tag} is published already, of {_unlike(there, stated)}; publish "
            "under another version"
        )
    return Published(tag, already=True, missing=missing(there))


def _adopt(
    store: Store, tag: str, stated: PublishedManifest, assets: tuple[Upload, ...]
) -> tuple[PublishedManifest, tuple[Upload, ...]]:
    """Goes on under the statement that the draft has, if it speaks of the same bytes.

    It was written on another day or by another machine, perhaps; what it says of runs then stays.
    """
    own = store.assets(tag).get(catalogue.MANIFEST)
    if own is None or not own.complete or own.sha256 == assets[0].sha256:
        return stated, assets
    text = b"".join(store.read(tag, catalogue.MANIFEST))
    there = manifest.loads(text, f"{store.address}: {catalogue.MANIFEST} of {tag}")
    if not stated.agrees_with(there):
        raise Conflict(
            f"{store.address}: the draft {tag} was begun of {_unlike(there, stated)}; publish "
            "under another version, or delete the draft"
        )
    return replace(stated, text=text, manifest=there), contents_of.with_statement(assets, text)


def _unlike(there: Manifest | None, stated: PublishedManifest) -> str:
    """In what a release differs, in a few words."""
    if there is None:
        return "files without a manifest"
    if there.commit != stated.manifest.commit:
        return f"another commit, {(there.commit or 'unknown')[:12]}"
    ours, theirs = stated.manifest.artifacts, there.artifacts
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            return f"other files, such as {name}"
        if ours[name].sha256 != theirs[name].sha256:
            return f"other bytes, such as those of {name}"
    return "another version"


def _clear(store: Store, tag: str, assets: Sequence[Upload]) -> None:
    """Sees to it that nothing is published that nobody stated."""
    wanted = {content.name for content in assets} | {EVIDENCE, LOCK}
    for name, asset in store.assets(tag).items():
        if name in wanted:
            continue
        if asset.complete:
            raise Refused(
                f"{store.address}: the draft {tag} has an asset that is none of the release, "
                f"{name}; delete it, or find out whose it is"
            )
        store.discard(tag, name)


def _upload(
    store: Store, tag: str, assets: Sequence[Upload], at_a_time: int, console: Console
) -> dict[str, Placed]:
    """Puts the statement, then all others, some at a time."""
    placed: dict[str, Placed] = {}
    with Uploads(assets, console) as shown:

        def put(content: Upload) -> None:
            placed[content.name] = store.put(tag, content, sent=shown.of(content))
            shown.done(content, placed[content.name])

        put(assets[0])
        with ThreadPoolExecutor(max_workers=at_a_time) as pool:
            running = [pool.submit(put, content) for content in assets[1:]]
            try:
                wait(running, return_when=FIRST_EXCEPTION)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    errors = [e for one in running if not one.cancelled() and (e := one.exception())]
    if errors:
        # What cannot be mended by a rerun is told first.
        raise min(errors, key=_weight)
    return placed


def _weight(error: BaseException) -> int:
    return error.exit_code if isinstance(error, CommandError) else 0


def _confirm(store: Store, tag: str, assets: Sequence[Upload]) -> None:
    """Looks once more whether all is there, before anybody can see it."""
    there = store.assets(tag)
    for content in assets:
        asset: Asset | None = there.get(content.name)
        if (
            asset is None
            or not asset.complete
            or asset.size != content.size
            or asset.sha256 not in (content.sha256, None)
        ):
            raise Conflict(
                f"{store.address}: {content.name} of {tag} changed while it was published; "
                "somebody else writes to that draft: find out who, and run this again"
            )
