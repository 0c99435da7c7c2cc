"""The command `registry_status`: the state of our projects on a registry.

    bazel run //release:registry_status -- --index URL

Exit codes: 0 no problems, 1 problems found, 2 bad usage, 75 the registry cannot be reached.
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
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.registry import expected, status
from release.registry.address import open_registry
from release.registry.status import ProjectStatus

app = command.new()


@app.command()
@command.main
def registry_status(
    index: command.IndexOption = None,
    registry: command.RegistryOption = None,
    expected_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Check against the wheelhouse or release in this directory; only its JSON file is "
            "read",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="STORE",
            help="Check against the release --tag in this store: directory:PATH or "
            "github:OWNER/REPO",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Tag of a published release in the store")
    ] = None,
    product: command.PushedProductOption = None,
    github_api: command.GithubApiOption = None,
    as_json: command.JsonOption = False,
) -> None:
    """Compare the registry with the projects of the product, and with a release."""
    if bool(store) != bool(tag) or (store and expected_at):
        raise UsageError("pass either --store STORE with --tag TAG, or --from DIR")
    directory = release_dir.where(expected_at) if expected_at else None
    own = command.product_of_directory(directory, product)
    target = open_registry(index, registry)
    release: Sequence[expected.ExpectedWheel] = ()
    if directory:
        release = expected.from_directory(directory)
    elif store and tag:
        source = command.store_of(own, store, api=github_api)
        release = expected.from_store(source, tag)
    standings = status.check(target, own, release)
    if as_json:
        result = {"registry": target.host, "projects": [asdict(one) for one in standings]}
        print(json.dumps(result, indent=2))
    else:
        show(standings)
    faulty = [one for one in standings if one.findings]
    if faulty:
        others = len(faulty) - 1
        more = (
            f" ({others} more project{'' if others == 1 else 's'} with problems)" if others else ""
        )
        raise Refused(f"{faulty[0].project}: {faulty[0].findings[0]}{more}")


def show(standings: Sequence[ProjectStatus]) -> None:
    """Prints a line for each project, then one for each platform of its newest version."""
    width = max(len(one.project) for one in standings)
    for one in standings:
        newest = one.newest or "no files"
        if one.pre_release:
            newest += f" (pre-release {one.pre_release})"
        count = f"{one.versions} version{'' if one.versions == 1 else 's'}"
        print(f"{one.project:{width}}  {one.state:12}  {newest}, {count}")
        for platform, files in _platforms(one).items():
            print(f"    {platform:{width}}  {' '.join(files)}")
    console = Console()
    for one in standings:
        for finding in one.findings:
            terminal.say(console, f"{one.project}: {finding}", "red")


def _platforms(standing: ProjectStatus) -> dict[str, list[str]]:
    """The Pythons of each platform, with the number of files where it is not one."""
    platforms: dict[str, list[str]] = {}
    for cell in standing.cells:
        count = f"({cell.files})" if cell.files > 1 else ""
        platforms.setdefault(cell.platform, []).append(f"{cell.python}{count}")
    return platforms


if __name__ == "__main__":
    app(prog_name="registry_status")
