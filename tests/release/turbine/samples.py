"""A small iree-turbine, and the tools to make a turbine release."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.assembly import record

REQUIRES = (
    "numpy",
    "iree-base-compiler",
    "iree_base_runtime>=3",
    'pytest>=8.0.0; extra == "testing"',
)


def make_source(directory: Path, requires: Sequence[str] = REQUIRES) -> Path:
    """Writes a wheel of iree-turbine 3.9.0 like those of upstream, and returns its path."""
    info = "iree_turbine-3.9.0.dist-info"
    metadata = (
        "Metadata-Version: 2.4\nName: iree-turbine\nVersion: 3.9.0\nLicense: Apache-2.0\n"
        "License-File: LICENSE\n"
        + "".join(f"Requires-Dist: {one}\n" for one in requires)
        + "Provides-Extra: testing\n\nWhat it is.\n"
    )
    files = {
        "iree/turbine/__init__.py": "",
        "iree/turbine/aot/__init__.py": "VALUE = 42\n",
        f"{info}/licenses/LICENSE": "Do what you like.\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: other\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    lines = [
        record.Line(name, hashlib.sha256(text.encode()).hexdigest(), len(text))
        for name, text in files.items()
    ]
    path = directory / "iree_turbine-3.9.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
        archive.writestr(f"{info}/RECORD", record.write(lines, f"{info}/RECORD"))
    return path


def turbine_tools(directory: Path) -> Mapping[str, str]:
    """Writes scripts that run the tools with this Python; returns the variables that name them."""
    path = os.pathsep.join(sys.path)
    environment = {}
    for name, module in (
        ("assemble", "products.iree.turbine.assemble"),
        ("fetch", "toolchains.wheels.fetch"),
    ):
        script = directory / name
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m {module} "$@"\n'
        )
        script.chmod(0o755)
        environment[f"TURBINE_{name.upper()}"] = str(script)
    return environment
