"""The health of a store: tags, drafts, releases, and the nights that made them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from release.doctor.diagnosis import Diagnosis, command
from release.hosting import catalogue
from release.hosting.catalogue import EVIDENCE, LOCK, MANIFEST, METADATA_SUFFIX, PLAN
from release.hosting.store import Asset, Store, StoredRelease
from release.model import version
from release.model.document import DocumentError
from release.model.manifest import Manifest
from release.model.settings import Settings
from release.purge import retention
from release.purge.retention import Decision, RetentionCandidate

_NEARLY = 0.9
_OWN = {EVIDENCE, MANIFEST, PLAN, "SHA256SUMS"}


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """A release of ours in a store, and what its manifest says."""

    release: StoredRelease
    assets: Mapping[str, Asset]
    manifest: Manifest | None
    """None where there is none, or it cannot be read."""
    unreadable: str | None = None
    """Why the manifest cannot be read."""


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store as it is now."""

    store: Store
    settings: Settings
    now: datetime
    """UTC."""
    tags: Mapping[str, str]
    """The commit of each."""
    inventory: Sequence[tuple[StoredRelease, Mapping[str, Asset]]]
    """All that is in it, the newest created first."""
    stored: Sequence[ReleaseState]
    """What of it is ours, in that order."""

    @property
    def published(self) -> list[ReleaseState]:
        """Those that everybody sees, the newest version first."""
        found = [one for one in self.stored if not one.release.draft]
        return sorted(found, key=lambda one: version.parse(_version(one)), reverse=True)


def read(store: Store, settings: Settings, now: datetime) -> StoreView:
    """Lists a store, and reads the manifests of the releases that are ours.

    Raises:
      RemoteError: the store cannot be read now.
    """
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
    return StoreView(store, settings, now, store.tags(), inventory, tuple(stored))


def examine(view: StoreView) -> Iterator[Diagnosis]:
    """What is not as it should be."""
    going = _going(view)
    yield from _tags_alone(view, {one.tag for one in going})
    for one in view.stored:
        if one.release.draft:
            yield from _draft(view, one)
        else:
            yield from _tag(view, one)
            yield from _files(view, one)
    yield from _nights(view)
    yield from _platforms(view)
    yield from _overdue(view, going)


def _tags_alone(view: StoreView, going: Container[str]) -> Iterator[Diagnosis]:
    """Tags of candidates without a release: a run was killed between the two."""
    known = {one.release.tag for one in view.stored}
    for tag, commit in sorted(view.tags.items()):
        own = version.of_tag(tag)
        if own and version.day(own) and tag not in known and tag not in going:
            yield Diagnosis(
                tag,
                "it is a tag, and has no release",
                command("nightly", "--store", view.store.address, "--commit", commit),
            )


def _draft(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    tag = one.release.tag
    age = retention.age_of(one.release, view.now)
    if age < timedelta(hours=view.settings.doctor.draft_after_hours):
        return
    cut = sum(not asset.complete for asset in one.assets.values())
    what = f"it is a draft since {_days(age)}, with {len(one.assets) - cut} files"
    if cut:
        what += f" and {cut} whose upload was cut off"
    commit = view.tags.get(tag) or (one.manifest.commit if one.manifest else None)
    own = _version(one)
    if one.manifest and one.manifest.promoted_from:
        mend = command(
            "promote",
            *("--store", view.store.address),
            *("--candidate", one.manifest.promoted_from, "--version", own),
        )
    elif commit and version.day(own):
        mend = command("nightly", "--store", view.store.address, "--commit", commit)
    else:
        mend = "find out who began it; publish it again, or delete it"
    yield Diagnosis(tag, what, mend)


def _tag(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    """Holds the tag of a release against its manifest."""
    tag, commit = one.release.tag, one.manifest.commit if one.manifest else None
    there = view.tags.get(tag)
    if commit is None or there == commit:
        return
    if view.store.root:
        mend = f"echo {commit} > {view.store.root / 'refs' / 'tags' / tag}"
    else:
        mend = f"git push --force origin {commit}:refs/tags/{tag}"
    at = f"at {there[:12]}" if there else "gone"
    yield Diagnosis(tag, f"its tag is {at}, and it was built of {commit[:12]}", mend)


def _files(view: StoreView, one: ReleaseState) -> Iterator[Diagnosis]:
    """Holds the files of a published release against its manifest."""
    tag, mend = one.release.tag, "write `Yanked: WHY` as a line of its notes, and run `index`"
    limit = view.store.limits.assets
    if limit and len(one.assets) > limit * _NEARLY:
        what = f"it has {len(one.assets)} files, and {limit} are taken at most"
        yield Diagnosis(tag, what, "leave out a package, or split the release", "note")
    if one.unreadable:
        yield Diagnosis(
            tag, one.unreadable, "upload manifest.json again, as the build's verdicts have it"
        )
        return
    if one.manifest is None:
        return  # of older tools
    for name, artifact in sorted(one.manifest.artifacts.items()):
        asset = one.assets.get(name)
        if asset is None or not asset.complete:
            yield Diagnosis(tag, f"{name}, which it states, is not there", mend)
        elif asset.sha256 not in (artifact.sha256, None):
            yield Diagnosis(tag, f"{name} has other bytes than it states", mend)
    stated = {*one.manifest.artifacts, *_OWN}
    for name in sorted(one.assets.keys() - stated):
        if name == LOCK or name.removesuffix(METADATA_SUFFIX) in stated:
            continue
        yield Diagnosis(
            tag, f"{name} is there, and nothing states it", "find out whose it is, and delete it"
        )


def _nights(view: StoreView) -> Iterator[Diagnosis]:
    """Whether nights go on."""
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
            f"the last one was published {_days(view.now - last)} ago",
            command("nightly", "--store", view.store.address),
        )


def _platforms(view: StoreView) -> Iterator[Diagnosis]:
    """Tolerated platforms that are missing for long in what was released last."""
    newest = next((one for one in view.published if one.manifest), None)
    if newest is None or newest.manifest is None:
        return
    today = view.now.date()
    missing: dict[str, set[str]] = {}
    since: dict[str, date] = {}
    for cell in newest.manifest.cells:
        if cell.status == "missing" and cell.missing_since:
            missing.setdefault(cell.platform, set()).add(cell.file)
            since[cell.platform] = min(since.get(cell.platform, today), cell.missing_since)
    others = {cell.platform for cell in newest.manifest.cells}
    for platform, files in sorted(missing.items()):
        days = (today - since[platform]).days
        if days < view.settings.doctor.missing_after_days:
            continue
        without = ",".join(sorted(others - {platform, "any"}))
        yield Diagnosis(
            platform,
            f"{len(files)} of its files are missing since {since[platform]}, {days} days ago",
            f"./bazelw build //packaging:all --//packaging:without={without}",
        )


def _going(view: StoreView) -> list[Decision]:
    """What the policy keeps no longer."""
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
    return [one for one in decisions if one.goes]


def _overdue(view: StoreView, going: Sequence[Decision]) -> Iterator[Diagnosis]:
    if going:
        size = sum(one.size for one in going) >> 20
        yield Diagnosis(
            "purge",
            f"{len(going)} releases and tags, {size:,} MiB, are older than the policy keeps, such "
            f"as {going[-1].tag}",
            command("purge", "--store", view.store.address, "--yes"),
            "note",
        )


def _version(one: ReleaseState) -> str:
    return version.of_tag(one.release.tag) or ""


def _days(age: timedelta) -> str:
    if age < timedelta(days=2):
        return f"{age // timedelta(hours=1)} hours"
    return f"{age.days} days"
