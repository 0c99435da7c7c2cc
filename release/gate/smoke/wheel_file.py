"""What the file of a wheel says of its content, before it is installed."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PathDistribution
from pathlib import Path, PurePosixPath

from release.gate.smoke.environment import script_name
from release.gate.smoke.errors import SmokeTestError

_EXTENSION = re.compile(
    r"(?P<name>\w+)(?P<tag>\.(abi3|cpython-[\w-]+|cp\d+-\w+))?\.(?P<suffix>so|pyd)"
)
"""The file name of an extension module, or, as `NAME.so`, of any other library."""
_EXTRA = re.compile(r"\bextra\s*==")
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def normalised(name: str) -> str:
    """The name of a project or module in the form in which projects are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def module_name(path: str) -> str:
    """The dotted name of the Python module in a file, by its path relative to site-packages."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True)
class WheelFile:
    """The file of a wheel."""

    path: Path

    @cached_property
    def record(self) -> dict[str, str]:
        """The digest of each file of the wheel but RECORD itself, as RECORD has it."""
        with self._archive() as (archive, info):
            name = f"{info}/RECORD"
            rows = csv.reader(archive.read(name).decode().splitlines())
            return {path: digest for path, digest, _ in rows if path != name}

    def native_scripts(self) -> set[str]:
        """File names of the programs that installers put beside the interpreter."""
        return {name for path in self.record if (name := script_name(path)) is not None}

    def scripts(self, system: str) -> set[str]:
        """Names of the scripts that the wheel installs on an operating system.

        Raises:
          SmokeTestError: a program for Windows lacks the suffix, so that nothing starts it.
        """
        native = self.native_scripts()
        if system == "windows":
            if other := sorted(name for name in native if not name.endswith(".exe")):
                raise SmokeTestError(
                    f"{', '.join(other)}: not a .exe file, so Windows does not start it"
                )
            native = {name.removesuffix(".exe") for name in native}
        with self._archive() as (archive, info):
            points = PathDistribution(zipfile.Path(archive, f"{info}/")).entry_points
            return native | points.select(group="console_scripts").names

    def optional_projects(self) -> set[str]:
        """The projects that only extras of the wheel require, normalised."""
        with self._archive() as (archive, info):
            requires = PathDistribution(zipfile.Path(archive, f"{info}/")).requires or ()
        optional, always = set[str](), set[str]()
        for line in requires:
            requirement, _, marker = line.partition(";")
            if project := _PROJECT.match(requirement.strip()):
                kind = optional if _EXTRA.search(marker) else always
                kind.add(normalised(project[0]))
        return optional - always

    def public_modules(self) -> list[str]:
        """The modules whose dotted names have no part that begins with an underscore, sorted."""
        found = set()
        with self._archive() as (archive, _):
            for path in self.record:
                name = _module(PurePosixPath(path))
                if name is None or any(part.startswith("_") for part in name.split(".")):
                    continue
                if not path.endswith(".so") or _is_extension(archive, path):
                    found.add(name)
        return sorted(found)

    @contextmanager
    def _archive(self) -> Iterator[tuple[zipfile.ZipFile, str]]:
        """Yields the archive, and the name of the directory with the metadata."""
        with zipfile.ZipFile(self.path) as archive:
            infos = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
            if len(infos) != 1:
                raise SmokeTestError(f"{self.path.name} has {len(infos)} directories .dist-info")
            yield archive, infos.pop()


def _module(path: PurePosixPath) -> str | None:
    """The dotted name of the module that may be in a file; None for other files."""
    parts = list(path.parent.parts)
    if path.suffix == ".py":
        parts += [] if path.stem == "__init__" else [path.stem]
    elif extension := _EXTENSION.fullmatch(path.name):
        parts.append(extension["name"])
    else:
        return None
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def _is_extension(archive: zipfile.ZipFile, path: str) -> bool:
    """Whether a shared object is an extension module: the name `NAME.so` does not show it."""
    found = _EXTENSION.fullmatch(PurePosixPath(path).name)
    if found is None or found["tag"]:
        return found is not None
    return f"PyInit_{found['name']}\0".encode() in archive.read(path)
