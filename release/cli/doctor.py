"""The verb `doctor`: finds what does not fit together in store, index and registry.

    bazel run //release:doctor -- --store github:OWNER/REPO --site DIR --index URL

It changes nothing. Exit codes: 0 all is well, 1 something is wrong, 2 bad usage, 75 a remote failed
and a rerun goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.doctor import index as index_health
from release.doctor import registry as registry_health
from release.doctor import releases
from release.doctor.diagnosis import Diagnosis
from release.hosting import address
from release.model import terminal
from release.registry.address import open_registry
from release.site import site as site_of

app = command.new()


@app.command()
@command.main
def doctor(
    store: command.OwnStoreOption = None,
    site: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The index; PATH/site of directory:PATH when left out."),
    ] = None,
    registry: command.RegistryOption = None,
    index: command.IndexOption = None,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    as_json: command.JsonOption = False,
) -> None:
    """Says what is inconsistent, and which command mends it; changes nothing."""
    console = Console(stderr=True)
    target = address.open_own(store, api=github_api)
    shown = site_of.place(target, site)
    asked = open_registry(index, registry) if index or registry else None
    view = releases.read(target, command.settings_of(settings_file), command.now(today))
    findings = list(releases.examine(view))
    looked = [f"{len(view.stored)} releases of {target.address}"]
    if shown:
        findings += index_health.examine(view, shown)
        looked.append(f"the index at {shown}")
    if asked:
        findings += registry_health.examine(view, asked)
        looked.append(f"our projects on {asked.host}")
    if as_json:
        print(
            json.dumps({"looked_at": looked, "findings": [asdict(o) for o in findings]}, indent=2)
        )
    else:
        show(findings, looked)
        for what, option, left in (
            ("the index", "--site DIR", shown),
            ("a registry", "--index URL", asked),
        ):
            if left is None:
                terminal.say(console, f"not looked at: {what}; name it with {option}", "dim")
    if any(one.severity == "wrong" for one in findings):
        raise typer.Exit(1)


def show(findings: Sequence[Diagnosis], looked: Sequence[str]) -> None:
    """Prints findings, what is wrong first."""
    console = Console(soft_wrap=True)
    for one in sorted(findings, key=lambda one: one.severity != "wrong"):
        style = "red" if one.severity == "wrong" else "yellow"
        terminal.say(console, f"{one.severity}: {one.subject}: {one.what}", style)
        terminal.say(console, f"    mend: {one.mend}")
    count = sum(one.severity == "wrong" for one in findings)
    notes = len(findings) - count
    told = f"{count} wrong" if count else "nothing wrong"
    print(f"Looked at {', '.join(looked)}: {told}{f', {notes} to be noted' if notes else ''}.")


if __name__ == "__main__":
    app(prog_name="doctor")
