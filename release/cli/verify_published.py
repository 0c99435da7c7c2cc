"""The verb `verify_published`: installs a release from the registry, as a user does, and tries it.

    bazel run //release:verify_published -- --index URL

Exit codes: 0 right, 1 wrong, or nothing was tried, 2 bad usage, 75 the registry cannot be reached.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.gate.smoke import supplier
from release.model import release_dir, terminal, wheelhouse
from release.model.errors import UsageError
from release.model.wheelhouse import NAME
from release.registry import verification
from release.registry.address import open_registry
from release.registry.verification import Verification
from release.turbine import smoke_test
from release.turbine.tools import Tools

app = command.new()


@app.command()
@command.main
def verify_published(
    index: command.IndexOption = None,
    registry: command.RegistryOption = None,
    stated_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="The wheelhouse that was pushed, of which only wheelhouse.json is read; "
            "wheelhouse/ of this checkout when left out.",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(metavar="X.Y", help="Only on this Python; may be given again."),
    ] = None,
    suite: Annotated[
        Path | None, typer.Option(metavar="PATH", help="pytest's, instead of our own.")
    ] = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Holds the registry against what was pushed, installs it by name, and runs the tests."""
    chosen = release_dir.where(suite) if suite else smoke_test.SUITE
    if not chosen.exists():
        raise UsageError(f"--suite {suite}: there is no such file or directory")
    place = release_dir.where(stated_at) if stated_at else release_dir.workspace() / "wheelhouse"
    if not (place / NAME).exists():
        raise UsageError(f"{place / NAME} is not there; name what was pushed with --from DIR")
    stated = wheelhouse.read(place / NAME)
    locks = [one for one in stated.locks if not python or one.python in python]
    if not locks:
        raise UsageError(f"{place}: it was gathered for no Python {' or '.join(python or ())}")
    target = open_registry(index, registry)
    if dry_run:
        print(f"would hold {target.host} against {len(stated.of_role('turbine', 'core'))} digests")
        print(f"would install iree-turbine {stated.version} from {target.index}, and try it")
        return
    console = Console(stderr=True)

    def say(line: str) -> None:
        terminal.say(console, line, "dim")

    count = verification.check_digests(target, stated)
    say(f"{target.host} has all {count} wheels as they were pushed")
    equipment = supplier.from_environment(say)
    made = Verification(target, stated, chosen, equipment, Tools.from_environment(), say)
    outcomes = smoke_test.on_each(
        stated, locks, console, lambda lock: verification.verify(made, lock)
    )
    if as_json:
        told = {"version": stated.version, "registry": target.host, "wheels": count}
        print(json.dumps(told | {"outcomes": [asdict(one) for one in outcomes]}, indent=2))
    smoke_test.decide(f"iree-turbine {stated.version}", outcomes)
    if not as_json:
        print(f"iree-turbine {stated.version} is on {target.host} as it was pushed, and works")


if __name__ == "__main__":
    app(prog_name="verify_published")
