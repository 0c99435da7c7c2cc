"""The verb `nightly`: the whole night, from a green commit to an index that has it.

    bazel run //release:nightly
    bazel run //release:nightly -- --store github:OWNER/REPO

Without arguments it rehearses against the store in the directory `store/` of this checkout.
Exit codes: 0 done, 1 the release was refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command, validate
from release.gate import examination, grid
from release.gate.examination import ExaminationOptions
from release.gate.release_set import SizeLimits
from release.hosting import address, catalogue
from release.hosting.checkout import Checkout
from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model import release_dir, terminal, version
from release.model.errors import Refused, UsageError
from release.model.manifest import Manifest
from release.model.release_dir import ReleaseDirectory
from release.model.settings import Settings
from release.nightly import tagging, worktree
from release.nightly.build import Built, Workspace
from release.nightly.tagging import Tagged
from release.publish import judgement, notes, publisher
from release.publish.judgement import Judgement
from release.publish.publication import Publication
from release.publish.published_manifest import BuildRecord
from release.site import site as site_of

app = command.new()


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """What a night works with."""

    workspace: Path
    """The checkout that it was started in."""
    store: Store
    source: CommitSource
    settings: Settings
    site: Path
    """Where the index is written."""
    verdicts: Path
    """Where the gate's answer is written."""
    now: datetime
    """The one reading of the clock, UTC."""
    console: Console
    """Where it tells what it does: stderr."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tells that a step begins, and how long it took."""
        self.console.print(f"── {name}", style="bold", highlight=False, markup=False)
        began = time.monotonic()
        yield
        self.say(f"{time.monotonic() - began:.0f} s")

    def say(self, line: str) -> None:
        """Tells something."""
        terminal.say(self.console, line, "dim")


