"""The command `push`: uploads wheels to a package registry, where uploads are permanent.

    bazel run //release:push -- --registry URL --from wheelhouse
    bazel run //release:push -- --registry URL --store S --tag T

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address
from release.model.release_dir import where
from release.registry import pushing
from release.registry.pushing import PushOptions

app = command.new()


@app.command()
@command.main
def push(
    registry: Annotated[
        str, typer.Option(metavar="URL", help="The registry, by the URL that twine uploads to.")
    ],
    index: command.IndexOption = None,
    wheels_at: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="A directory of wheels, such as wheelhouse/."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Instead of a directory, a release in directory:PATH or github:OWNER/REPO.",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="The release in the store.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Upload without asking a person.")] = False,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Uploads the wheels of a directory, or of a release in a store, to a registry."""
    pushing.run(
        PushOptions(registry, index, yes=yes, dry_run=dry_run, as_json=as_json),
        directory=where(wheels_at) if wheels_at else None,
        store=address.open_store(store, api=github_api) if store else None,
        tag=tag,
        console=Console(stderr=True),
    )


if __name__ == "__main__":
    app(prog_name="push")
