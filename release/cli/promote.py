"""The verb `promote`: makes a stable release of a candidate, without building anything.

    bazel run //release:promote -- --candidate candidate-20261122.1 --version 3.14.0

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address, catalogue
from release.hosting.store import Store
from release.model import release_dir, terminal, version
from release.model.errors import Refused, UsageError
from release.promote import candidate as candidates
from release.promote import conditions, promotion, restamping
from release.promote.candidate import Candidate
from release.promote.conditions import Circumstances, Condition
from release.promote.promotion import Promotion
from release.promote.restamping import Approval
from release.publish import notes, publisher
from release.site import site as site_of

app = command.new()


@app.command()
@command.main
def promote(
    candidate: Annotated[
        str, typer.Option("--candidate", metavar="TAG", help="The published candidate.")
    ],
    wanted: Annotated[
        str, typer.Option("--version", metavar="X.Y.Z", help="The version that it becomes.")
    ],
    store: command.OwnStoreOption = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=REASON",
            help="Promote it although a condition is not met: age, platforms, verdicts or "
            "blockers; may be given again. The reason is published.",
        ),
    ] = None,
    source: command.SourceOption = None,
    place: Annotated[
        Path | None,
        typer.Option(
            "--work",
            metavar="DIR",
            help="Where files are laid meanwhile; promotion/ of this checkout when left out.",
        ),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The index that is rewritten; PATH/site of directory:PATH."
        ),
    ] = None,
    run: Annotated[
        bool, typer.Option(help="Whether to install and run again what ran as the candidate.")
    ] = False,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Gives the files of a candidate a stable version, and publishes them as that release."""
    if version.kind(wanted) != "stable":
        raise UsageError(f"--version {wanted}: write a stable version, such as 3.14.0")
    overridden = conditions.overrides(override or ())
    workspace = release_dir.workspace()
    target = address.open_own(store, api=github_api)
    origin = address.source_of(target, source, api=github_api)
    chosen = command.settings_of(settings_file)
    console = Console(stderr=True)
    now = command.now(today)
    found = candidates.read(target, candidate)
    if promotion.already(target, found, wanted):
        # A run that was killed may have left the index as it was.
        written = None if dry_run else site_of.rewrite(target, site, now=now)
        finish(target, found, wanted, site=written, already=True, as_json=as_json)
        return
    met = conditions.examine(
        Circumstances(found, chosen.promote, origin, local=target.local, now=now)
    )
    show(met, console)
    permit = Approval(met, conditions.hold(met, overridden))
    if dry_run:
        for name in found.manifest.artifacts:
            print(f"would make {restamping.rename(name, found.version, wanted)} of {name}")
        print(f"would publish {version.tag_of(wanted)} at {found.commit[:12]} in {target.address}")
        return
    promotion.promote(
        Promotion(
            store=target,
            source=origin,
            settings=chosen,
            candidate=found,
            version=wanted,
            permit=permit,
            now=now,
            place=release_dir.where(place) if place else workspace / "promotion",
            run=run,
            console=console,
        )
    )
    written = site_of.rewrite(target, site, now=now)
    finish(target, found, wanted, site=written, already=False, as_json=as_json)


def show(met: tuple[Condition, ...], console: Console) -> None:
    """Tells how the conditions stand."""
    for one in met:
        mark = "met" if one.met else "not met"
        terminal.say(console, f"{mark}: {one.name}: {one.detail}")


def finish(
    target: Store,
    candidate: Candidate,
    wanted: str,
    *,
    site: Path | None,
    already: bool,
    as_json: bool,
) -> None:
    """Says what there is now, and ends with the line that installs it."""
    tag = version.tag_of(wanted)
    stated = catalogue.manifest_of(target, tag)
    if stated is None:
        raise Refused(f"{target.address}: {tag} has no manifest any more; find out who removed it")
    missing = publisher.missing(stated)
    install = notes.install_line(target, tag, stated)
    if as_json:
        told = {
            "tag": tag,
            "candidate": candidate.tag,
            "commit": stated.commit,
            "store": target.address,
            "already": already,
            "overrides": dict(stated.overrides),
            "missing": missing,
            "stamps": {message: list(files) for message, files in stated.stamps.items()},
            "site": str(site) if site else None,
            "install": install,
        }
        print(json.dumps(told, indent=2))
        return
    for file, since in missing.items():
        print(f"missing, since {since}: {file}")
    for message, files in stated.stamps.items():
        print(f"{message}, in {len(files)} files:")
        for file in files:
            print(f"    {file}")
    what = "was promoted before to" if already else "is promoted to"
    print(f"{candidate.tag} {what} {tag}, in {target.address}")
    print(f"\n    {install}")


if __name__ == "__main__":
    app(prog_name="promote")
