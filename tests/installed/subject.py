"""What an installed test is about: one Python, the wheels that serve it, and their true digests.

The Bazel macro `installed_test` hands all of it over in environment variables, each a path or a
list of paths in the runfiles tree.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from release import manifest, plan
from release.manifest import Manifest
from release.plan import Plan
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
    plan: Plan
    """INSTALLED_PLAN: plan.json, read."""
    manifest: Manifest
    """INSTALLED_MANIFEST: manifest.json, read."""
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
        return cls(
            python=interpreter["version"],
            interpreter=Path(interpreter["executable"]),
            plan=plan.read(_path("INSTALLED_PLAN")),
            manifest=manifest.read(_path("INSTALLED_MANIFEST", name="manifest.json")),
            wheelhouse=_path("INSTALLED_WHEELHOUSE"),
            lock=_path("INSTALLED_LOCK"),
            dependencies=_paths("INSTALLED_DEPENDENCIES")[0].parent,
            uv=_path("INSTALLED_UV"),
        )

    @property
    def version(self) -> str:
        """The version that the whole set was built as."""
        return self.plan.version

    def wheel(self, package: str) -> ExactWheel:
        """The wheel that the plan says must serve `package` on this Python.

        Raises LookupError if the plan has no such cell, or the manifest no such file.
        """
        name = self.plan.serving(package, PLATFORM, self.python)
        digest = self.manifest.artifacts[name].sha256
        return ExactWheel(package, (self.wheelhouse / name).resolve(), digest)


def _paths(variable: str) -> list[Path]:
    # Absolute, because programs of the environment run in folders of their own.
    return [Path(path).absolute() for path in os.environ[variable].split()]


def _path(variable: str, name: str = "*") -> Path:
    (path,) = (path for path in _paths(variable) if path.match(name))
    return path


def _json(variable: str) -> dict[str, Any]:
    path = _path(variable)
    content = json.loads(path.read_bytes())
    assert isinstance(content, dict), f"{path}: not a JSON object"
    return content
