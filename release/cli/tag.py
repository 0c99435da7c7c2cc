"""The command `tag`: makes the newest green commit a candidate.

    bazel run //release:tag -- --store github:OWNER/REPO

Exit codes: 0 done, 1 no commit is green, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from release.cli import command
from release.hosting import address
from release.nightly import tagging

app = command.new()


@app.command()
@command.main
def tag(
    store: command.StoreOption,
    source: command.SourceOption = None,
    branch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Branch to search [default: tag.branch of the settings]"),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Commit to tag [default: the newest green commit]"),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="N of candidate-YYYYMMDD.N, such as the CI run number [default: the next of the "
            "day]",
        ),
    ] = None,
    maximum_age: Annotated[
        int | None,
        typer.Option(
            "--maximum-age-days",
            metavar="DAYS",
            min=1,
            help="Ignore older commits [default: tag.maximum_age_days of the settings]",
        ),
    ] = None,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    outputs: command.OutputsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Make the newest green commit a candidate: a tag, and a draft that records the evidence."""
    now = command.now(today)
    own = command.product_of(product).product
    settings = command.settings_of(own, settings_file).tag
    if maximum_age:
        settings = replace(settings, maximum_age_days=maximum_age)
    target = command.store_of(own, store, api=github_api)
    commits = address.source_of(target, source, api=github_api)
    choice = tagging.choose(commits, settings, now=now, commit=commit, branch=branch)
    run = tagging.preview if dry_run else tagging.tag
    tagged = run(
        target, choice, product=own.name, now=now, number=number, override=commit is not None
    )
    result = {"tag": tagged.tag, "version": tagged.version, "commit": tagged.commit.sha}
    if outputs:
        command.append_outputs(outputs, result)
    if as_json:
        made = tagged.created and not dry_run
        print(json.dumps(result | {"made": made, "evidence": tagged.evidence.to_json()}, indent=2))
        return
    at = f"{tagged.commit.sha[:12]} ({tagged.commit.subject})"
    if not tagged.created:
        print(f"{tagged.tag} already exists at {at}")
    elif dry_run:
        print(f"would tag {at} as {tagged.tag} in {target.address}")
    else:
        print(f"Tagged {at} as {tagged.tag}")


if __name__ == "__main__":
    app(prog_name="tag")
