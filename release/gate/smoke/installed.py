"""Holds an environment against the wheels that were installed in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from release.gate.smoke.answers import SCRIPTS
from release.gate.smoke.environment import Environment, ExactWheel, script_name
from release.gate.smoke.process import SmokeTestError

# Loads the entry points of a distribution; each that fails is a line "NAME<tab>WHY".
_LOAD = """\
import importlib.metadata, sys
for point in importlib.metadata.distribution(sys.argv[1]).entry_points:
    try:
        point.load()
    except BaseException as error:
        print(point.name, " ".join(f"{type(error).__name__}: {error}".split()), sep="\\t")
"""


def check_installed(environment: Environment, wheels: Iterable[ExactWheel], version: str) -> None:
    """Checks that each wheel is there, as its RECORD states, in the version of the release.

    Raises:
      SmokeTestError: one is not.
    """
    for wheel in wheels:
        if wheel.package not in (distributions := environment.distributions()):
            raise SmokeTestError(f"{wheel.package} is not installed")
        if changed := changed_files(environment, wheel):
            raise SmokeTestError(
                f"{wheel.package}: not as its RECORD states: {', '.join(changed[:5])}"
            )
        if (found := distributions[wheel.package].version) != version:
            raise SmokeTestError(f"{wheel.package}: its metadata says {found}, not {version}")


def check_version_modules(
    environment: Environment, wheels: Iterable[ExactWheel], version: str
) -> None:
    """Checks what the version module of each package says.

    Raises:
      SmokeTestError: one cannot be imported, or says another version than that of the release.
    """
    for wheel in wheels:
        module = wheel.package.replace("-", ".") + ".version"
        ask = f"import {module} as module; print(module.VERSION)"
        found = environment.run("python", "-I", "-c", ask).expect().stdout.strip()
        if found != version:
            raise SmokeTestError(f"{module} says {found}, not {version}")


def check_entry_points(environment: Environment, wheels: Iterable[ExactWheel]) -> None:
    """Loads every entry point: its module is imported, and the object in it looked up.

    One whose script is expected to refuse its service may also do so here, in the same words.

    Raises:
      SmokeTestError: one cannot be loaded.
    """
    for wheel in wheels:
        answers = SCRIPTS.get(wheel.package, {})
        done = environment.run("python", "-I", "-c", _LOAD, wheel.package).expect()
        for line in done.stdout.splitlines():
            name, _, why = line.partition("\t")
            expected = answers.get(name)
            if not (expected and expected.exit_code and re.search(expected.says, why)):
                raise SmokeTestError(
                    f"the entry point {name} of {wheel.package} does not load: {why}"
                )


def check_scripts(environment: Environment, wheels: Iterable[ExactWheel]) -> int:
    """Calls every console script; returns how many there are.

    Raises:
      SmokeTestError: one does not answer as it should, one is missing, or one is new.
    """
    count = 0
    for wheel in wheels:
        declared = declared_scripts(environment, wheel)
        answers = SCRIPTS.get(wheel.package, {})
        if declared != answers.keys():
            raise SmokeTestError(
                f"{wheel.package} declares other console scripts than are known: "
                f"{', '.join(sorted(declared ^ answers.keys()))}"
            )
        for name, answer in answers.items():
            answer.hold(environment.run(name, *answer.arguments))
        count += len(answers)
    return count


def declared_scripts(environment: Environment, wheel: ExactWheel) -> set[str]:
    """Names of an installed wheel's scripts: its console scripts, and the programs among them."""
    points = environment.distributions()[wheel.package].entry_points
    programs = (script_name(path) for path in _record(wheel))
    return {
        *(point.name for point in points.select(group="console_scripts")),
        *(name for name in programs if name is not None),
    }


def changed_files(environment: Environment, wheel: ExactWheel) -> list[str]:
    """The files of an installed wheel that are not on disk as its RECORD states.

    Returns:
      Their paths in the wheel.
    """
    distribution = environment.distributions()[wheel.package]
    return [
        path
        for path, stated in _record(wheel).items()
        if _digest(environment.place(distribution, path)) != stated
    ]


def _record(wheel: ExactWheel) -> dict[str, str]:
    with zipfile.ZipFile(wheel.path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = csv.reader(archive.read(name).decode().splitlines())
        return {path: stated for path, stated, _ in rows if path != name}


def _digest(path: Path) -> str:
    if not path.is_file():
        return "no file"
    with path.open("rb") as file:
        raw = hashlib.file_digest(file, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
