"""The verb `turbine`: makes a release of iree-turbine, and gathers all that it needs.

    bazel run //release:turbine -- --core-version 3.14.0
    bazel run //release:turbine -- --core-version 3.14.0 --core-pre-version rcYYYYMMDD --test

Exit codes: 0 done, 1 refused or a test failed, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from packaging.utils import canonicalize_name, parse_wheel_filename
from rich.console import Console

from release.cli import command
from release.gate.smoke import supplier
from release.gate.smoke.candidate import own_platform
from release.hosting import address
from release.model import release_dir, terminal
from release.model.errors import Refused, UsageError
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel
from release.turbine import core as cores
from release.turbine import filling, naming, smoke_test, tools
from release.turbine.core import Core
from release.turbine.filling import Filling
from release.turbine.smoke_test import SuiteOutcome
from release.turbine.tools import Tools
from toolchains import child_python

app = command.new()


@app.command()
@command.main
def turbine(
    core_version: Annotated[
        str,
        typer.Option(metavar="X.Y.Z", help="The version of IREE that it is named after."),
    ],
    core_pre_version: Annotated[
        str,
        typer.Option(metavar="PRE", help="rcYYYYMMDD or devYYYYMMDD; YYYYMMDD becomes today, UTC."),
    ] = "",
    core_post_version: Annotated[
        str, typer.Option(metavar="N", help="The number of a post-release.")
    ] = "",
    core_release: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="The release of IREE in it; vX.Y.Z when left out."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Where that release is: directory:PATH or github:OWNER/REPO; the directory store/ "
            "of this checkout when left out.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="A checkout or a wheel of iree-turbine, instead of the pinned wheel.",
        ),
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Gather what is required on it; may be given again; this machine's if left out.",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(metavar="X.Y", help="Only for this Python; may be given again."),
    ] = None,
    wheelhouse: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where all of it goes; wheelhouse/ of this checkout if left out."
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option(help="Whether wheels of IREE and of others are fetched.")
    ] = True,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove the wheels of another release first.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Install it in a fresh environment, and try it.")
    ] = False,
    suite: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="pytest's, for --test, instead of our own."),
    ] = None,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Makes the wheels of iree-turbine and shark-turbine, and fills a wheelhouse with them."""
    version = naming.turbine_version(
        core_version,
        pre=core_pre_version,
        post=core_post_version,
        today=command.now(today).date(),
    )
    if suite is not None and not release_dir.where(suite).exists():
        raise UsageError(f"--suite {suite}: there is no such file or directory")
    console = Console(stderr=True)
    at_hand = Tools.from_environment()
    workspace = release_dir.workspace()
    target = address.open_own(store, api=github_api)
    core = cores.read(target, core_release or f"v{core_version}")
    own = own_platform(core.plan.platforms)
    locks = _locks(at_hand, core, platform or [own or core.plan.platforms[0].name], python)
    place = release_dir.where(wheelhouse) if wheelhouse else workspace / "wheelhouse"
    if dry_run:
        print(f"would make iree-turbine {version} and shark-turbine {version}")
        print(f"would ship with iree-compiler and iree-runtime {core.version} of {core.tag}")
        for artifact in core.wheels:
            print(f"would take {artifact.filename}")
        for lock in locks:
            print(f"would fetch {len(lock.wheels)} wheels for {lock.platform} {lock.python}")
        print(f"would fill {place}")
        return

    def say(line: str) -> None:
        terminal.say(console, line, "dim")

    with tempfile.TemporaryDirectory(prefix="iree-turbine-") as scratch:
        made, origin = _make(at_hand, source, version, core, Path(scratch))
        wanted = Wheelhouse(
            version=version,
            core=core.version,
            core_from=f"{target.address} {core.tag}",
            commit=core.commit,
            source=origin,
            wheels=tuple(_wheels(made, core, locks, at_hand)),
            platforms=tuple(
                core.plan.platform(one) for one in dict.fromkeys(lock.platform for lock in locks)
            ),
            locks=locks,
        )
        filling.check(place, wanted, clean=clean)
        count = filling.fill(
            Filling(place, wanted, made, target, core, at_hand, download=download, say=say)
        )
    outcomes = _try(place, wanted, suite, console) if test else []
    if as_json:
        told = {
            "version": version,
            "core": core.version,
            "wheelhouse": str(place),
            "wheels": count,
            "outcomes": [asdict(one) for one in outcomes],
        }
        print(json.dumps(told, indent=2))
    else:
        for one in outcomes:
            for line in one.frozen:
                print(line)
        print(
            f"iree-turbine {version} with IREE {core.version} is in {place}: {count} wheels"
            + ("" if download else ", without those of others")
        )
    if test:
        smoke_test.decide(f"iree-turbine {version}", outcomes)


