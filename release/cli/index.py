"""The command `index`: writes the static site of the releases that a store has published.

    bazel run //release:index -- --store directory:PATH

Exit codes: 0 done, 1 refused, 2 bad usage, 75 the store failed or another process writes the site.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address, catalogue
from release.model import terminal
from release.site import site as sites

app = command.new()


@app.command()
@command.main
def index(
    store: command.StoreOption,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Directory to write the index to [default: PATH/site of directory:PATH]",
        ),
    ] = None,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Write the index: pages for pip, uv and browsers, replaced in one step."""
    own = command.product_of(product).product
    target = address.open_store(store, api=github_api)
    directory = sites.required_directory(target, site)
    catalogue.check_product(target, own)
    if dry_run:
        count = sum(not release.draft for release in target.releases())
        print(f"would write the site of {count} releases of {target.address} to {directory}")
        return
    console = Console(stderr=True)
    with console.status("reading the store"):
        written = sites.write(
            target,
            directory,
            own,
            now=command.now(today),
            progress=lambda tag: terminal.say(console, f"reading {tag}", "dim"),
        )
    if as_json:
        print(json.dumps({"site": str(directory), **asdict(written)}, indent=2))
    else:
        print(
            f"Wrote {directory}/index.html: {written.releases} releases, {written.files} files "
            f"({written.read} releases were new or changed)"
        )


if __name__ == "__main__":
    app(prog_name="index")
