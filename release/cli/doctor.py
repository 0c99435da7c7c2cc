"""The command `doctor`: finds inconsistencies in a store, its index and the registry.

    bazel run //release:doctor -- --store github:OWNER/REPO --site DIR --index URL

It changes nothing. Exit codes: 0 no errors found, 1 errors found, 2 bad usage, 75 a remote failed;
rerun to continue.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.doctor import doctor as doctors
from release.doctor.doctor import Examination
from release.doctor.releases import DoctorRequest
from release.model import terminal
from release.registry.address import open_registry
from release.site import site as sites

app = command.new()


@app.command()
@command.main
def doctor(
    store: command.OwnStoreOption = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Directory of the index to check [default: PATH/site of directory:PATH]",
        ),
    ] = None,
    registry: command.RegistryOption = None,
    index: command.IndexOption = None,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    as_json: command.JsonOption = False,
) -> None:
    """Report what is inconsistent and which command fixes it; change nothing."""
    declared = command.product_of(product)
    target = command.store_of(declared.product, store, api=github_api)
    directory = sites.directory_of(target, site)
    remote = open_registry(index, registry) if index or registry else None
    examination = doctors.examine(
        DoctorRequest(
            store=target,
            product=declared,
            settings=command.settings_of(declared.product, settings_file),
            now=command.now(today),
            options=("--product", product) if product else (),
        ),
        site=directory,
        registry_to_check=remote,
    )
    if as_json:
        result = {
            "looked_at": examination.examined,
            "findings": [one.to_json() for one in examination.findings],
        }
        print(json.dumps(result, indent=2))
    else:
        show(examination)
        console = Console(stderr=True)
        if directory is None:
            terminal.say(console, "The index was not checked; pass --site DIR.", "dim")
        if remote is None:
            terminal.say(console, "No registry was checked; pass --index URL.", "dim")
    if examination.errors:
        raise typer.Exit(1)


def show(examination: Examination) -> None:
    """Prints findings and how to fix them, errors first."""
    console = Console(soft_wrap=True)
    for one in sorted(examination.findings, key=lambda one: one.severity != "error"):
        style = "red" if one.severity == "error" else "yellow"
        terminal.say(console, f"{one.severity}: {one.subject}: {one.message}", style)
        terminal.say(console, f"    fix: {one.fix}")
    notes = len(examination.findings) - examination.errors
    counts = [_count(examination.errors, "error")]
    if notes:
        counts.append(_count(notes, "note"))
    print(f"Checked {', '.join(examination.examined)}: {', '.join(counts)}.")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    app(prog_name="doctor")
