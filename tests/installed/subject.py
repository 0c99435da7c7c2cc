"""What an installed test is about: one Python, the wheels that serve it, and their true digests.

The Bazel macro `installed_test` hands all of it over in environment variables, each a path or a
list of paths in the runfiles tree.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.installed.environment import ExactWheel

PLATFORM = "linux_x86_64"
BINARY_PACKAGES = ("iree-compiler", "iree-runtime")
PURE_PACKAGES = ("iree-tools-tf", "iree-tools-tflite")


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """The inputs of a test, as found in its environment."""

    python: str
    """The Python version, such as "3.11"; from INSTALLED_INTERPRETER."""
    interpreter: Path
    """That Python on this machine; from INSTALLED_INTERPRETER (//toolchains/python:defs.bzl)."""
    plan: Mapping[str, Any]
    """INSTALLED_PLAN: plan.json, read."""
    digests: Mapping[str, str]
    """sha256 by file name, out of INSTALLED_MANIFEST, manifest.json."""
    wheelhouse: Path
    """INSTALLED_WHEELHOUSE: the folder of all built wheels."""
    lock: Path
    """INSTALLED_LOCK: exact versions and hashes of what our wheels require."""
    dependencies: Path
    """The folder of the wheels that `lock` names; they are listed in INSTALLED_DEPENDENCIES."""
    uv: Path
    """INSTALLED_UV: the installer."""

    @classmethod
    def from_environment(cls) -> Subject:
        """Raises KeyError for a missing variable: the macro did not set it."""
        interpreter = _json("INSTALLED_INTERPRETER")
        manifest = _json("INSTALLED_MANIFEST", name="manifest.json")
        return cls(
            python=interpreter["version"],
            interpreter=Path(interpreter["executable"]),
            plan=_json("INSTALLED_PLAN"),
            digests={item["filename"]: item["sha256"] for item in manifest["artifacts"]},
            wheelhouse=_path("INSTALLED_WHEELHOUSE"),
            lock=_path("INSTALLED_LOCK"),
            dependencies=_paths("INSTALLED_DEPENDENCIES")[0].parent,
            uv=_path("INSTALLED_UV"),
        )

    @property
    def version(self) -> str:
        """The version that the whole set was built as."""
        return str(self.plan["version"])

    def wheel(self, package: str) -> ExactWheel:
        """The one wheel that the plan says must serve `package` on this Python.

        Raises AssertionError if the plan names none or several, or the manifest no digest.
        """
        names = {
            cell["wheel"]
            for cell in self.plan["cells"]
            if (cell["package"], cell["platform"], cell["python"])
            == (package, PLATFORM, self.python)
        }
        assert len(names) == 1, f"plan.json: {package} on {PLATFORM}, {self.python}: {names}"
        name = str(names.pop())
        assert name in self.digests, f"manifest.json has no digest of {name}"
        return ExactWheel(package, (self.wheelhouse / name).resolve(), self.digests[name])


def _paths(variable: str) -> list[Path]:
    # Absolute, because programs of the environment run in folders of their own.
    return [Path(path).absolute() for path in os.environ[variable].split()]


def _path(variable: str) -> Path:
    (path,) = _paths(variable)
    return path


def _json(variable: str, name: str = "*") -> dict[str, Any]:
    (path,) = (path for path in _paths(variable) if path.match(name))
    content = json.loads(path.read_bytes())
    assert isinstance(content, dict), f"{path}: not a JSON object"
    return content
