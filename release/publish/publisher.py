"""The publisher: uploads exactly what was examined to a store, and makes it visible last.

Everything before the last step happens in a draft, which users do not see. A run that was
interrupted at any moment can be repeated: it continues with what the store already has.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace

from rich.console import Console

from release.hosting import catalogue
from release.hosting.catalogue import EVIDENCE, LOCK
from release.hosting.store import Absent, Asset, Conflict, PutResult, Store, Upload
from release.model import evidence, manifest, version
from release.model.errors import CommandError, Refused
from release.model.manifest import Manifest
from release.model.settings import PublishSettings
from release.model.state import CellState
from release.model.text import listed
from release.publish import contents as contents_of
from release.publish import notes, preflight, published_manifest
from release.publish.judgement import Judgement
from release.publish.progress import Uploads
from release.publish.publication import Publication, Published
from release.publish.published_manifest import PublishedManifest

MOST_REASONS = 3
"""How many of the gate's reasons a message lists."""


def publish(
    store: Store, publication: Publication, settings: PublishSettings, console: Console
) -> Published:
    """Publishes a release, or the rest of it.

    Args:
      store: the store to publish to.
      publication: the release.
      settings: the number of parallel uploads, and the registry's limit.
      console: where progress is shown.

    Raises:
      Refused: it must not be published, or conflicts with what the store has; nothing was
        published.
      Busy: another run is publishing it.
      RemoteError: the store failed; run it again to continue.
    """
    tag = publication.tag
    publication = _with_evidence(store, publication)
    published, assets = prepare(store, publication, settings)
    if (done := _published(store, tag, published)) is not None:
        return done
    draft = store.draft(
        tag, commit=publication.build.commit, title=publication.release.plan.version, notes=""
    )
    if not draft.draft:
        return _already(store, tag, published)
    with store.lease(tag):
        # The last holder of the lease may have published it.
        if (done := _published(store, tag, published)) is not None:
            return done
        published, assets = _adopt(store, tag, published, assets)
        _clear(store, tag, assets)
        placed = _upload(store, tag, assets, settings.uploads, console)
        _confirm(store, tag, assets)
        rendered = notes.render(store, publication, published.manifest)
        store.describe(tag, title=rendered.title, notes=rendered.text)
        store.create_tag(tag, publication.build.commit)
    stable = version.kind(publication.release.plan.version) == "stable"
    latest = stable and _is_newest(store, publication.release.plan.version)
    store.publish(tag, prerelease=not stable, latest=latest)
    return Published(tag, already=False, placed=placed, missing=missing(published.manifest))


def prepare(
    store: Store, publication: Publication, settings: PublishSettings
) -> tuple[PublishedManifest, tuple[Upload, ...]]:
    """Checks that a release may be published, and returns its assets; writes nothing.

    Raises:
      Refused: it must not be published.
    """
    check_version(store, publication.release.plan.version)
    if publication.build.dirty and not store.local:
        raise Refused(
            f"{store.address} accepts only committed files, and the checkout has uncommitted "
            "changes; commit or stash them"
        )
    _check_judgement(publication.judgement)
    published = published_manifest.make(
        publication.release, publication.judgement, publication.build, publication.tag
    )
    assets = contents_of.of(publication.release, published)
    preflight.check(
        assets,
        store.limits,
        others=[EVIDENCE, LOCK],
        registry_file_limit=settings.registry_file_limit,
    )
    return published, assets


def check_version(store: Store, text: str) -> None:
    """Checks that a store accepts a version.

    Raises:
      Refused: it is a development version, and the store is not local.
    """
    if version.kind(text) == "development" and not store.local:
        raise Refused(
            f"{text} is a development version, which {store.address} does not accept; build with "
            "--//packaging:version=V"
        )


def missing(manifest: Manifest) -> dict[str, str]:
    """The files of tolerated cells that a release lacks, and since which day."""
    return {
        cell.file: cell.missing_since.isoformat() if cell.missing_since else "today"
        for cell in manifest.cells
        if cell.status is CellState.MISSING
    }


def _is_newest(store: Store, text: str) -> bool:
    """Whether a stable version is the highest: a patch of an older one is not the latest."""
    others = (version.of_tag(release.tag) for release in catalogue.published(store))
    return all(
        version.parse(other) <= version.parse(text)
        for other in others
        if other and version.kind(other) == "stable"
    )


def _check_judgement(judgement: Judgement) -> None:
    if not judgement.right:
        reasons = listed(judgement.reasons, MOST_REASONS, "; ")
        raise Refused(f"the gate refused the release, and nothing was published: {reasons}")


