"""Checks of a store: tags, drafts, published releases, and how recent the nightlies are."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from release.doctor.diagnosis import Diagnosis, command_line
from release.hosting import catalogue
from release.hosting.catalogue import EVIDENCE, LOCK, MANIFEST, METADATA_SUFFIX, PLAN
from release.hosting.store import Asset, Store, StoredRelease
from release.model import version
from release.model.document import DocumentError
from release.model.manifest import Manifest
from release.model.products import DeclaredProduct
from release.model.settings import Settings
from release.model.state import CellState
from release.purge import retention
from release.purge.retention import Decision, RetentionCandidate

_NEARLY = 0.9
_OWN = {EVIDENCE, MANIFEST, PLAN, "SHA256SUMS"}


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """A release in a store whose tag names a version, with its manifest."""

    release: StoredRelease
    assets: Mapping[str, Asset]
    manifest: Manifest | None
    """None if it has none, or it cannot be read."""
    unreadable: str | None = None
    """Why the manifest cannot be read, if it cannot."""


@dataclass(frozen=True, slots=True)
class DoctorRequest:
    """What to examine."""

    store: Store
    product: DeclaredProduct
    """The product that is released in it."""
    settings: Settings
    """After which time a state that may be normal for a while is reported."""
    now: datetime
    """UTC."""
    options: tuple[str, ...] = ()
    """Options that suggested commands need to be about the same product."""


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store as it is now."""

    request: DoctorRequest
    tags: Mapping[str, str]
    """The commit of each."""
    inventory: Sequence[tuple[StoredRelease, Mapping[str, Asset]]]
    """All releases with their assets, the newest created first."""
    stored: Sequence[ReleaseState]
    """Those of `inventory` whose tags name a version, in the same order."""

    @property
    def store(self) -> Store:
        """The store."""
        return self.request.store

    @property
    def settings(self) -> Settings:
        """The settings that apply to it."""
        return self.request.settings

    @property
    def now(self) -> datetime:
        """The time of the examination, UTC."""
        return self.request.now

    def command(self, name: str, *arguments: str) -> str:
        """The command line of a release command for the same product."""
        return command_line(name, *arguments, *self.request.options)

    @property
    def published(self) -> list[ReleaseState]:
        """Those that are not drafts, the newest version first."""
        found = [one for one in self.stored if not one.release.draft]
        return sorted(found, key=lambda one: version.parse(_version(one)), reverse=True)


def read(request: DoctorRequest) -> StoreView:
    """Lists a store, and reads the manifests of its releases.

    Raises:
      RemoteError: the store cannot be read now.
    """
    store = request.store
    inventory = tuple(store.inventory())
    stored = []
    for release, assets in inventory:
        if version.of_tag(release.tag) is None:
            continue
        manifest, unreadable = None, None
        asset = assets.get(MANIFEST)
        if asset and asset.complete:
            try:
                manifest = catalogue.manifest_of(store, release.tag)
            except DocumentError as error:
                unreadable = str(error)
        stored.append(ReleaseState(release, assets, manifest, unreadable))
    return StoreView(request, store.tags(), inventory, tuple(stored))


def examine(view: StoreView) -> Iterator[Diagnosis]:
    """Finds what is inconsistent in a store."""
    expired = _expired(view)
    yield from _tags_alone(view, {one.tag for one in expired})
    for one in view.stored:
        if one.release.draft:
            yield from _draft(view, one)
        else:
            yield from _tag(view, one)
            yield from _files(view, one)
    yield from _nightlies(view)
    yield from _platforms(view)
    yield from _overdue(view, expired)


def _tags_alone(view: StoreView, expired: Container[str]) -> Iterator[Diagnosis]:
    """Tags of candidates without a release: a run was killed before it created the draft."""
    known = {one.release.tag for one in view.stored}
    for tag, commit in sorted(view.tags.items()):
        is_nightly = version.day(version.of_tag(tag) or "") is not None
        if is_nightly and tag not in known and tag not in expired:
            yield Diagnosis(
                tag,
                "is a tag without a release",
                view.command("nightly", "--store", view.store.address, "--commit", commit),
            )


