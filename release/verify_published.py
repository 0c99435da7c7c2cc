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

from release import folder, program
from release.errors import Refused, UsageError
from release.gate.trial.candidate import own_platform
from release.gate.trial.equipment import Equipment
from release.registry import verification
from release.registry.registry import Registry
from release.registry.verification import Verification
from release.wheelhouse import statement, trial
from release.wheelhouse.statement import NAME
from release.wheelhouse.tools import Tools

app = program.new()


@app.command()
@program.verb
def verify_published(
    index: Annotated[
        str | None, typer.Option(metavar="URL", help="The registry's simple index.")
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where twine uploads to, if the index is below that."),
    ] = None,
    stated_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
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
    dry_run: program.DryRunOption = False,
    as_json: program.JsonOption = False,
) -> None:
    """Holds the registry against what was pushed, installs it by name, and runs the tests."""
    chosen = folder.where(suite) if suite else trial.SUITE
    if not chosen.exists():
        raise UsageError(f"--suite {suite}: there is no such file or folder")
    place = folder.where(stated_at) if stated_at else folder.workspace() / "wheelhouse"
    stated = statement.read(place / NAME)
    locks = [one for one in stated.locks if not python or one.python in python]
    if not locks:
        raise UsageError(f"{place}: it was gathered for no Python {' or '.join(python or ())}")
    target = Registry.open(index, registry)
    if dry_run:
        print(f"would hold {target.host} against {len(stated.of_role('turbine', 'core'))} digests")
        print(f"would install iree-turbine {stated.version} from {target.index}, and try it")
        return
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, style="dim", highlight=False, markup=False, soft_wrap=True)

    count = verification.check_digests(target, stated)
    say(f"{target.host} has all {count} wheels as they were pushed")
    made = Verification(
        target, stated, chosen, Equipment.from_environment(), Tools.from_environment(), say
    )
    own = own_platform(stated.platforms)
    outcomes = []
    for lock in locks:
        if lock.platform != own:
            continue
        with console.status(f"installing it on Python {lock.python}"):
            outcomes.append(verification.verify(made, lock))
        told = outcomes[-1]
        console.print(
            f"{told.status}: {told.platform} Python {told.python}: {told.detail}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    failed = [one for one in outcomes if one.status == "failed"]
    if as_json:
        told_json = {"version": stated.version, "registry": target.host, "wheels": count}
        print(json.dumps(told_json | {"outcomes": [asdict(one) for one in outcomes]}, indent=2))
    if failed:
        raise Refused(
            f"iree-turbine {stated.version} on Python {failed[0].python}: {failed[0].detail}"
        )
    if not any(one.status == "passed" for one in outcomes):
        raise Refused(f"iree-turbine {stated.version} was not tried on any Python here")
    if not as_json:
        print(f"iree-turbine {stated.version} is on {target.host} as it was pushed, and works")


if __name__ == "__main__":
    app(prog_name="verify_published")
