"""The command `verify_published`: installs a release from the registry as users do, and tests it.

    bazel run //release:verify_published -- --index URL

Exit codes: 0 passed, 1 failed or not tested, 2 bad usage, 75 the registry cannot be reached.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.model import release_dir, wheelhouse
from release.model.errors import UsageError
from release.model.wheelhouse import NAME
from release.registry import verification
from release.registry.address import open_registry
from release.turbine import smoke_test

app = command.new()


@app.command()
@command.main
def verify_published(
    index: command.IndexOption = None,
    registry: command.RegistryOption = None,
    pushed_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Wheelhouse that was pushed; only its wheelhouse.json is read [default: "
            "wheelhouse/ of this checkout]",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X.Y", help="Python to test on; repeatable [default: all of the wheelhouse]"
        ),
    ] = None,
    suite: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="pytest file or directory [default: the built-in suite]"),
    ] = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Check the registry against what was pushed, install it by name, and run the tests."""
    tests = release_dir.where(suite) if suite else smoke_test.SUITE
    if not tests.exists():
        raise UsageError(f"--suite {suite}: no such file or directory exists")
    directory = (
        release_dir.where(pushed_at) if pushed_at else release_dir.workspace() / "wheelhouse"
    )
    if not (directory / NAME).exists():
        raise UsageError(f"{directory / NAME} does not exist; pass --from DIR")
    pushed = wheelhouse.read(directory / NAME)
    locks = verification.locks_of(pushed, python or ())
    target = open_registry(index, registry)
    name = f"iree-turbine {pushed.version}"
    if dry_run:
        print(f"would check {len(pushed.of_role('turbine', 'core'))} digests on {target.host}")
        print(f"would install {name} from {target.index} and test it")
        return
    verified = verification.verify_release(target, pushed, locks, tests, Console(stderr=True))
    if as_json:
        result = {
            "version": pushed.version,
            "registry": target.host,
            "wheels": verified.wheels,
            "outcomes": [asdict(one) for one in verified.outcomes],
        }
        print(json.dumps(result, indent=2))
    smoke_test.require_pass(name, verified.outcomes)
    if not as_json:
        print(f"{name} on {target.host} matches what was pushed, and passes the tests")


if __name__ == "__main__":
    app(prog_name="verify_published")
