"""Imports the modules of installed wheels, in one process for each wheel."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from release.gate.smoke.environment import PinnedWheel, distributions
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.installed import Installation
from release.gate.smoke.wheel_file import WheelFile, normalised
from release.model.product import Product
from release.model.text import counted

# Imports modules; prints a line of JSON before each and after those that fail. Modules may print,
# too, so the lines go to a copy of standard output.
_IMPORT = """\
import importlib, json, os, sys

lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def write(**line):
    print(json.dumps(line), file=lines, flush=True)


def causes(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


for name in sys.argv[1:]:
    write(module=name)
    try:
        importlib.import_module(name)
    except BaseException as error:
        missing = None
        if isinstance(error, ImportError):
            names = (one.name for one in causes(error) if isinstance(one, ModuleNotFoundError))
            missing = next(filter(None, names), None)
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        write(module=name, reason=reason, missing=missing)
write(module=None)
"""


@dataclass(frozen=True, slots=True)
class ImportCount:
    """How many modules of wheels were imported."""

    imported: int
    optional: int
    """How many of the others require a project that only an extra of their wheel requires."""
    unimportable: int
    """How many the product declares as unimportable."""

    def __str__(self) -> str:
        """In a few words."""
        text = f"{counted(self.imported, 'module')} imported"
        if self.optional:
            text += f", {self.optional} without the project of an extra"
        if self.unimportable:
            text += f", {self.unimportable} known to be unimportable"
        return text


def check_imports(
    installation: Installation, product: Product, wheels: Iterable[PinnedWheel]
) -> ImportCount:
    """Imports the public modules of wheels that are installed together.

    A module may fail because it requires a project that is not installed, and that only an extra of
    its wheel requires; the project must have the name of the module that is missing. Modules that
    the product declares as unimportable are not imported.

    Raises:
      SmokeTestError: a module cannot be imported, or is declared and does not exist.
    """
    installed = {normalised(name) for name in distributions(installation.site)}
    imported = optional = skipped = 0
    for wheel in wheels:
        file = WheelFile(wheel.path)
        excluded = product.package(wheel.package).unimportable
        if unknown := sorted(excluded.keys() - file.public_modules()):
            raise SmokeTestError(
                f"{', '.join(unknown)}: products/{product.name} declares that {wheel.package} "
                "cannot import it, but it does not exist"
            )
        modules = [name for name in file.public_modules() if name not in excluded]
        absent = file.optional_projects() - installed
        failed = _import(installation, modules)
        for line in failed:
            missing = (line["missing"] or "").split(".")[0]
            if normalised(missing) not in absent:
                raise SmokeTestError(f"{line['module']}: {line['reason']}")
        imported += len(modules) - len(failed)
        optional += len(failed)
        skipped += len(excluded)
    return ImportCount(imported, optional, skipped)


def _import(installation: Installation, modules: list[str]) -> list[dict[str, Any]]:
    """Imports modules; returns those that fail, with the reason and the missing module.

    Raises:
      SmokeTestError: the process ends before it has imported all.
    """
    if not modules:
        return []
    result = installation.run_python("-c", _IMPORT, *modules)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    last = lines[-1]["module"] if lines else modules[0]
    if last is not None:
        raise SmokeTestError(
            f"{last}: {result.program} {result.ending()} while importing it"
            f"{replace(result, stdout='').output_tail()}"
        )
    result.expect()
    return [line for line in lines if "reason" in line]