def _locks(
    at_hand: Tools, core: Core, platforms: list[str], pythons: list[str] | None
) -> tuple[Lock, ...]:
    """The locks of what is required, for the platforms and Pythons asked for.

    Raises:
      UsageError: there is none for one of them.
    """
    found = []
    for platform in platforms:
        own = sorted(
            {cell.python for cell in core.plan.cells if cell.platform == platform},
            key=lambda python: int(python.split(".")[1]),
        )
        for python in pythons or own:
            lock = at_hand.locks.get((platform, python))
            if lock is None or python not in own:
                known = sorted({name for name, _ in at_hand.locks})
                raise UsageError(
                    f"--platform {platform} --python {python}: nothing is locked for it; there are "
                    f"locks for {', '.join(known)}, and Pythons of the release"
                )
            pins = tools.pins(lock)
            found.append(Lock(platform, python, tuple(pin.sha256 for pin in pins)))
        if not (pythons or own):
            raise UsageError(f"--platform {platform}: {core.tag} has no such platform")
    return tuple(found)


def _make(
    at_hand: Tools, source: Path | None, version: str, core: Core, scratch: Path
) -> tuple[Path, str]:
    """Makes the two wheels; returns their directory, and what they were made of."""
    origin = scratch / "source"
    if source is None:
        wheel = at_hand.fetch_source(origin)
        told = f"pinned wheel {wheel.name}"
    elif (path := release_dir.where(source)).is_dir():
        wheel = _build(path, origin)
        told = f"checkout {path.absolute()}"
    else:
        wheel = path
        told = f"wheel {wheel.name}"
        if not wheel.is_file():
            raise UsageError(f"--source {source}: there is no such checkout or wheel")
    made = scratch / "made"
    made.mkdir()
    at_hand.make(wheel, version, core.version, made)
    return made, told


def _build(checkout: Path, output: Path) -> Path:
    """Builds the wheel of a checkout of iree-turbine; the host's pip does it."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-input"),
            *("--disable-pip-version-check", "--wheel-dir", output, checkout.absolute()),
        ],
        env=child_python.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wheels = list(output.glob("*.whl")) if output.exists() else []
    if ended.returncode or len(wheels) != 1:
        said = re.findall(r"^ *(?:ERROR: |error: )(.+)$", ended.stderr, re.MULTILINE)
        why = said[-1] if said else "it says nothing"
        raise Refused(f"{checkout}: pip makes no wheel of it ({why})")
    return wheels[0]


def _wheels(
    made: Path, core: Core, locks: tuple[Lock, ...], at_hand: Tools
) -> Iterator[WheelhouseWheel]:
    """What the wheelhouse shall hold, each wheel once."""
    for path in sorted(made.iterdir()):
        project, own, *_ = parse_wheel_filename(path.name)
        yield WheelhouseWheel(project, str(own), release_dir.sha256(path), "turbine", path.name)
    for artifact in core.wheels:
        assert artifact.package, "it is a wheel"
        yield WheelhouseWheel(
            artifact.package, core.version, artifact.sha256, "core", artifact.filename
        )
    pins = {
        pin.sha256: pin
        for lock in locks
        for pin in tools.pins(at_hand.locks[lock.platform, lock.python])
    }
    for pin in pins.values():
        yield WheelhouseWheel(canonicalize_name(pin.project), pin.version, pin.sha256, "dependency")


def _try(
    place: Path, stated: Wheelhouse, suite: Path | None, console: Console
) -> list[SuiteOutcome]:
    """Tries it on each Python that it was gathered for."""
    filling.verify(place)
    equipment = supplier.from_environment(lambda line: terminal.say(console, line, "dim"))
    chosen = release_dir.where(suite) if suite else smoke_test.SUITE

    def trying(lock: Lock) -> SuiteOutcome:
        return smoke_test.try_wheelhouse(place, stated, lock, chosen, equipment)

    return smoke_test.on_each(stated, stated.locks, console, trying)


if __name__ == "__main__":
    app(prog_name="turbine")