@app.command()
@command.main
def nightly(
    store: command.OwnStoreOption = None,
    wanted: Annotated[
        str | None,
        typer.Option("--version", metavar="V", help="Instead of the next nightly of the day."),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Instead of the newest green commit."),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="N of YYYYMMDD.N, such as CI's run number."),
    ] = None,
    source: command.SourceOption = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the index is written: PATH/site of directory:PATH, site/ of this checkout "
            "for GitHub, when left out.",
        ),
    ] = None,
    run: Annotated[
        bool, typer.Option(help="Whether the gate installs and runs what was found sound.")
    ] = True,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="PLATFORM:WHAT", help="What must have run, as for `validate`."),
    ] = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Chooses a commit and a version, builds, validates, publishes and writes the index."""
    workspace = release_dir.workspace()
    target = address.open_own(store, api=github_api)
    if wanted:
        publisher.check_version(target, wanted)
    night = NightlyRun(
        workspace=workspace,
        store=target,
        source=address.source_of(target, source, api=github_api),
        settings=command.settings_of(settings_file),
        site=site_of.place(target, site) or workspace / "site",
        verdicts=workspace / "verdicts",
        now=command.now(),
        console=Console(stderr=True),
    )
    choice = tagging.choose(
        night.source, night.settings.tag, now=night.now, commit=commit, branch=None
    )
    named = version.tag_of(wanted) if wanted else None
    if dry_run:
        tag = tagging.preview(target, choice, now=night.now, number=number, named=named)
        print(f"would tag {choice.commit.sha[:12]} ({choice.commit.subject}) as {tag}")
        print(f"would build it as {version.of_tag(tag)}, validate it{' and run it' * run}")
        print(f"would publish it in {target.address} and write {night.site}/index.html")
        return
    with night.step("tag"):
        tagged = tagging.tag(
            target,
            choice,
            now=night.now,
            number=number,
            named=named,
            override=commit is not None,
        )
        night.say(f"{tagged.tag} at {choice.commit.sha[:12]} ({choice.commit.subject})")
    there = target.release(tagged.tag)
    if there and not there.draft and not _differs_here(night, tagged):
        night.say(f"{tagged.tag} is published already")
    else:
        publish(night, tagged, run=run, require=tuple(require or ()))
    branch = night.settings.publish.snapshot_branch
    if commit is None:
        target.move_branch(branch, tagged.commit.sha)
        night.say(f"{branch} is at {tagged.commit.sha[:12]}")
    else:
        # It may be older than the last nightly, or of another branch.
        night.say(f"{branch} stays where it is, since the commit was named")
    with night.step("index"):
        written = site_of.write(target, night.site, now=night.now, progress=night.say)
        night.say(f"{night.site}/index.html, {written.releases} releases")
    finish(night, tagged, as_json=as_json)


def publish(night: NightlyRun, tagged: Tagged, *, run: bool, require: tuple[str, ...]) -> None:
    """Builds a candidate, validates it and publishes it.

    Raises:
      Refused: a required platform cannot be built, or the gate refuses the release.
    """
    before = catalogue.previous(night.store, tagged.version)
    with night.step(f"build {tagged.version}"):
        built, dirty = build(night, tagged)
        release = release_dir.read(built.directory)
        for platform, why in built.unbuilt.items():
            terminal.say(night.console, f"without {platform}, which is tolerated: {why}", "yellow")
    with night.step("validate"):
        judged = validated(night, release, before[1] if before else None, run, require)
    with night.step("publish"):
        base = before[1].commit if before else None
        publisher.publish(
            night.store,
            Publication(
                release=release,
                judgement=judged,
                provenance=BuildRecord(
                    tagged.commit.sha,
                    dirty=dirty,
                    evidence=tagged.evidence,
                    unbuilt=built.unbuilt,
                ),
                tag=tagged.tag,
                previous=before,
                commits=night.source.between(base, tagged.commit.sha) if base else (),
            ),
            night.settings.publish,
            night.console,
        )


def build(night: NightlyRun, tagged: Tagged) -> tuple[Built, bool]:
    """Builds the commit: here when it is what is checked out, else in a checkout of its own.

    Returns:
      What was built, and whether it has changes that nobody committed.

    Raises:
      Refused: a required platform cannot be built.
    """
    here = Checkout(night.workspace)
    dirty = here.dirty
    place = night.workspace
    if here.head != tagged.commit.sha or (dirty and not night.store.local):
        place = worktree.at(night.workspace, tagged.commit.sha)
        dirty = False
        night.say(f"in {place}, since that is not what is checked out here")
    with night.console.status("Bazel is at work") as status:

        def told(line: str) -> None:
            if line.startswith("["):
                status.update(line[:100])

        return Workspace(place, told=told).build(tagged.version), dirty


def validated(
    night: NightlyRun,
    release: ReleaseDirectory,
    previous: Manifest | None,
    run: bool,
    require: tuple[str, ...],
) -> Judgement:
    """Holds a release against its plan, and shows and writes what was found.

    Raises:
      Refused: it must not go out.
    """
    wishes = ExaminationOptions(
        run=run,
        demands=tuple(validate.parse_demand(text, release.plan) for text in require),
        limits=SizeLimits(wheel=night.settings.publish.registry_file_limit),
    )
    verdicts = examination.examine(
        release, wishes, previous=previous, day=night.now.date(), console=night.console
    )
    validate.write(verdicts, release, night.verdicts)
    grid.show(verdicts, night.console)
    if not verdicts.right:
        raise Refused(
            f"{release.plan.version} must not go out, and nothing was published; "
            f"{night.verdicts}/verdicts.json says what is wrong"
        )
    return judgement.of(verdicts, release)


def finish(night: NightlyRun, tagged: Tagged, *, as_json: bool) -> None:
    """Says what there is now, and ends with the line that installs it."""
    stated = catalogue.manifest_of(night.store, tagged.tag)
    if stated is None:
        raise UsageError(f"{night.store.address}: {tagged.tag} was published without a manifest")
    missing = publisher.missing(stated)
    install = notes.install_line(night.store, tagged.tag, stated)
    if as_json:
        print(
            json.dumps(
                {
                    "tag": tagged.tag,
                    "version": stated.version,
                    "commit": stated.commit,
                    "store": night.store.address,
                    "site": str(night.site),
                    "missing": missing,
                    "install": install,
                },
                indent=2,
            )
        )
        return
    for file, since in missing.items():
        print(f"missing, tolerated, since {since}: {file}")
    print(f"Published {tagged.tag} in {night.store.address}; the page is {night.site}/index.html")
    print(f"\n    {install}")


def _differs_here(night: NightlyRun, tagged: Tagged) -> bool:
    """Whether a rehearsal builds something else than what was published of that commit."""
    here = Checkout(night.workspace)
    return night.store.local and here.head == tagged.commit.sha and here.dirty


if __name__ == "__main__":
    app(prog_name="nightly")
