"""Checks installed wheels: their files, versions, entry points and scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from release.gate.smoke import probes
from release.gate.smoke.environment import PinnedWheel, distributions, script_name
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.probes import Probe
from release.gate.smoke.process import ProcessResult
from release.gate.smoke.wheel_file import WheelFile, module_name
from release.model.product import Package, Product, Program
from release.model.text import counted

# Loads the entry points of a distribution; prints a line "NAME<tab>REASON" for each that fails, and
# END after the last one.
# Modules may print, too, so the lines go to a copy of standard output.
_LOAD = """\
import importlib.metadata, os, sys
lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
for point in importlib.metadata.distribution(sys.argv[1]).entry_points:
    try:
        point.load()
    except BaseException as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(point.name, reason, sep="\\t", file=lines, flush=True)
print("END", file=lines, flush=True)
"""
# Prints variables of a module as a JSON list.
_PRINT = """\
import importlib, json, os, sys
line = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
module = importlib.import_module(sys.argv[1])
values = [getattr(module, name, None) for name in sys.argv[2:]]
print(json.dumps(values, default=repr), file=line, flush=True)
"""


class Installation(Protocol):
    """Where wheels are installed, and the Python that imports them."""

    @property
    def site(self) -> Path:
        """The directory with the modules and the metadata."""

    @property
    def scripts(self) -> Path:
        """The directory with the scripts."""

    def run_python(self, *arguments: str) -> ProcessResult:
        """Runs the Python, which imports nothing else.

        Raises:
          SmokeTestError: it does not start, or times out.
        """


def packages_of(product: Product, wheels: Iterable[PinnedWheel]) -> list[Package]:
    """The packages of wheels.

    Raises:
      LookupError: the product lacks one.
    """
    return [product.package(wheel.package) for wheel in wheels]


def check_installed(
    installation: Installation, wheels: Iterable[PinnedWheel], version: str
) -> None:
    """Checks that each wheel is installed as its RECORD states, in the release's version.

    Raises:
      SmokeTestError: one is not.
    """
    found = distributions(installation.site)
    for wheel in wheels:
        if wheel.package not in found:
            raise SmokeTestError(f"{wheel.package} is not installed")
        if changed := changed_files(installation, wheel):
            raise SmokeTestError(
                f"{wheel.package}: files differ from RECORD: {', '.join(changed[:5])}"
            )
        if (other := found[wheel.package].version) != version:
            raise SmokeTestError(f"{wheel.package}: metadata has version {other}, not {version}")


def check_version_modules(
    installation: Installation, packages: Iterable[Package], version: str
) -> None:
    """Checks the version modules that the packages declare.

    Raises:
      SmokeTestError: one cannot be imported, or has another version than the release.
    """
    for declared in (module for package in packages for module in package.version_modules):
        module = module_name(declared.path)
        result = installation.run_python("-c", _PRINT, module, *declared.names).expect()
        if not result.stdout:
            raise SmokeTestError(f"{module}: importing it ends the process")
        values = json.loads(result.stdout)
        for name, value in zip(declared.names, values, strict=True):
            if value is None:
                raise SmokeTestError(f"{module} has no {name}")
            if value != version:
                raise SmokeTestError(f"{module} has {name} {value}, not {version}")


def check_entry_points(
    installation: Installation, packages: Iterable[Package], system: str
) -> None:
    """Loads every entry point: imports its module and looks up the object in it.

    Where the script is expected to fail, loading may fail with the same message.

    Raises:
      SmokeTestError: one cannot be loaded.
    """
    for package in packages:
        expected = probes.scripts(package, system)
        result = installation.run_python("-c", _LOAD, package.name).expect()
        lines = result.stdout.splitlines()
        if lines[-1:] != ["END"]:
            raise SmokeTestError(f"loading an entry point of {package.name} ends the process")
        for line in lines[:-1]:
            name, _, reason = line.partition("\t")
            probe = expected.get(name)
            if not (probe and probe.exit_code and re.search(probe.pattern, reason)):
                raise SmokeTestError(
                    f"the entry point {name} of {package.name} does not load: {reason}"
                )


def check_declared_scripts(
    product: Product, wheels: Iterable[PinnedWheel], system: str
) -> dict[str, Probe]:
    """Checks that wheels install the scripts that the product declares, and no others.

    Returns:
      How to call each.

    Raises:
      SmokeTestError: a wheel installs others.
    """
    found: dict[str, Probe] = {}
    for wheel in wheels:
        declared = probes.scripts(product.package(wheel.package), system)
        scripts = WheelFile(wheel.path).scripts(system)
        where = f"the scripts of {wheel.package} differ from those in products/{product.name}: "
        if undeclared := sorted(scripts - declared.keys()):
            raise SmokeTestError(f"{where}{', '.join(undeclared)} not declared")
        if missing := sorted(declared.keys() - scripts):
            raise SmokeTestError(f"{where}{', '.join(missing)} missing")
        found.update(declared)
    return found


def check_alone(
    installation: Installation, product: Product, wheel: PinnedWheel, system: str
) -> str:
    """Checks that the scripts of a wheel that is installed alone are there.

    Returns:
      What was checked, and why no more, in a few words.

    Raises:
      SmokeTestError: a script is missing, or not declared.
    """
    scripts = check_declared_scripts(product, [wheel], system)
    for name in sorted(scripts):
        if not (installation.scripts / name).is_file():
            raise SmokeTestError(f"{name} is missing")
    return (
        f"installed alone; metadata and {counted(len(scripts), 'script')} checked; not imported, "
        f"since {product.package(wheel.package).alone}"
    )


def unscripted_tools(packages: Sequence[Package], system: str) -> list[Program]:
    """The native tools that no script starts."""
    return [
        program
        for package in packages
        for program in package.programs
        if program.directory is not None and not program.script and program.on(system)
    ]


def changed_files(installation: Installation, wheel: PinnedWheel) -> list[str]:
    """The files of an installed wheel that differ from its RECORD.

    Returns:
      Their paths in the wheel.
    """
    return [
        path
        for path, expected in WheelFile(wheel.path).record.items()
        if _digest(installed_path(installation, path)) != expected
    ]


def installed_path(installation: Installation, path: str) -> Path:
    """Where a file of a wheel was installed, by its path in the wheel."""
    script = script_name(path)
    return installation.site / path if script is None else installation.scripts / script


def _digest(path: Path) -> str:
    if not path.is_file():
        return "no file"
    with path.open("rb") as file:
        raw = hashlib.file_digest(file, "sha256").digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
