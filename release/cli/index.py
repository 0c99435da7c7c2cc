"""The verb `index`: writes the static site of what a store has published.

    bazel run //release:index -- --store directory:PATH

Exit codes: 0 done, 1 refused, 2 bad usage, 75 the store failed or somebody else writes the site.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address
from release.model import terminal
from release.site import site as site_of

app = command.new()


@app.command()
@command.main
def index(
    store: command.StoreOption,
    site: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the site is written; PATH/site of directory:PATH."),
    ] = None,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Writes pages for installers and for people, and swaps them in at once."""
    target = address.open_store(store, api=github_api)
    directory = site_of.required_place(target, site)
    if dry_run:
        count = sum(not release.draft for release in target.releases())
        print(f"would write the site of {count} releases of {target.address} to {directory}")
        return
    errors = Console(stderr=True)
    with errors.status("reading the store"):
        written = site_of.write(
            target,
            directory,
            now=command.now(today),
            progress=lambda tag: terminal.say(errors, f"reading {tag}", "dim"),
        )
    if as_json:
        print(json.dumps({"site": str(directory), **asdict(written)}, indent=2))
    else:
        print(
            f"Written: {directory}/index.html, of {written.releases} releases with {written.files} "
            f"files ({written.read} were new)"
        )


if __name__ == "__main__":
    app(prog_name="index")
