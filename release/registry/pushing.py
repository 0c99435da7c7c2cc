"""Pushing as a verb does it: gathered, looked at, confirmed, sent."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from release.hosting.store import Store
from release.model import terminal
from release.model.errors import Refused, UsageError
from release.registry import projects, push, wheels
from release.registry.address import open_registry
from release.registry.file import Placed
from release.registry.push import Push
from release.registry.wheels import OutgoingWheel

if TYPE_CHECKING:
    from release.registry.registry import Registry

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What a user wants."""

    registry: str
    """URL that files are sent to."""
    index: str | None
    """URL of its simple index."""
    yes: bool
    """Whether it was said that it may be sent, without asking."""
    dry_run: bool
    as_json: bool


def run(
    wishes: PushOptions,
    *,
    directory: Path | None,
    store: Store | None,
    tag: str | None,
    console: Console,
) -> None:
    """Pushes the wheels of a directory, or of a release in a store.

    Raises:
      UsageError: neither is named, or both.
      Refused: something may not go.
      RemoteError: the registry or the store failed; a rerun goes on.
    """
    registry = open_registry(wishes.index, wishes.registry)
    with tempfile.TemporaryDirectory(prefix="iree-push-") as scratch:
        if directory is not None and store is None:
            gathered = wheels.of_directory(directory)
        elif store is not None and tag is not None and directory is None:
            gathered = wheels.of_release(store, tag, Path(scratch))
        else:
            raise UsageError(
                "--registry takes the wheels of a directory (--from DIR, such as wheelhouse/), or "
                "of a release (--store STORE --tag TAG)"
            )
        prepared = push.prepare(registry, gathered.wheels, projects.read())
        for project, newest in prepared.overshadowed.items():
            terminal.say(
                console,
                f"whoever names no version of {project} goes on to get {newest}, which is on "
                f"{registry.host} and newer",
                "yellow",
            )
        if wishes.dry_run:
            for wheel in prepared.wheels:
                what = "have" if wheel.name in prepared.present else "would upload"
                print(f"{what} {_shown(wheel)}")
            return
        _confirm(registry, prepared, wishes.yes)

        with console.status("uploading") as status:

            def file(wheel: OutgoingWheel) -> Path:
                status.update(f"uploading {_shown(wheel)}")
                return gathered.file(wheel)

            def tell(wheel: OutgoingWheel, placed: Placed) -> None:
                terminal.say(console, f"{placed} {_shown(wheel)}", "dim")

            placed = push.push(registry, prepared, file, tell)
    if wishes.as_json:
        print(json.dumps({"registry": registry.host, "placed": placed}, indent=2))
        return
    counts = Counter(placed.values())
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    print(f"{len(placed)} wheels are on {registry.host}: {told}")


def _confirm(registry: Registry, prepared: Push, yes: bool) -> None:
    """Asks a person before anything leaves this machine, since nothing can be taken back.

    Raises:
      UsageError: nobody can be asked.
      Refused: the person does not want it.
    """
    missing = prepared.missing
    if yes or registry.local or not missing:
        return
    versions = sorted({wheel.version for wheel in missing})
    if not attended():
        raise UsageError(
            f"{registry.host} is not this machine, and what is uploaded there stays for ever: "
            "confirm it with --yes"
        )
    size = sum(wheel.size for wheel in missing) / _MIB
    names = ", ".join(dict.fromkeys(f"{one.project} {one.version}" for one in missing))
    print(f"{len(missing)} wheels ({size:.1f} MiB) go to {registry.host} for ever: {names}.")
    if input(f"Type {versions[-1]} to upload them: ").strip() != versions[-1]:
        raise Refused("nothing was uploaded")


def _shown(wheel: OutgoingWheel) -> str:
    return f"{wheel.name} ({wheel.size / _MIB:.1f} MiB)"


def attended() -> bool:
    """Whether there is a person who can be asked."""
    return sys.stdin.isatty()
