"""`bazel run //packaging/payload:update -- --version X`: rewrites the lock files.

For each platform and Python of the matrix, pip is asked which wheel it would take; nothing is
downloaded but metadata. The locks, and the table by which Starlark knows what they pin, are
replaced together once everything is resolved.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import typer
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from platforms import data
from toolchains import child_python
from toolchains.wheels.lock import Pin, render

COMMAND = "bazel run //packaging/payload:update"
_ANY = "any"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class UpdateError(Exception):
    """The locks cannot be rewritten; the message is one sentence for the user."""

    def __init__(self, message: str, code: int) -> None:
        """Keeps the message and the exit code it calls for."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Project:
    """An upstream project that payload is taken from."""

    project: str
    """Its name on the registry."""
    lockstep: bool
    """Whether its version is the one that is asked for, or else the newest."""


@dataclass(frozen=True, slots=True, order=True)
class Lock:
    """Which lock file a wheel goes into."""

    platform: str
    """Name of the platform, or any."""
    python_tag: str
    abi_tag: str

    @property
    def filename(self) -> str:
        """The lock's file name."""
        return f"{self.platform}-{self.python_tag}-{self.abi_tag}.txt"


def resolve(
    projects: Iterable[Project], platform: data.Platform, python: str, version: str
) -> dict[Lock, list[Pin]]:
    """Asks pip which wheels serve a platform and Python.

    Raises:
      UpdateError: pip finds none, or cannot reach the registry.
    """
    pins: dict[Lock, list[Pin]] = {}
    wanted = [f"{p.project}=={version}" if p.lockstep else p.project for p in projects]
    for item in _report(wanted, platform, python):
        info = item["download_info"]
        filename = PurePosixPath(unquote(urlsplit(info["url"]).path)).name
        tag = _tag(parse_wheel_filename(filename)[3])
        where = _ANY if tag.platform == "any" else platform.name
        pin = Pin(
            project=item["metadata"]["name"],
            version=item["metadata"]["version"],
            sha256=info["archive_info"]["hashes"]["sha256"],
        )
        pins.setdefault(Lock(where, tag.interpreter, tag.abi), []).append(pin)
    return pins


def locked_table(locks: Mapping[Lock, Iterable[Pin]]) -> str:
    """locks.bzl: what the locks pin, for Starlark."""
    table: dict[str, dict[str, dict[str, str]]] = {}
    for lock, pins in sorted(locks.items()):
        tags = f"{lock.python_tag}-{lock.abi_tag}"
        ordered = sorted(pins, key=lambda pin: pin.project)
        table.setdefault(lock.platform, {})[tags] = {pin.project: pin.version for pin in ordered}
    lines = [f'"""What the lock files pin. Written by: {COMMAND}"""', "", "LOCKED = {"]
    for platform, by_tags in table.items():
        lines.append(f'    "{platform}": {{')
        for tags, versions in by_tags.items():
            lines.append(f'        "{tags}": {{')
            lines += [f'            "{name}": "{value}",' for name, value in versions.items()]
            lines.append("        },")
        lines.append("    },")
    return "\n".join([*lines, "}"]) + "\n"


def write(locks: Mapping[Lock, Iterable[Pin]], directory: Path) -> None:
    """Replaces the lock files in `directory`, and takes away those that are no longer needed."""
    contents = {
        lock.filename: render(
            pins,
            [
                f"Pinned payload for {lock.platform}, tags {lock.python_tag}-{lock.abi_tag}.",
                f"Written by: {COMMAND}",
            ],
        )
        for lock, pins in locks.items()
    }
    contents["locks.bzl"] = locked_table(locks)
    for name, content in contents.items():
        aside = directory / f".{name}.new"
        with aside.open("w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for name in contents:
        (directory / f".{name}.new").rename(directory / name)
    for stale in sorted(directory.glob("*.txt")):
        if stale.name not in contents:
            stale.unlink()


def _tag(tags: Iterable[Tag]) -> Tag:
    """The tag that names the lock: any of a wheel's, which differ in the platform only."""
    return min(tags, key=str)


def _report(wanted: Sequence[str], platform: data.Platform, python: str) -> list[dict[str, Any]]:
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps"),
        *("--quiet", "--report", "-", "--target", "unused", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python, "--abi", "abi3", "--abi", "none"),
        *("--abi", f"cp{python.replace('.', '')}"),
    ]
    for tag in platform.wheel_tags:
        command += ["--platform", tag]
    done = subprocess.run(
        [*command, *wanted],
        capture_output=True,
        text=True,
        check=False,
        env=child_python.environment(),
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        cause = lines[-1].removeprefix("ERROR: ") if lines else "pip failed without saying why"
        raise UpdateError(
            f"{' '.join(wanted)} for {platform.name}, Python {python}: {cause}; the locks are as "
            "they were",
            75 if "Retrying" in done.stderr else 1,
        )
    install: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return install


def _merge(locks: dict[Lock, dict[str, Pin]], found: Mapping[Lock, Iterable[Pin]]) -> None:
    for lock, pins in found.items():
        for pin in pins:
            known = locks.setdefault(lock, {}).setdefault(pin.project, pin)
            if known != pin:
                raise UpdateError(
                    f"{lock.filename}: {pin.project} would be both {known.version} and "
                    f"{pin.version}; name the version that serves every Python",
                    1,
                )


@app.command()
def main(
    version: Annotated[str, typer.Option(help="Version of iree-base-compiler and -runtime.")],
) -> None:
    """Pins the payload of every platform and Python of the matrix."""
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    try:
        if workspace is None:
            raise UpdateError(f"run this as: {COMMAND} -- --version X", 2)
        try:
            Version(version)
        except InvalidVersion:
            raise UpdateError(f"--version {version}: not a version (PEP 440)", 2) from None
        known = data.load()
        named = json.loads(resources.files("payload").joinpath("projects.json").read_text())
        projects = [Project(**project) for project in named]
        locks: dict[Lock, dict[str, Pin]] = {}
        for platform in known.platforms:
            for python in known.matrix.get(platform.name, ()):
                print(f"{platform.name}, Python {python}", file=sys.stderr)
                _merge(locks, resolve(projects, platform, python, version))
        directory = Path(workspace, "packaging/payload/locks")
        write({lock: list(pins.values()) for lock, pins in locks.items()}, directory)
    except UpdateError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(error.code) from None
    for lock, pins in sorted(locks.items()):
        print(f"{lock.filename}: {', '.join(f'{p.project} {p.version}' for p in pins.values())}")


if __name__ == "__main__":
    app()
