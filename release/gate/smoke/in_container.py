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
from release.gate.smoke.wheels import WheelTest, smoke_test_native

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
            "installed.py",
            "model_runs.py",
            "model_set.py",
            "models/collatz.mlir",
            "models/elementwise.mlir",
            "models/matmul.mlir",
            "probes.py",
            "process.py",
            "smoke_test.py",
            "wheels.py",
        )
    ),
    "release/model/__init__.py",
    "release/model/outcome.py",
    "release/model/record.py",
    "release/model/state.py",
)
"""All files of this program, relative to the root of the repository."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files in the directory that the program is given, besides MODULES."""

    root: Path

    @property
    def request(self) -> Path:
        """A JSON object: version, platform, and the package and sha256 of each wheel by name."""
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
    def lock(self) -> Path:
        """The lock of their requirements."""
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
        version=request["version"],
        platform=request["platform"],
        python=".".join(version.split(".")[:2]),
        full_version=version,
        interpreter=Path(sys.executable),
        uv=layout.uv,
    )
    wheels = [
        PinnedWheel(wheel["package"], layout.wheels / name, wheel["sha256"])
        for name, wheel in request["wheels"].items()
    ]
    layout.scratch.mkdir()
    requirements = Requirements(layout.lock, (layout.dependencies,))
    outcome = smoke_test_native(test, wheels, requirements, layout.scratch)
    print(json.dumps({"status": outcome.status, "detail": outcome.detail}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
