"""The program that smoke-tests wheels inside a clean container, on the container's Python.

    python3 -m release.gate.smoke.in_container DIR

`Layout` describes the directory. The program prints status and detail of the outcome as one
line of JSON, and exits with 0 whatever the status.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.gate.smoke.environment import PinnedWheel, Requirements
from release.gate.smoke.wheels import WheelTest, smoke_test_wheels
from release.model.plan import Platform
from release.model.product import Product

MODULES = (
    "release/__init__.py",
    "release/gate/__init__.py",
    *(
        f"release/gate/smoke/{name}"
        for name in (
            "__init__.py",
            "environment.py",
            "errors.py",
            "in_container.py",
            "imports.py",
            "installed.py",
            "probes.py",
            "process.py",
            "program/smoke_kit.py",
            "runner.py",
            "smoke_program.py",
            "smoke_test.py",
            "wheel_file.py",
            "wheels.py",
        )
    ),
    *(
        f"release/model/{name}.py"
        for name in (
            "__init__",
            "document",
            "errors",
            "outcome",
            "plan",
            "product",
            "record",
            "settings",
            "state",
            "text",
        )
    ),
)
"""All files of this program, relative to the root of the repository."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files in the directory that the program is given, besides MODULES."""

    root: Path

    @property
    def request(self) -> Path:
        """A JSON object: product, version, platform, the file name of the smoke program, and the
        package and sha256 of each wheel by name."""
        return self.root / "request.json"

    @property
    def uv(self) -> Path:
        """The installer."""
        return self.root / "uv"

    @property
    def wheels(self) -> Path:
        """The directory of the wheels to smoke-test."""
        return self.root / "wheels"

    @property
    def program(self) -> Path:
        """The directory of the smoke program."""
        return self.root / "program"

    @property
    def lock(self) -> Path:
        """The lock of their requirements; it does not exist if they may require nothing."""
        return self.root / "lock.txt"

    @property
    def dependencies(self) -> Path:
        """The directory of the locked wheels."""
        return self.root / "dependencies"

    @property
    def scratch(self) -> Path:
        """The directory for temporary files, which the program creates."""
        return self.root / "scratch"


def main(arguments: Sequence[str]) -> int:
    """Runs the smoke test and prints its status and detail."""
    layout = Layout(Path(arguments[0]))
    request: Mapping[str, Any] = json.loads(layout.request.read_bytes())
    version = platform.python_version()
    test = WheelTest(
        product=Product.from_json(request["product"]),
        version=request["version"],
        platform=Platform.from_json(request["platform"]),
        python=".".join(version.split(".")[:2]),
        full_version=version,
        interpreter=Path(sys.executable),
        uv=layout.uv,
        program=layout.program / request["program"] if request["program"] else None,
    )
    wheels = [
        PinnedWheel(wheel["package"], layout.wheels / name, wheel["sha256"])
        for name, wheel in request["wheels"].items()
    ]
    layout.scratch.mkdir()
    requirements = Requirements()
    if layout.lock.exists():
        layout.dependencies.mkdir(exist_ok=True)
        requirements = Requirements(layout.lock, (layout.dependencies,))
    outcome = smoke_test_wheels(test, wheels, requirements, layout.scratch)
    print(json.dumps({"status": outcome.status, "detail": outcome.detail}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
