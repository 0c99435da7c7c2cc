"""The verb `registry_status`: how our projects stand on a registry.

    bazel run //release:registry_status -- --index URL

Exit codes: 0 all is well, 1 something is not, 2 bad usage, 75 the registry cannot be reached.
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
from release.hosting import address
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.registry import expected, projects, status
from release.registry.address import open_registry
from release.registry.status import ProjectStatus

app = command.new()


@app.command()
@command.main
def registry_status(
    index: command.IndexOption = None,
    registry: command.RegistryOption = None,
    stated_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Hold it against what a wheelhouse or a release states; its wheels may be gone.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="STORE", help="Hold it against --tag of this store."),
    ] = None,
    tag: Annotated[str | None, typer.Option(help="A published release of that store.")] = None,
    github_api: command.GithubApiOption = None,
    as_json: command.JsonOption = False,
) -> None:
    """Compares the registry with the table of projects, and with a release."""
    if bool(store) != bool(tag) or (store and stated_at):
        raise UsageError("name a release with --store STORE and --tag TAG, or with --from DIR")
    target = open_registry(index, registry)
    release: Sequence[expected.ExpectedWheel] = ()
    if stated_at:
        release = expected.in_directory(release_dir.where(stated_at))
    elif store and tag:
        release = expected.in_store(address.open_store(store, api=github_api), tag)
    standings = status.look(target, projects.read(), release)
    if as_json:
        told = {"registry": target.host, "projects": [asdict(one) for one in standings]}
        print(json.dumps(told, indent=2))
    else:
        _show(standings)
    wrong = [one for one in standings if one.findings]
    if wrong:
        more = f"; and of {len(wrong) - 1} more projects" if len(wrong) > 1 else ""
        raise Refused(f"{wrong[0].project}: {wrong[0].findings[0]}{more}")


def _show(standings: Sequence[ProjectStatus]) -> None:
    """A line for each project, then one for each platform of its newest version."""
    wide = max(len(one.project) for one in standings)
    for one in standings:
        newest = one.newest or "nothing"
        if one.pre_release:
            newest += f" (pre-release {one.pre_release})"
        count = f"{one.versions} version{'' if one.versions == 1 else 's'}"
        print(f"{one.project:{wide}}  {one.state:12}  {newest}, {count}")
        for platform, files in _platforms(one).items():
            print(f"    {platform:{wide}}  {' '.join(files)}")
    console = Console()
    for one in standings:
        for finding in one.findings:
            terminal.say(console, f"{one.project}: {finding}", "red")


def _platforms(standing: ProjectStatus) -> dict[str, list[str]]:
    """The Pythons of each platform, with how many files serve one where that is not one."""
    platforms: dict[str, list[str]] = {}
    for cell in standing.cells:
        count = f"({cell.files})" if cell.files > 1 else ""
        platforms.setdefault(cell.platform, []).append(f"{cell.python}{count}")
    return platforms


if __name__ == "__main__":
    app(prog_name="registry_status")
