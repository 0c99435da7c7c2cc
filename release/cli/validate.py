"""The command `validate`: checks a release against its plan, and runs it.

    bazel run //release:validate -- bazel-bin/products/NAME

Exit codes: 0 the release passes, 1 it fails, 2 bad usage, 75 the store cannot be reached.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.gate import examination, grid, required_runs
from release.gate import output as output_files
from release.gate.examination import ExaminationOptions
from release.gate.sizes import SizeLimits
from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.host import host_platform
from release.hosting import catalogue
from release.model import manifest
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.plan import Plan
from release.model.release_dir import ReleaseDirectory, where
from release.model.release_dir import read as read_directory
from release.model.text import MIB, mib

app = command.new()


@app.command()
@command.main
def validate(
    release_at: Annotated[
        str,
        typer.Argument(
            metavar="DIR",
            help="Directory of the release, also as directory:PATH: the output of the build, or "
            "all files in one directory",
        ),
    ],
    plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Plan of the release [default: plan.json in DIR]"),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="manifest.json of the previous release, for the growth of files and for how long "
            "a platform has been missing",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Use the previous release in this store instead of --previous: directory:PATH or "
            "github:OWNER/REPO",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Directory for verdicts.json, junit.xml and manifest.json"
        ),
    ] = Path("verdicts"),
    run: Annotated[
        bool, typer.Option(help="Install and run the files that pass inspection")
    ] = True,
    emulate: Annotated[
        bool, typer.Option(help="Also run platforms that this machine can only emulate")
    ] = True,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLATFORM:WHAT",
            help="Fail unless this was run, such as linux_aarch64:run; WHAT is run, python, tools, "
            "dist or container; repeatable",
        ),
    ] = None,
    container: Annotated[
        bool,
        typer.Option(
            "--container", help="Fail unless this machine's platform was run in a clean container"
        ),
    ] = False,
    container_image: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="Image of the clean container [default: build one from Debian]"
        ),
    ] = None,
    container_rootfs: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Root file system to build that image from"),
    ] = None,
    registry_limit: Annotated[
        int | None,
        typer.Option(
            metavar="MIB",
            min=1,
            help="Maximum size of a wheel on the registry [default: "
            "publish.registry_file_limit_mib of the product]",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Inspection processes [default: one per processor]"),
    ] = None,
    today: command.DateOption = None,
    product: command.ReleaseProductOption = None,
    github_api: command.GithubApiOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the content of verdicts.json")
    ] = False,
    dry_run: command.DryRunOption = False,
) -> None:
    """Check a release against its plan, run it, and report a verdict for each file."""
    release = read_directory(parse_directory(release_at), where(plan) if plan else None)
    declared = command.product_of_plan(release.plan, product)
    limit = registry_limit or release.plan.product.settings.publish.registry_file_limit_mib
    rootfs = where(container_rootfs) if container_rootfs else None
    options = ExaminationOptions(
        product=declared,
        run=run,
        emulate=emulate,
        required_runs=required_runs.parse_all(require or (), release.plan, container=container),
        limits=SizeLimits(wheel=limit * MIB),
        container_base=ContainerBase(container_image, rootfs),
        jobs=jobs,
    )
    before = find_previous(previous, store, release.plan, github_api)
    if dry_run:
        show_plan(release, options, where(output))
        return
    verdicts = examination.examine(
        release,
        options,
        previous=before,
        day=command.now(today).date(),
        console=Console(stderr=True),
    )
    output_files.write(verdicts, release, where(output))
    if as_json:
        print(json.dumps(verdicts.to_json(), indent=2))
    else:
        grid.show(verdicts, Console())
        print(f"Wrote {output}/verdicts.json, junit.xml" + _and_manifest(release))
    raise typer.Exit(0 if verdicts.right else 1)


def find_previous(
    file: Path | None, store: str | None, plan: Plan, api: str | None
) -> Manifest | None:
    """The manifest of the previous release: a file, or the newest in a store; None if neither is
    given.

    Raises:
      UsageError: both are given, or one is invalid.
      Refused: the store belongs to another product.
      RemoteError: the store cannot be read now.
    """
    if file and store:
        raise UsageError("--previous and --store exclude each other; pass only one")
    if file:
        return manifest.read(where(file))
    if store:
        source = command.store_of(plan.product, store, api=api)
        before = catalogue.previous(source, plan.version)
        return before[1] if before else None
    return None


def parse_directory(text: str) -> Path:
    """Parses DIR or directory:DIR.

    Raises:
      UsageError: it is the address of another kind of store.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind != "directory":
        raise UsageError(
            f"{text}: `validate` reads a directory; download the release and pass its directory"
        )
    return where(Path(rest if colon else text))


def show_plan(release: ReleaseDirectory, options: ExaminationOptions, output: Path) -> None:
    """Prints what would be done."""
    host = host_platform(release.plan.platforms)
    size = sum(path.stat().st_size for path in release.files)
    print(f"would inspect {len(release.files)} files ({mib(size)}) of {release.plan.version}")
    for platform in release.plan.platforms if options.run else ():
        if not options.emulate and platform.name != host:
            continue
        pythons = {cell.python for cell in release.plan.cells if cell.platform == platform.name}
        print(f"would run {platform.name}, {len(pythons)} Pythons and the dist, where possible")
    print(f"would write {output}/verdicts.json, junit.xml" + _and_manifest(release))


def _and_manifest(release: ReleaseDirectory) -> str:
    return " and manifest.json" if release.manifest is not None else ""


if __name__ == "__main__":
    app(prog_name="validate")
