"""The command `push`: uploads wheels to a package registry, where uploads are permanent.

    bazel run //release:push -- --registry URL --from wheelhouse
    bazel run //release:push -- --registry URL --store S --tag T

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.model import terminal
from release.model.errors import Refused, UsageError
from release.model.release_dir import where
from release.model.text import mib
from release.registry import push as pushes
from release.registry.file import UploadResult
from release.registry.push import PreparedPush, PushOptions, PushResult
from release.registry.wheels import OutgoingWheel

app = command.new()


@app.command()
@command.main
def push(
    registry: Annotated[
        str, typer.Option(metavar="URL", help="Upload URL of the registry, as for twine")
    ],
    index: command.IndexOption = None,
    wheels_at: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Directory of wheels, such as wheelhouse/"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Store with the release, instead of a directory: directory:PATH or "
            "github:OWNER/REPO",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Published release in the store")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Upload without asking for confirmation")
    ] = False,
    product: command.PushedProductOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Upload the wheels of a directory, or of a release in a store, to a registry."""
    console = Console(stderr=True)
    directory = where(wheels_at) if wheels_at else None
    own = command.product_of_directory(directory, product)
    target = command.store_of(own, store, api=github_api) if store else None
    options = PushOptions(
        product=own,
        registry=registry,
        index=index,
        directory=directory,
        store=target,
        tag=tag,
    )
    with pushes.prepare(options) as prepared:
        warn(prepared, console)
        if dry_run:
            show_plan(prepared)
            return
        if not yes:
            confirm(prepared)
        result = upload(prepared, console)
    show(result, as_json=as_json)


def warn(prepared: PreparedPush, console: Console) -> None:
    """Warns about wheels that unpinned installs will not select."""
    for project, newest in prepared.plan.shadowed.items():
        terminal.say(
            console,
            f"unpinned installs of {project} will still select {newest}, which is newer and on "
            f"{prepared.registry.host}",
            "yellow",
        )


def show_plan(prepared: PreparedPush) -> None:
    """Prints what would be uploaded."""
    for wheel in prepared.plan.wheels:
        action = "have" if wheel.name in prepared.plan.present else "would upload"
        print(f"{action} {_described(wheel)}")


def confirm(prepared: PreparedPush) -> None:
    """Asks for confirmation before anything is uploaded to another machine.

    Raises:
      UsageError: the session is not interactive.
      Refused: the user does not confirm.
    """
    registry, missing = prepared.registry, prepared.plan.missing
    if registry.local or not missing:
        return
    if not interactive():
        raise UsageError(
            f"{registry.host} is not on this machine, and uploads to it are permanent; confirm "
            "with --yes"
        )
    version = max(wheel.version for wheel in missing)
    size = sum(wheel.size for wheel in missing)
    names = ", ".join(dict.fromkeys(f"{one.project} {one.version}" for one in missing))
    print(
        f"{len(missing)} wheels ({mib(size)}) will be uploaded permanently to {registry.host}: "
        f"{names}."
    )
    if input(f"Type {version} to confirm: ").strip() != version:
        raise Refused("not confirmed; nothing was uploaded")


def upload(prepared: PreparedPush, console: Console) -> PushResult:
    """Uploads the wheels, and prints a line for each."""
    with console.status("uploading") as status:
        return prepared.upload(
            started=lambda wheel: status.update(f"uploading {_described(wheel)}"),
            finished=lambda wheel, result: _show_upload(wheel, result, console),
        )


def show(result: PushResult, *, as_json: bool) -> None:
    """Prints the result."""
    if as_json:
        print(json.dumps({"registry": result.registry, "placed": dict(result.uploads)}, indent=2))
        return
    counts = Counter(result.uploads.values())
    summary = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"{len(result.uploads)} wheels are on {result.registry}: {summary}")


def interactive() -> bool:
    """Whether the user can answer a prompt."""
    return sys.stdin.isatty()


def _show_upload(wheel: OutgoingWheel, result: UploadResult, console: Console) -> None:
    terminal.say(console, f"{result} {_described(wheel)}", "dim")


def _described(wheel: OutgoingWheel) -> str:
    return f"{wheel.name} ({mib(wheel.size)})"


if __name__ == "__main__":
    app(prog_name="push")
