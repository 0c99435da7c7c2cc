"""The verb `validate`: holds a release against its plan, and runs it.

    bazel run //release:validate -- bazel-bin/packaging

Exit codes: 0 the release may go out, 1 it must not, 2 bad usage, 75 the store cannot be reached.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.gate import examination, grid, junit
from release.gate.examination import ExaminationOptions
from release.gate.judge import Demand
from release.gate.release_set import SizeLimits
from release.gate.smoke.candidate import own_platform
from release.gate.smoke.clean_machine import CleanMachine
from release.hosting import address, catalogue
from release.model import manifest
from release.model.document import dumps
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan
from release.model.release_dir import ReleaseDirectory, replace, where
from release.model.release_dir import read as read_directory
from release.model.verdicts import Verdicts

_WHATS = ("run", "python", "tools", "dist", "container")
_MIB = 1 << 20

app = command.new()


@app.command()
@command.main
def validate(
    release_at: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="The release, also as directory:PATH: what the build makes, or all files side by "
            "side.",
        ),
    ],
    plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its plan; plan.json in the directory when left out."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="manifest.json of the last release: for growth, and since when."
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Instead of --previous: the last release of directory:PATH or github:OWNER/REPO.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(metavar="DIR", help="For verdicts.json, junit.xml and manifest.json."),
    ] = Path("verdicts"),
    run: Annotated[
        bool, typer.Option(help="Whether to install and run what was found sound.")
    ] = True,
    emulate: Annotated[
        bool,
        typer.Option(help="Whether to run platforms that this machine can only emulate."),
    ] = True,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLATFORM:WHAT",
            help="What must have run, such as linux_aarch64:run; may be given again.",
        ),
    ] = None,
    container: Annotated[
        bool,
        typer.Option(
            "--container",
            help="What runs in a clean container must have run: where no engine answers, or it "
            "fails, the release is refused.",
        ),
    ] = False,
    container_image: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Image of the clean container; else one is made."),
    ] = None,
    container_rootfs: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A root file system to make that image from."),
    ] = None,
    registry_limit: Annotated[
        int, typer.Option(metavar="MIB", min=1, help="The registry's limit for a file.")
    ] = 100,
    jobs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes; one a processor.")
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option(
            "--date",
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="The day of the verdicts; today, UTC.",
        ),
    ] = None,
    github_api: command.GithubApiOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print verdicts.json instead.")] = False,
    dry_run: command.DryRunOption = False,
) -> None:
    """Holds a release against its plan, runs it, and says of each cell what it is."""
    release = read_directory(parse_place(release_at), where(plan) if plan else None)
    wishes = ExaminationOptions(
        run=run,
        emulate=emulate,
        demands=demands_of(require or (), release.plan, container=container),
        limits=SizeLimits(wheel=registry_limit * _MIB),
        clean=CleanMachine(container_image, where(container_rootfs) if container_rootfs else None),
        jobs=jobs,
    )
    before = find_previous(previous, store, release.plan.version, github_api)
    if dry_run:
        print_plan(release, wishes, where(output))
        return
    day = today.date() if today else datetime.now(UTC).date()
    verdicts = examination.examine(
        release, wishes, previous=before, day=day, console=Console(stderr=True)
    )
    write(verdicts, release, where(output))
    if as_json:
        print(json.dumps(verdicts.to_json(), indent=2))
    else:
        grid.show(verdicts, Console())
        print(f"Written: {output}/verdicts.json, junit.xml" + _and_manifest(release))
    raise typer.Exit(0 if verdicts.right else 1)


def find_previous(
    file: Path | None, store: str | None, version: str, api: str | None
) -> Manifest | None:
    """The manifest of the release before: a file, or what a store says; None when nobody names one.

    Raises:
      UsageError: both are named, or one of them is not what it should be.
      RemoteError: the store cannot be read now.
    """
    if file and store:
        raise UsageError("--previous and --store both name the release before; leave one out")
    if file:
        return manifest.read(where(file))
    if store:
        before = catalogue.previous(address.open_store(store, api=api), version)
        return before[1] if before else None
    return None


def parse_place(text: str) -> Path:
    """Reads DIR or directory:DIRECTORY.

    Raises:
      UsageError: it names a store of another kind.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind != "directory":
        raise UsageError(
            f"{text}: the gate reads directories; download the release, and name its directory"
        )
    return where(Path(rest if colon else text))


def demands_of(texts: Sequence[str], plan: Plan, *, container: bool) -> tuple[Demand, ...]:
    """What must have run: each `--require`, and the container of this machine's platform.

    Raises:
      UsageError: one is not of its form; or no platform of the plan is this machine's.
    """
    demands = [parse_demand(text, plan) for text in texts]
    if container:
        platform = own_platform(plan.platforms)
        if platform is None:
            raise UsageError("--container: no platform of the plan is this machine's; leave it out")
        demands.append(Demand(platform, "container"))
    return tuple(demands)


def parse_demand(text: str, plan: Plan) -> Demand:
    """Reads PLATFORM:WHAT, the value of --require.

    Raises:
      UsageError: it is not of that form, or names no platform of the plan.
    """
    platform, _, what = text.partition(":")
    if what not in _WHATS:
        raise UsageError(
            f"--require {text}: write PLATFORM:WHAT, such as linux_aarch64:run; WHAT is one of "
            + ", ".join(_WHATS)
        )
    known = [known.name for known in plan.platforms]
    if platform not in known:
        raise UsageError(
            f"--require {text}: the plan has no platform {platform}, but {', '.join(known)}"
        )
    return Demand(platform, what)


def print_plan(release: ReleaseDirectory, wishes: ExaminationOptions, output: Path) -> None:
    """Says what would be done."""
    own = own_platform(release.plan.platforms)
    size = sum(path.stat().st_size for path in release.files) / _MIB
    print(f"would inspect {len(release.files)} files ({size:.1f} MiB) of {release.plan.version}")
    for platform in release.plan.platforms if wishes.run else ():
        if not wishes.emulate and platform.name != own:
            continue
        pythons = {cell.python for cell in release.plan.cells if cell.platform == platform.name}
        print(f"would run {platform.name}, {len(pythons)} Pythons and the dist, where it can")
    print(f"would write {output}/verdicts.json, junit.xml" + _and_manifest(release))


def write(verdicts: Verdicts, release: ReleaseDirectory, output: Path) -> None:
    """Writes verdicts.json, junit.xml and, of a release that has one, manifest.json.

    Raises:
      OSError: the directory cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    replace(output / "verdicts.json", dumps(verdicts.to_json()))
    replace(output / "junit.xml", junit.render(verdicts))
    if release.manifest_json is not None:
        replace(output / "manifest.json", dumps(verdicts.into_manifest(release.manifest_json)))


def _and_manifest(release: ReleaseDirectory) -> str:
    return " and manifest.json" if release.manifest_json is not None else ""


if __name__ == "__main__":
    app(prog_name="validate")