def _draft(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    tag = one.release.tag
    age = retention.age_of(one.release, view.now)
    if age < timedelta(hours=view.settings.doctor.draft_after_hours):
        return
    partial = sum(not asset.complete for asset in one.assets.values())
    message = f"has been a draft for {_duration(age)}, with {len(one.assets) - partial} files"
    if partial:
        message += f" and {partial} interrupted upload{'' if partial == 1 else 's'}"
    commit = view.tags.get(tag) or (one.manifest.commit if one.manifest else None)
    release_version = _version(one)
    if one.manifest and one.manifest.promoted_from:
        fix = view.command(
            "promote",
            *("--store", view.store.address),
            *("--candidate", one.manifest.promoted_from, "--version", release_version),
        )
    elif commit and version.day(release_version):
        fix = view.command("nightly", "--store", view.store.address, "--commit", commit)
    else:
        fix = "publish it again, or delete it"
    yield Diagnosis(tag, message, fix)


def _tag(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    """Checks the tag of a release against its manifest."""
    tag, commit = one.release.tag, one.manifest.commit if one.manifest else None
    target = view.tags.get(tag)
    if commit is None or target == commit:
        return
    if view.store.root:
        fix = f"echo {commit} > {view.store.root / 'refs' / 'tags' / tag}"
    else:
        fix = f"git push --force origin {commit}:refs/tags/{tag}"
    state = f"its tag is at {target[:12]}" if target else "its tag does not exist"
    yield Diagnosis(tag, f"{state}, but it was built from {commit[:12]}", fix)


def _files(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    """Checks the files of a published release against its manifest."""
    tag, fix = one.release.tag, "add the line `Yanked: REASON` to its notes, and run `index`"
    limit = view.store.limits.assets
    if limit and len(one.assets) > limit * _NEARLY:
        message = f"has {len(one.assets)} files, of at most {limit}"
        yield Diagnosis(tag, message, "leave out a package, or split the release", "note")
    if one.unreadable:
        yield Diagnosis(
            tag, one.unreadable, "upload manifest.json again, from the output of `validate`"
        )
        return
    if one.manifest is None:
        return  # published by an older tool
    for name, artifact in sorted(one.manifest.artifacts.items()):
        asset = one.assets.get(name)
        if asset is None or not asset.complete:
            yield Diagnosis(tag, f"lacks {name}, which its manifest lists", fix)
        elif asset.sha256 not in (artifact.sha256, None):
            yield Diagnosis(tag, f"{name} does not match its manifest digest", fix)
    listed = {*one.manifest.artifacts, *_OWN}
    for name in sorted(one.assets.keys() - listed):
        if name == LOCK or name.removesuffix(METADATA_SUFFIX) in listed:
            continue
        yield Diagnosis(
            tag, f"its manifest does not list {name}", "find out who uploaded it, and delete it"
        )


def _nightlies(view: StoreView) -> Iterator[Diagnosis]:
    """Whether a nightly was published recently."""
    last = max(
        (
            one.release.published or one.release.created
            for one in view.published
            if version.day(_version(one))
        ),
        default=None,
    )
    most = view.settings.doctor.nightly_after_days
    if last and view.now - last >= timedelta(days=most):
        yield Diagnosis(
            "nightly",
            f"was last published {_duration(view.now - last)} ago",
            view.command("nightly", "--store", view.store.address),
        )


def _platforms(view: StoreView) -> Iterator[Diagnosis]:
    """Tolerated platforms that the newest release has lacked for a long time."""
    newest = next((one for one in view.published if one.manifest), None)
    if newest is None or newest.manifest is None:
        return
    package = view.request.product.files.label
    today = view.now.date()
    missing: dict[str, set[str]] = {}
    since: dict[str, date] = {}
    for cell in newest.manifest.cells:
        if cell.status is CellState.MISSING and cell.missing_since:
            missing.setdefault(cell.platform, set()).add(cell.file)
            since[cell.platform] = min(since.get(cell.platform, today), cell.missing_since)
    others = {cell.platform for cell in newest.manifest.cells}
    for platform, files in sorted(missing.items()):
        start = since[platform]
        days = (today - start).days
        if days < view.settings.doctor.missing_after_days:
            continue
        without = ",".join(sorted(others - {platform, "any"}))
        yield Diagnosis(
            platform,
            f"{len(files)} of its files have been missing for {days} days (since {start})",
            f"./bazelw build {package}:all --//packaging:without={without}",
        )


def _expired(view: StoreView) -> list[Decision]:
    """The releases and tags that the policy no longer keeps."""
    decisions = retention.decide(
        [
            RetentionCandidate(
                one.release,
                one.manifest,
                one.unreadable is None,
                sum(asset.size for asset in one.assets.values()),
            )
            for one in view.stored
        ],
        view.tags,
        view.settings.purge,
        now=view.now,
    )
    return [one for one in decisions if one.remove]


def _overdue(view: StoreView, expired: Sequence[Decision]) -> Iterator[Diagnosis]:
    if expired:
        size = sum(one.size for one in expired) >> 20
        yield Diagnosis(
            "purge",
            f"{len(expired)} releases and tags ({size:,} MiB) are older than the policy keeps, "
            f"such as {expired[-1].tag}",
            view.command("purge", "--store", view.store.address, "--yes"),
            "note",
        )


def _version(one: ReleaseState) -> str:
    return version.of_tag(one.release.tag) or ""


def _duration(age: timedelta) -> str:
    if age < timedelta(days=2):
        return f"{age // timedelta(hours=1)} hours"
    return f"{age.days} days"
