"""The verb `tag`: makes the newest green commit a candidate.

    bazel run //release:tag -- --store github:OWNER/REPO

Exit codes: 0 done, 1 no commit is green, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from release.cli import command
from release.hosting import address
from release.nightly import tagging
from release.nightly.tagging import Tagged

app = command.new()


@app.command()
@command.main
def tag(
    store: command.StoreOption,
    source: command.SourceOption = None,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instead of tag.branch of the settings.")
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REV", help="This one, instead of the newest green one."),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="N of candidate-YYYYMMDD.N, such as CI's run number."
        ),
    ] = None,
    maximum_age: Annotated[
        int | None,
        typer.Option("--maximum-age-days", metavar="DAYS", min=1, help="No older commit is taken."),
    ] = None,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    outputs: command.OutputsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Makes the newest green commit a candidate: a tag, and a draft that says why."""
    now = command.now(today)
    chosen = command.settings_of(settings_file).tag
    if maximum_age:
        chosen = replace(chosen, maximum_age_days=maximum_age)
    target = address.open_store(store, api=github_api)
    commits = address.source_of(target, source, api=github_api)
    choice = tagging.choose(commits, chosen, now=now, commit=commit, branch=branch)
    found = f"{choice.commit.sha[:12]} ({choice.commit.subject})"
    override = commit is not None
    if dry_run:
        name = tagging.preview(target, choice, now=now, number=number)
        evidence = tagging.evidence_of(choice, name, now, override=override)
        tagged = Tagged(name, choice.commit, made=False, evidence=evidence)
        would = name not in target.tags()
    else:
        tagged = tagging.tag(target, choice, now=now, number=number, override=override)
        would = False
    named = {"tag": tagged.tag, "version": tagged.version, "commit": tagged.commit.sha}
    if outputs:
        command.append_outputs(outputs, named)
    if as_json:
        print(json.dumps(named | {"made": tagged.made, "evidence": tagged.evidence}, indent=2))
    elif would:
        print(f"would tag {tagged.tag} at {found} in {target.address}")
    else:
        print(f"{tagged.tag} at {found}, {'made' if tagged.made else 'there already'}")


if __name__ == "__main__":
    app(prog_name="tag")
