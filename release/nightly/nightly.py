"""The nightly release: from a green commit to an index that lists its release."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from release.gate import examination, grid, output, required_runs
from release.gate.examination import ExaminationOptions
from release.gate.sizes import SizeLimits
from release.hosting import catalogue
from release.hosting.checkout import Checkout
from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model import release_dir, terminal, version
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.products import DeclaredProduct
from release.model.release_dir import ReleaseDirectory
from release.model.settings import Settings
from release.nightly import tagging, worktree
from release.nightly.build import Built, Workspace
from release.nightly.green import Choice
from release.nightly.tagging import Tagged
from release.publish import judgement, publisher, summary
from release.publish.judgement import Judgement
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord
from release.publish.summary import ReleaseSummary
from release.site import site


@dataclass(frozen=True, slots=True)
class NightlyOptions:
    """What a user may choose for a nightly."""

    version: str | None = None
    """None: the next nightly of the day."""
    commit: str | None = None
    """A revision; None: the newest green commit."""
    number: int | None = None
    """N of YYYYMMDD.N."""
    smoke_test: bool = True
    """Whether the gate installs and runs what passed inspection."""
    require: tuple[str, ...] = ()
    """What must have run: PLATFORM:WHAT, each."""

    @property
    def tag(self) -> str | None:
        """The tag of the chosen version."""
        return version.tag_of(self.version) if self.version else None


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """Where a nightly comes from and goes to."""

    workspace: Path
    """The checkout that the command runs in."""
    product: DeclaredProduct
    """What is released."""
    store: Store
    source: CommitSource
    settings: Settings
    site: Path
    """Directory of the index."""
    verdicts: Path
    """Directory for the gate's verdicts."""
    now: datetime
    """The start of the run, UTC."""
    console: Console
    """Shows progress."""
    options: NightlyOptions

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows the start of a step, and how long it took."""
        self.console.print(f"── {name}", style="bold", highlight=False, markup=False)
        start = time.monotonic()
        yield
        self.report(f"{time.monotonic() - start:.0f} s")

    def report(self, message: str) -> None:
        """Shows a line."""
        terminal.say(self.console, message, "dim")


def preview(run: NightlyRun) -> Tagged:
    """The candidate that `publish` would tag, build and publish; changes nothing.

    Raises:
      Refused: no commit is green, or the store has releases of another product.
      UsageError: an option does not fit the store or the source.
    """
    options = run.options
    choice = _choose(run)
    return tagging.preview(
        run.store,
        choice,
        product=run.product.product.name,
        now=run.now,
        number=options.number,
        name=options.tag,
    )


def publish(run: NightlyRun) -> ReleaseSummary:
    """Tags, builds, validates and publishes a commit, and writes the index.

    A rerun continues where an interrupted run stopped.

    Raises:
      Refused: the store has releases of another product, no commit is green, a required platform
        cannot be built, or the gate refuses the release.
      UsageError: an option does not fit the store or the source.
      RemoteError: a remote failed; a rerun continues.
    """
    options, store = run.options, run.store
    choice = _choose(run)
    with run.step("tag"):
        tagged = tagging.tag(
            store,
            choice,
            product=run.product.product.name,
            now=run.now,
            number=options.number,
            name=options.tag,
            override=options.commit is not None,
        )
        run.report(f"{tagged.tag} at {choice.commit.sha[:12]} ({choice.commit.subject})")
    existing = store.release(tagged.tag)
    if existing and not existing.draft and not _rehearses_changes(run, tagged):
        run.report(f"{tagged.tag} is already published")
    else:
        _publish(run, tagged)
    branch = run.settings.publish.snapshot_branch
    if options.commit is None:
        store.move_branch(branch, tagged.commit.sha)
        run.report(f"{branch} is at {tagged.commit.sha[:12]}")
    else:
        # The commit may be older than the last nightly, or on another branch.
        run.report(f"{branch} was not moved, because --commit was given")
    with run.step("index"):
        written = site.write(store, run.site, run.product.product, now=run.now, progress=run.report)
        run.report(f"{run.site}/index.html lists {written.releases} releases")
    published = summary.read(store, tagged.tag, run.product.product)
    if published is None:
        raise UsageError(f"{store.address}: {tagged.tag} was published without a manifest")
    return published


def _choose(run: NightlyRun) -> Choice:
    options = run.options
    if options.version:
        publisher.check_version(run.store, options.version)
    catalogue.check_product(run.store, run.product.product)
    return tagging.choose(
        run.source, run.settings.tag, now=run.now, commit=options.commit, branch=None
    )


def _publish(run: NightlyRun, tagged: Tagged) -> None:
    """Builds, validates and publishes a candidate."""
    previous = catalogue.previous(run.store, tagged.version)
    with run.step(f"build {tagged.version}"):
        built, dirty = _build(run, tagged)
        release = release_dir.read(built.directory)
        for platform, reason in built.unbuilt.items():
            message = f"without {platform}, which is tolerated: {reason}"
            terminal.say(run.console, message, "yellow")
    with run.step("validate"):
        judged = _validate(run, release, previous[1] if previous else None)
    with run.step("publish"):
        base = previous[1].commit if previous else None
        publisher.publish(
            run.store,
            Publication(
                release=release,
                judgement=judged,
                build=BuildRecord(
                    tagged.commit.sha,
                    dirty=dirty,
                    evidence=tagged.evidence,
                    unbuilt=built.unbuilt,
                ),
                tag=tagged.tag,
                previous=previous,
                commits=run.source.between(base, tagged.commit.sha) if base else (),
            ),
            run.settings.publish,
            run.console,
        )


def _build(run: NightlyRun, tagged: Tagged) -> tuple[Built, bool]:
    """Builds the commit: in this checkout if it is checked out here, else in a worktree.

    Returns:
      What was built, and whether it includes uncommitted changes.

    Raises:
      Refused: a required platform cannot be built.
    """
    here = Checkout(run.workspace)
    dirty = here.dirty
    directory = run.workspace
    if here.head != tagged.commit.sha or (dirty and not run.store.local):
        directory = worktree.at(run.workspace, tagged.commit.sha)
        dirty = False
        run.report(f"in {directory}, because this checkout is not at that commit")
    with run.console.status("running Bazel") as status:

        def show(line: str) -> None:
            if line.startswith("["):
                status.update(line[:100])

        workspace = Workspace(directory, run.product.files.label, progress=show)
        return workspace.build(tagged.version), dirty


def _validate(run: NightlyRun, release: ReleaseDirectory, previous: Manifest | None) -> Judgement:
    """Checks a release against its plan, and shows and writes the verdicts.

    Raises:
      Refused: the gate refuses it.
    """
    verdicts = examination.examine(
        release,
        ExaminationOptions(
            product=run.product,
            run=run.options.smoke_test,
            required_runs=required_runs.parse_all(run.options.require, release.plan),
            limits=SizeLimits(wheel=run.settings.publish.registry_file_limit),
        ),
        previous=previous,
        day=run.now.date(),
        console=run.console,
    )
    output.write(verdicts, release, run.verdicts)
    grid.show(verdicts, run.console)
    if not verdicts.right:
        raise Refused(
            f"{release.plan.version} failed validation, and nothing was published; see "
            f"{run.verdicts}/verdicts.json"
        )
    return judgement.of(verdicts, release)


def _rehearses_changes(run: NightlyRun, tagged: Tagged) -> bool:
    """Whether a rehearsal builds uncommitted changes on top of the published commit."""
    here = Checkout(run.workspace)
    return run.store.local and here.head == tagged.commit.sha and here.dirty
