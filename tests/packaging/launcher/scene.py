"""Launchers and tools, in the directories where installers put them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BUILT = Path(os.environ["BUILT"]).absolute()
LAYOUTS = {
    "a virtual environment": ("env/bin", "env/lib/python3.12/site-packages"),
    "one with lib64": ("env/bin", "env/lib64/python3.12/site-packages"),
    "one of a free-threaded Python": ("env/bin", "env/lib/python3.14t/site-packages"),
    "Debian's own Python": ("usr/local/bin", "usr/local/lib/python3.11/dist-packages"),
    "--user": (".local/bin", ".local/lib/python3.13/site-packages"),
    "--user on macOS": ("Python/3.14/bin", "Python/3.14/lib/python/site-packages"),
    "--user on Windows": ("Python/Python314/Scripts", "Python/Python314/site-packages"),
    "a virtual environment on Windows": ("env/Scripts", "env/Lib/site-packages"),
    "--target": ("target/bin", "target"),
    "an unpacked wheel": ("wheel/demo_package-1.data/scripts", "wheel"),
}
"""The directories of scripts and of packages."""


def host_platform() -> str:
    """Returns the platform whose programs this machine runs."""
    found = {
        ("Linux", "x86_64"): "linux_x86_64",
        ("Linux", "aarch64"): "linux_aarch64",
        ("Darwin", "arm64"): "macos_arm64",
        ("Darwin", "x86_64"): "macos_x86_64",
    }.get((platform.system(), platform.machine()))
    if found is None:
        pytest.skip(f"not run: nothing is built for {platform.system()} {platform.machine()}")
    return found


@dataclass(frozen=True, slots=True)
class Scene:
    """A directory for programs, and how to start them."""

    root: Path
    platform: str
    suffix: str = ""
    starter: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def copy(self, program: str, path: str) -> Path:
        """Copies the built `demo_program` or `tool` to a path in the root directory."""
        target = self.root / (path + self.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(BUILT / self.platform / (program + self.suffix), target)
        target.chmod(0o755)
        return target

    def script(self, directory: str, name: str = "demo-tool") -> Path:
        """Copies the launcher into a directory of scripts."""
        return self.copy("demo_program", f"{directory}/{name}")

    def tool(self, packages: str, name: str = "demo-tool", directory: str = "demo/tools") -> Path:
        """Copies a tool into its package."""
        return self.copy("tool", f"{packages}/{directory}/{name}")

    def call(
        self, program: Path | str, *arguments: str, stdin: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program with only `variables` in its environment."""
        return subprocess.run(
            [*self.starter, str(program), *arguments],
            env={**self.environment, **variables},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