def _with_evidence(store: Store, publication: Publication) -> Publication:
    """The publication, with the evidence that `tag` recorded in the draft, unless it has some."""
    if publication.build.evidence:
        return publication
    try:
        text = b"".join(store.read(publication.tag, EVIDENCE))
    except Absent:
        return publication
    found = evidence.loads(text, f"{store.address}: {EVIDENCE} of {publication.tag}")
    return replace(publication, build=replace(publication.build, evidence=found))


def _published(store: Store, tag: str, own: PublishedManifest) -> Published | None:
    """The result for a release that is already published; None for any other."""
    release = store.release(tag)
    return _already(store, tag, own) if release and not release.draft else None


def _already(store: Store, tag: str, own: PublishedManifest) -> Published:
    existing = catalogue.manifest_of(store, tag)
    if existing is None or not own.manifest.same_release(existing):
        raise Conflict(
            f"{store.address}: {tag} is already published with "
            f"{_difference(existing, own.manifest)}; publish under another version"
        )
    return Published(tag, already=True, missing=missing(existing))


def _adopt(
    store: Store, tag: str, own: PublishedManifest, assets: tuple[Upload, ...]
) -> tuple[PublishedManifest, tuple[Upload, ...]]:
    """Continues with the manifest that the draft has, if it lists the same files.

    An earlier run may have written it on another day or machine; its verdicts are kept.
    """
    asset = store.assets(tag).get(catalogue.MANIFEST)
    if asset is None or not asset.complete or asset.sha256 == assets[0].sha256:
        return own, assets
    text = b"".join(store.read(tag, catalogue.MANIFEST))
    existing = manifest.loads(text, f"{store.address}: {catalogue.MANIFEST} of {tag}")
    if not own.manifest.same_release(existing):
        raise Conflict(
            f"{store.address}: the draft {tag} already holds "
            f"{_difference(existing, own.manifest)}; publish under another version, or delete "
            "the draft"
        )
    adopted = replace(own, text=text, manifest=existing)
    return adopted, contents_of.with_manifest(assets, text)


def _difference(existing: Manifest | None, own: Manifest) -> str:
    """How a release in the store differs from the one to publish, in a few words."""
    if existing is None:
        return "files that no manifest lists"
    if existing.commit != own.commit:
        return f"files of another commit, {(existing.commit or 'unknown')[:12]}"
    ours, theirs = own.digests(), existing.digests()
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            return f"different files, such as {name}"
    return "another version"


def _clear(store: Store, tag: str, assets: Sequence[Upload]) -> None:
    """Removes interrupted uploads, and refuses assets that do not belong to the release."""
    expected = {content.name for content in assets} | {EVIDENCE, LOCK}
    for name, asset in store.assets(tag).items():
        if name in expected:
            continue
        if asset.complete:
            raise Refused(
                f"{store.address}: the draft {tag} has an asset that does not belong to the "
                f"release, {name}; find out who uploaded it, and delete it"
            )
        store.discard(tag, name)


def _upload(
    store: Store, tag: str, assets: Sequence[Upload], parallel: int, console: Console
) -> dict[str, PutResult]:
    """Uploads the manifest, then all other assets in parallel."""
    placed: dict[str, PutResult] = {}
    with Uploads(assets, console) as shown:

        def put(content: Upload) -> None:
            placed[content.name] = store.put(tag, content, progress=shown.of(content))
            shown.done(content, placed[content.name])

        put(assets[0])
        with ThreadPoolExecutor(max_workers=parallel) as pool:
            running = [pool.submit(put, content) for content in assets[1:]]
            try:
                wait(running, return_when=FIRST_EXCEPTION)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
    errors = [e for one in running if not one.cancelled() and (e := one.exception())]
    if errors:
        # An error that a rerun cannot fix is more important than one that it can.
        raise min(errors, key=_weight)
    return placed


def _weight(error: BaseException) -> int:
    return error.exit_code if isinstance(error, CommandError) else 0


def _confirm(store: Store, tag: str, assets: Sequence[Upload]) -> None:
    """Checks once more that all assets exist and are unchanged, before users can see them."""
    existing = store.assets(tag)
    for content in assets:
        asset: Asset | None = existing.get(content.name)
        if (
            asset is None
            or not asset.complete
            or asset.size != content.size
            or asset.sha256 not in (content.sha256, None)
        ):
            raise Conflict(
                f"{store.address}: {content.name} of {tag} changed during the upload; find out "
                "what else writes to this draft, and run this again"
            )
