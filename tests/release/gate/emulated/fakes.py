"""Programs that stand in for an installer and for emulators, and a release for them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.equipment import EmulatedPython, Emulation
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.model.plan import Cell, Plan, Platform
from release.model.product import Product
from release.model.products import DeclaredProduct, ProductFiles

# Installs wheels into a directory, as `uv pip install --target` does.
_UV = """\
import os, pathlib, re, shutil, sys, zipfile

options = dict(zip(sys.argv, sys.argv[1:]))
target = pathlib.Path(options["--target"])
for path in re.findall(r"@ file://(\\S+) ", pathlib.Path(options["--requirements"]).read_text()):
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            file = pathlib.Path(archive.extract(info, target))
            file.chmod(info.external_attr >> 16 & 0o777 or 0o644)
for data in target.glob("*.data/scripts"):
    shutil.copytree(data, target / "bin", dirs_exist_ok=True)
for points in target.glob("*.dist-info/entry_points.txt"):
    (target / "bin").mkdir(exist_ok=True)
    for name in re.findall(r"^(\\S+) = ", points.read_text(), re.M):
        (target / "bin" / name).touch()
"""
# Starts programs natively: `qemu -cpu CPU -L ROOT [-E NAME=VALUE] PROGRAM ...`.
_QEMU = """\
import os, sys

words = sys.argv[5:]
environment = dict(os.environ)
while words[0] == "-E":
    name, _, value = words[1].partition("=")
    environment[name] = value
    words = words[2:]
with open(LOG, "a") as log:
    print(*words[:1], file=log)
os.execve(words[0], words, environment)
"""


def program(path: Path, text: str) -> Path:
    """Writes a shell script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def python_program(path: Path, text: str) -> Path:
    """Writes a program in Python."""
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return path


def fake_uv(directory: Path) -> Path:
    """An installer."""
    return python_program(directory / "uv", _UV)


def emulated(directory: Path, *versions: str) -> ProvidedEquipment:
    """Equipment with an emulator that starts programs of this machine.

    The emulated Pythons are this one; `directory` / "log" lists all programs that are started.
    """
    qemu = python_program(directory / "qemu", _QEMU.replace("LOG", repr(str(directory / "log"))))
    pythons = {}
    for version in versions:
        # A script and not a link, which would find other modules.
        executable = program(
            directory / f"python{version}", f'PYTHON={version} exec {sys.executable} "$@"'
        )
        pythons[version] = EmulatedPython(executable, directory)
    return ProvidedEquipment(
        uv=fake_uv(directory),
        emulator=Emulation(qemu, "11.1.2", directory, pythons, {"3.15": "no suite has it"}),
    )


def release_of(
    product: Product,
    platform: Platform,
    version: str,
    wheels: Mapping[str, PinnedWheel],
    pythons: tuple[str, ...],
    smoke: Path | None,
) -> RunnableRelease:
    """A release with the same wheels for some Pythons.

    Args:
      product: the product.
      platform: its only platform.
      version: its version.
      wheels: the wheels by package.
      pythons: minor versions.
      smoke: the smoke program.
    """
    cells = tuple(
        Cell(package, platform.name, python, True, wheel.path.name)
        for python in pythons
        for package, wheel in wheels.items()
    )
    product = replace(product, smoke=smoke is not None)
    return RunnableRelease(
        plan=Plan(product=product, version=version, platforms=(platform,), cells=cells, dists=()),
        files={wheel.path.name: wheel.path for wheel in wheels.values()},
        digests={wheel.path.name: wheel.sha256 for wheel in wheels.values()},
        declared=DeclaredProduct(
            product, ProductFiles("//products/sample", str(smoke) if smoke else None, None)
        ),
    )
