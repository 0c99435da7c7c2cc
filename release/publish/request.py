"""What a user asks `publish` for, resolved to a publication: its commit, verdicts and history."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from rich.console import Console

from release.gate import examination
from release.gate.examination import ExaminationOptions
from release.gate.sizes import SizeLimits
from release.hosting import address, catalogue
from release.hosting.checkout import Checkout
from release.hosting.source import Commit
from release.hosting.store import Store, StoredRelease, Upload
from release.model import release_dir, version
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.model.settings import PublishSettings
from release.publish import judgement, publisher
from release.publish.judgement import Judgement
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord

_SHA = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What a user asks for."""

    store: Store
    release: ReleaseDirectory
    settings: PublishSettings
    day: date
    """UTC."""
    tag: str | None = None
    """None: the tag of the release's version."""
    commit: str | None = None
    """A revision; None: the commit of the tag, else of the checkout."""
    verdicts: Path | None = None
    """The output directory of `validate`; None: the files are inspected now, and not run."""
    missing_reason: str | None = None
    """Why tolerated platforms are missing."""
    github_api: str | None = None


@dataclass(frozen=True, slots=True)
class AssetPreview:
    """What publishing would do with an asset."""

    name: str
    size: int
    """Bytes."""
    uploaded: bool
    """Whether the store already has it."""


@dataclass(frozen=True, slots=True)
class PublishPreview:
    """What publishing would do."""

    already: bool
    """Whether the release is already published."""
    assets: tuple[AssetPreview, ...]


def resolve(request: PublishRequest, console: Console) -> Publication:
    """Finds out everything that is needed to publish a release.

    Args:
      request: what the user asks for.
      console: where an inspection shows its progress.

    Raises:
      Refused: the store does not take the version, or has releases of another product.
      UsageError: the commit is not known, or the verdicts are for other files.
      RemoteError: the store cannot be read now.
    """
    store, release = request.store, request.release
    publisher.check_version(store, release.plan.version)
    catalogue.check_product(store, release.plan.product)
    tag = request.tag or version.tag_of(release.plan.version)
    build = _build_record(store, tag, request.commit)
    if request.missing_reason:
        platforms = {cell.platform for cell in release.plan.cells}
        build = replace(build, unbuilt=dict.fromkeys(platforms, request.missing_reason))
    previous = catalogue.previous(store, release.plan.version)
    return Publication(
        release=release,
        judgement=_judgement(request, previous[1] if previous else None, console),
        build=build,
        tag=tag,
        previous=previous,
        commits=_commits_since(store, previous, build.commit, request.github_api),
    )


def preview(store: Store, publication: Publication, settings: PublishSettings) -> PublishPreview:
    """What publishing would do; changes nothing.

    Raises:
      Refused: the release may not be published.
    """
    existing = store.release(publication.tag)
    assets = store.assets(publication.tag) if existing else {}

    def uploaded(upload: Upload) -> bool:
        asset = assets.get(upload.name)
        return bool(asset and asset.complete and asset.sha256 in (upload.sha256, None))

    uploads = publisher.prepare(store, publication, settings)[1]
    return PublishPreview(
        already=bool(existing and not existing.draft),
        assets=tuple(AssetPreview(one.name, one.size, uploaded(one)) for one in uploads),
    )


def _judgement(request: PublishRequest, previous: Manifest | None, console: Console) -> Judgement:
    if request.verdicts:
        return judgement.read(request.verdicts, request.release)
    verdicts = examination.examine(
        request.release,
        ExaminationOptions(
            run=False, limits=SizeLimits(wheel=request.settings.registry_file_limit)
        ),
        previous=previous,
        day=request.day,
        console=console,
    )
    return judgement.of(verdicts, request.release)


def _build_record(store: Store, tag: str, commit: str | None) -> BuildRecord:
    """The commit that was built: the given one, that of the tag, or that of the checkout.

    Raises:
      UsageError: none of them is known.
    """
    if commit and _SHA.fullmatch(commit):
        return BuildRecord(commit)
    checkout = _workspace_checkout()
    if commit:
        if checkout is None:
            raise UsageError(
                f"--commit {commit}: this is not a git checkout; give the full 40-digit commit"
            )
        return BuildRecord(checkout.commit(commit).sha)
    tagged = store.tags().get(tag)
    if checkout is None:
        if tagged is None:
            raise UsageError(
                f"the tag {tag} does not exist, and this is not a git checkout; pass --commit"
            )
        return BuildRecord(tagged)
    return BuildRecord(tagged or checkout.head, dirty=checkout.dirty)


def _workspace_checkout() -> Checkout | None:
    """The git checkout that the command runs in, if it is one."""
    try:
        return Checkout(release_dir.workspace())
    except UsageError:
        return None


def _commits_since(
    store: Store,
    previous: tuple[StoredRelease, Manifest] | None,
    commit: str,
    github_api: str | None,
) -> Sequence[Commit]:
    """The commits since the previous release, as far as they are known."""
    if previous is None or previous[1].commit is None:
        return ()
    source = (
        _workspace_checkout() if store.local else address.open_source(store.address, api=github_api)
    )
    return source.between(previous[1].commit, commit) if source else ()
