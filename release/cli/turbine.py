"""The command `turbine`: releases the companion of a product with all that it requires.

    bazel run //release:turbine -- --core-version 3.14.0
    bazel run //release:turbine -- --core-version 3.14.0 --core-pre-version rcYYYYMMDD --test

Exit codes: 0 done, 1 refused or a test failed, 2 bad usage, 75 a remote failed; rerun to continue.
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
from release.turbine import naming, smoke_test
from release.turbine import turbine as turbines
from release.turbine.companion import companion_of
from release.turbine.smoke_test import SuiteOutcome
from release.turbine.turbine import TurbinePlan, TurbineRelease, TurbineRequest

app = command.new()


@app.command()
@command.main
def turbine(
    core_version: Annotated[
        str, typer.Option(metavar="X.Y.Z", help="Version of the product to name the release after")
    ],
    core_pre_version: Annotated[
        str,
        typer.Option(
            metavar="PRE",
            help="Pre-release suffix: rcYYYYMMDD or devYYYYMMDD; a literal YYYYMMDD becomes the "
            "current day, UTC",
        ),
    ] = "",
    core_post_version: Annotated[
        str, typer.Option(metavar="N", help="Number of a post-release")
    ] = "",
    core_release: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="Release of the product to ship with [default: vX.Y.Z]"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Store of that release: directory:PATH or github:OWNER/REPO [default: the "
            "directory store/ of this checkout]",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Checkout or wheel of the companion [default: the pinned wheel]",
        ),
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Platform to fetch dependencies for; repeatable [default: this machine's]",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X.Y",
            help="Python to fetch dependencies for; repeatable [default: all of the platform]",
        ),
    ] = None,
    wheelhouse: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Directory to fill [default: wheelhouse/ of this checkout]"
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option(help="Fetch the wheels of the product and of the dependencies")
    ] = True,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove the wheels of another release first")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Install the release in a new environment and test it")
    ] = False,
    suite: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="pytest file or directory for --test [default: the built-in suite]"
        ),
    ] = None,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Make the wheels of the companion of a product, and fill a wheelhouse with them."""
    version = naming.turbine_version(
        core_version,
        pre=core_pre_version,
        post=core_post_version,
        today=command.now(today).date(),
    )
    own = command.product_of(product).product
    companion_of(own)
    tests = smoke_test.suite_at(suite) if test or suite else None
    target = command.store_of(own, store, api=github_api)
    plan = turbines.plan(
        TurbineRequest(
            product=own,
            version=version,
            store=target,
            core_release=core_release or f"v{core_version}",
            wheelhouse=release_dir.where(wheelhouse)
            if wheelhouse
            else release_dir.workspace() / "wheelhouse",
            source=release_dir.where(source) if source else None,
            platforms=platform or (),
            pythons=python or (),
            download=download,
            clean=clean,
        )
    )
    if dry_run:
        show_plan(plan)
        return
    console = Console(stderr=True)
    release = turbines.make(plan, lambda line: terminal.say(console, line, "dim"))
    outcomes = turbines.test(release, tests, console) if test and tests else []
    show(release, outcomes, complete=download, as_json=as_json)
    if test:
        smoke_test.require_pass(release.name, outcomes)


def show_plan(plan: TurbinePlan) -> None:
    """Prints what would be done."""
    version, core = plan.request.version, plan.core
    companion = companion_of(plan.request.product)
    made = (f"{name} {version}" for name in (companion.name, *companion.transitional))
    print(f"would make {' and '.join(made)}")
    print(f"would ship with {' and '.join(companion.core)} {core.version} of {core.tag}")
    for artifact in core.wheels:
        print(f"would add {artifact.filename}")
    for lock in plan.locks:
        print(f"would fetch {len(lock.wheels)} wheels for {lock.platform} {lock.python}")
    print(f"would fill {plan.request.wheelhouse}")


def show(
    release: TurbineRelease, outcomes: Sequence[SuiteOutcome], *, complete: bool, as_json: bool
) -> None:
    """Prints the result."""
    wheelhouse, title = release.wheelhouse, release.product.title
    if as_json:
        result = {
            "version": wheelhouse.version,
            "core": wheelhouse.core,
            "wheelhouse": str(release.directory),
            "wheels": release.wheels,
            "outcomes": [asdict(one) for one in outcomes],
        }
        print(json.dumps(result, indent=2))
        return
    for one in outcomes:
        for line in one.frozen:
            print(line)
    print(
        f"{release.name} with {title} {wheelhouse.core} is in {release.directory}: "
        f"{release.wheels} wheels" + ("" if complete else f", without {title} and dependencies")
    )


if __name__ == "__main__":
    app(prog_name="turbine")
