"""The command `promote`: publishes a candidate as a stable release, without building it again.

    bazel run //release:promote -- --candidate candidate-20261122.1 --version 3.14.0

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address
from release.model import release_dir, terminal, version
from release.model.errors import UsageError
from release.model.manifest import Condition
from release.promote import conditions
from release.promote import request as requests
from release.promote.request import Promoted, PromoteRequest

app = command.new()


@app.command()
@command.main
def promote(
    candidate: Annotated[
        str, typer.Option("--candidate", metavar="TAG", help="Tag of the published candidate")
    ],
    stable: Annotated[
        str, typer.Option("--version", metavar="X.Y.Z", help="Stable version to publish it as")
    ],
    store: command.OwnStoreOption = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=REASON",
            help="Promote although a condition is not met: age, platforms, verdicts or blockers. "
            "The reason is published; repeatable",
        ),
    ] = None,
    source: command.SourceOption = None,
    work: Annotated[
        Path | None,
        typer.Option(
            "--work",
            metavar="DIR",
            help="Directory for intermediate files [default: promotion/ of this checkout]",
        ),
    ] = None,
    site: command.SiteOption = None,
    run: Annotated[bool, typer.Option(help="Install and run the new files as well")] = False,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Give the files of a candidate a stable version, and publish them as that release."""
    if version.kind(stable) != "stable":
        raise UsageError(f"--version {stable}: write a stable version, such as 3.14.0")
    overrides = conditions.overrides(override or ())
    declared = command.product_of(product)
    target = command.store_of(declared.product, store, api=github_api)
    request = PromoteRequest(
        product=declared,
        store=target,
        source=address.source_of(target, source, api=github_api),
        settings=command.settings_of(declared.product, settings_file),
        candidate=candidate,
        version=stable,
        overrides=overrides,
        now=command.now(today),
        work=release_dir.where(work) if work else release_dir.workspace() / "promotion",
        site=site,
        smoke_test=run,
    )
    console = Console(stderr=True)

    def report(condition: Condition) -> None:
        state = "met" if condition.met else "not met"
        terminal.say(console, f"{state}: {condition.name}: {condition.detail}")

    if dry_run:
        preview = requests.preview(request, report)
        if preview.promoted:
            show(request, preview.promoted, as_json=as_json)
            return
        for name, renamed in preview.renamed.items():
            print(f"would make {renamed} from {name}")
        commit = preview.candidate.commit[:12]
        print(f"would publish {request.tag} at {commit} in {target.address}")
        return
    show(request, requests.promote(request, report, console), as_json=as_json)


def show(request: PromoteRequest, promoted: Promoted, *, as_json: bool) -> None:
    """Prints the result; the last line installs the release."""
    release = promoted.release
    if as_json:
        result = {
            "tag": release.tag,
            "candidate": request.candidate,
            "commit": release.manifest.commit,
            "store": request.store.address,
            "already": promoted.already,
            "overrides": dict(release.manifest.overrides),
            "missing": release.missing,
            "stamps": {message: list(files) for message, files in release.manifest.stamps.items()},
            "site": str(promoted.site) if promoted.site else None,
            "install": release.install,
        }
        print(json.dumps(result, indent=2))
        return
    for file, since in release.missing.items():
        print(f"missing since {since}: {file}")
    for message, files in release.manifest.stamps.items():
        print(f"{message}, in {len(files)} files:")
        for file in files:
            print(f"    {file}")
    action = "was already promoted" if promoted.already else "is promoted"
    print(f"{request.candidate} {action} to {release.tag} in {request.store.address}")
    print(f"\n    {release.install}")


if __name__ == "__main__":
    app(prog_name="promote")
