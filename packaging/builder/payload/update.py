"""Rewrites the lock files of a product's pinned wheels: `update --version X`.

For each platform and Python of the matrix, pip resolves the wheel to install; only metadata is
downloaded. When everything is resolved, the lock files are replaced together with locks.bzl, which
tells Starlark what they pin.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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

PROJECTS = "PROJECTS"
"""The environment variable with the path of a JSON list of projects: `project` and `lockstep`."""
LOCKS = "LOCKS"
"""The environment variable with the directory of the locks in the workspace."""
_ANY = "any"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class UpdateError(Exception):
    """The lock files cannot be updated; the message is one sentence for the user."""

    def __init__(self, message: str, code: int) -> None:
        """Stores the message and the exit code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Project:
    """An upstream project whose wheels are pinned."""

    project: str
    """Its name on the registry."""
    lockstep: bool
    """Whether to pin the requested version; otherwise the newest is pinned."""


@dataclass(frozen=True, slots=True, order=True)
class Lock:
    """A lock file: the wheels for one platform and pair of tags."""

    platform: str
    """Name of the platform, or "any"."""
    python_tag: str
    abi_tag: str

    @property
    def filename(self) -> str:
        """Name of the lock file."""
        return f"{self.platform}-{self.python_tag}-{self.abi_tag}.txt"


def resolve(
    projects: Iterable[Project], platform: data.Platform, python: str, version: str
) -> dict[Lock, list[Pin]]:
    """Resolves, with pip, the wheels for a platform and Python.

    Raises:
      UpdateError: pip finds no wheel, or cannot reach the registry.
    """
    pins: dict[Lock, list[Pin]] = {}
    requirements = [f"{p.project}=={version}" if p.lockstep else p.project for p in projects]
    for item in _report(requirements, platform, python):
        info = item["download_info"]
        filename = PurePosixPath(unquote(urlsplit(info["url"]).path)).name
        tag = _tag(parse_wheel_filename(filename)[3])
        name = _ANY if tag.platform == "any" else platform.name
        pin = Pin(
            project=item["metadata"]["name"],
            version=item["metadata"]["version"],
            sha256=info["archive_info"]["hashes"]["sha256"],
        )
        pins.setdefault(Lock(name, tag.interpreter, tag.abi), []).append(pin)
    return pins


def locked_table(locks: Mapping[Lock, Iterable[Pin]], command: str) -> str:
    """Returns locks.bzl: what the lock files pin, for Starlark."""
    table: dict[str, dict[str, dict[str, str]]] = {}
    for lock, pins in sorted(locks.items()):
        tags = f"{lock.python_tag}-{lock.abi_tag}"
        ordered = sorted(pins, key=lambda pin: pin.project)
        table.setdefault(lock.platform, {})[tags] = {pin.project: pin.version for pin in ordered}
    lines = [f'"""What the lock files pin. Written by: {command}"""', "", "LOCKED = {"]
    for platform, by_tags in table.items():
        lines.append(f'    "{platform}": {{')
        for tags, versions in by_tags.items():
            lines.append(f'        "{tags}": {{')
            lines += [f'            "{name}": "{value}",' for name, value in versions.items()]
            lines.append("        },")
        lines.append("    },")
    return "\n".join([*lines, "}"]) + "\n"


def write(locks: Mapping[Lock, Iterable[Pin]], directory: Path, command: str) -> None:
    """Replaces the lock files in `directory`, and removes those that are no longer needed."""
    contents = {
        lock.filename: render(
            pins,
            [
                f"Pinned payload for {lock.platform}, tags {lock.python_tag}-{lock.abi_tag}.",
                f"Written by: {command}",
            ],
        )
        for lock, pins in locks.items()
    }
    contents["locks.bzl"] = locked_table(locks, command)
    for name, content in contents.items():
        new = directory / f".{name}.new"
        with new.open("w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for name in contents:
        (directory / f".{name}.new").rename(directory / name)
    for stale in sorted(directory.glob("*.txt")):
        if stale.name not in contents:
            stale.unlink()


def _tag(tags: Iterable[Tag]) -> Tag:
    """Returns any of a wheel's tags, which differ only in the platform."""
    return min(tags, key=str)


def _report(
    requirements: Sequence[str], platform: data.Platform, python: str
) -> list[dict[str, Any]]:
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps"),
        *("--quiet", "--report", "-", "--target", "unused", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python, "--abi", "abi3", "--abi", "none"),
        *("--abi", f"cp{python.replace('.', '')}"),
    ]
    for tag in platform.wheel_tags:
        command += ["--platform", tag]
    done = subprocess.run(
        [*command, *requirements],
        capture_output=True,
        text=True,
        check=False,
        env=child_python.environment(),
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        cause = (
            lines[-1].removeprefix("ERROR: ") if lines else "pip failed without an error message"
        )
        raise UpdateError(
            f"{' '.join(requirements)} for {platform.name}, Python {python}: {cause}; the lock "
            "files are unchanged",
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
                    f"{lock.filename}: {pin.project} resolves to both {known.version} and "
                    f"{pin.version}; pass a version that serves every Python",
                    1,
                )


@app.command()
def main(
    version: Annotated[
        str, typer.Option(help="Version to pin, of the projects that are released together.")
    ],
) -> None:
    """Updates the pinned upstream wheels, for every platform and Python of the matrix."""
    workspace, place = (os.environ.get(name) for name in ("BUILD_WORKSPACE_DIRECTORY", LOCKS))
    try:
        if workspace is None or place is None:
            raise UpdateError("run this with `bazel run`, as the lock files say", 2)
        try:
            Version(version)
        except InvalidVersion:
            raise UpdateError(f"--version {version}: not a valid version (PEP 440)", 2) from None
        known = data.load()
        named = json.loads(Path(os.environ[PROJECTS]).read_text())
        projects = [Project(**project) for project in named]
        locks: dict[Lock, dict[str, Pin]] = {}
        for platform in known.platforms:
            for python in known.matrix.get(platform.name, ()):
                print(f"{platform.name}, Python {python}", file=sys.stderr)
                _merge(locks, resolve(projects, platform, python, version))
        command = f"bazel run //{Path(place).parent}:update"
        merged = {lock: list(pins.values()) for lock, pins in locks.items()}
        write(merged, Path(workspace, place), command)
    except UpdateError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(error.code) from None
    for lock, pins in sorted(locks.items()):
        print(f"{lock.filename}: {', '.join(f'{p.project} {p.version}' for p in pins.values())}")


if __name__ == "__main__":
    app()
