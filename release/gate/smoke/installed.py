"""Checks an environment against the wheels that were installed in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from release.gate.smoke.environment import Environment, PinnedWheel, script_name
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.probes import SCRIPTS

# Loads the entry points of a distribution; prints a line "NAME<tab>REASON" for each that fails.
_LOAD = """\
import importlib.metadata, sys
for point in importlib.metadata.distribution(sys.argv[1]).entry_points:
    try:
        point.load()
    except BaseException as error:
        print(point.name, " ".join(f"{type(error).__name__}: {error}".split()), sep="\\t")
"""


def check_installed(environment: Environment, wheels: Iterable[PinnedWheel], version: str) -> None:
    """Checks that each wheel is installed as its RECORD states, in the release's version.

    Raises:
      SmokeTestError: one is not.
    """
    for wheel in wheels:
        if wheel.package not in (distributions := environment.distributions()):
            raise SmokeTestError(f"{wheel.package} is not installed")
        if changed := changed_files(environment, wheel):
            raise SmokeTestError(
                f"{wheel.package}: files differ from RECORD: {', '.join(changed[:5])}"
            )
        if (found := distributions[wheel.package].version) != version:
            raise SmokeTestError(f"{wheel.package}: metadata has version {found}, not {version}")


def check_version_modules(
    environment: Environment, wheels: Iterable[PinnedWheel], version: str
) -> None:
    """Checks the version module of each package.

    Raises:
      SmokeTestError: one cannot be imported, or has another version than the release.
    """
    for wheel in wheels:
        module = wheel.package.replace("-", ".") + ".version"
        program = f"import {module} as module; print(module.VERSION)"
        found = environment.run("python", "-I", "-c", program).expect().stdout.strip()
        if found != version:
            raise SmokeTestError(f"{module} has version {found}, not {version}")


def check_entry_points(environment: Environment, wheels: Iterable[PinnedWheel]) -> None:
    """Loads every entry point: imports its module and looks up the object in it.

    Where the script is expected to fail, loading may fail with the same message.

    Raises:
      SmokeTestError: one cannot be loaded.
    """
    for wheel in wheels:
        probes = SCRIPTS.get(wheel.package, {})
        result = environment.run("python", "-I", "-c", _LOAD, wheel.package).expect()
        for line in result.stdout.splitlines():
            name, _, reason = line.partition("\t")
            probe = probes.get(name)
            if not (probe and probe.exit_code and re.search(probe.pattern, reason)):
                raise SmokeTestError(
                    f"the entry point {name} of {wheel.package} does not load: {reason}"
                )


def check_scripts(environment: Environment, wheels: Iterable[PinnedWheel]) -> int:
    """Calls every console script; returns their number.

    Raises:
      SmokeTestError: one fails its probe, is missing, or has no probe.
    """
    count = 0
    for wheel in wheels:
        declared = declared_scripts(environment, wheel)
        probes = SCRIPTS.get(wheel.package, {})
        if declared != probes.keys():
            raise SmokeTestError(
                f"the console scripts of {wheel.package} differ from those in probes.py: "
                f"{', '.join(sorted(declared ^ probes.keys()))}"
            )
        for name, probe in probes.items():
            probe.check(environment.run(name, *probe.arguments))
        count += len(probes)
    return count


def declared_scripts(environment: Environment, wheel: PinnedWheel) -> set[str]:
    """Names of an installed wheel's scripts: entry points, and programs beside the interpreter."""
    points = environment.distributions()[wheel.package].entry_points
    programs = (script_name(path) for path in _record(wheel))
    return {
        *(point.name for point in points.select(group="console_scripts")),
        *(name for name in programs if name is not None),
    }


def changed_files(environment: Environment, wheel: PinnedWheel) -> list[str]:
    """The files of an installed wheel that differ from its RECORD.

    Returns:
      Their paths in the wheel.
    """
    distribution = environment.distributions()[wheel.package]
    return [
        path
        for path, expected in _record(wheel).items()
        if _digest(environment.installed_path(distribution, path)) != expected
    ]


def _record(wheel: PinnedWheel) -> dict[str, str]:
    with zipfile.ZipFile(wheel.path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = csv.reader(archive.read(name).decode().splitlines())
        return {path: digest for path, digest, _ in rows if path != name}


def _digest(path: Path) -> str:
    if not path.is_file():
        return "no file"
    with path.open("rb") as file:
        raw = hashlib.file_digest(file, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
