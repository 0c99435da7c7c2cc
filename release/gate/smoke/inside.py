"""The trial of wheels, as a program: what runs in a clean container, on the container's Python.

    python3 -m release.gate.smoke.inside DIR

DIRECTORY is laid out as `Layout` says. The outcome is the only line on standard output, as JSON;
the exit code is 0 whatever it says.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from release.gate.smoke.environment import ExactWheel, Requirements
from release.gate.smoke.wheels import WheelTest, try_native

MODULES = (
    "release/__init__.py",
    "release/gate/__init__.py",
    *(
        f"release/gate/smoke/{name}"
        for name in (
            "__init__.py",
            "answers.py",
            "attempt.py",
            "environment.py",
            "inside.py",
            "installed.py",
            "model_runs.py",
            "model_set.py",
            "models/collatz.mlir",
            "models/elementwise.mlir",
            "models/matmul.mlir",
            "outcome.py",
            "process.py",
            "python_trial.py",
        )
    ),
)
"""All that this program consists of, relative to the root of the repository."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie in the directory that the program is given, beside MODULES."""

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
        """The directory of the wheels under trial."""
        return self.root / "wheels"

    @property
    def lock(self) -> Path:
        """What they may require."""
        return self.root / "lock.txt"

    @property
    def dependencies(self) -> Path:
        """The directory of the wheels that the lock names."""
        return self.root / "dependencies"

    @property
    def scratch(self) -> Path:
        """A directory to work in."""
        return self.root / "scratch"


def main(arguments: Sequence[str]) -> int:
    """Makes the trial and prints how it ended."""
    layout = Layout(Path(arguments[0]))
    request: Mapping[str, Any] = json.loads(layout.request.read_bytes())
    release = platform.python_version()
    subject = WheelTest(
        version=request["version"],
        platform=request["platform"],
        python=".".join(release.split(".")[:2]),
        release=release,
        interpreter=Path(sys.executable),
        uv=layout.uv,
    )
    wheels = [
        ExactWheel(wheel["package"], layout.wheels / name, wheel["sha256"])
        for name, wheel in request["wheels"].items()
    ]
    layout.scratch.mkdir()
    requirements = Requirements(layout.lock, (layout.dependencies,))
    print(json.dumps(asdict(try_native(subject, wheels, requirements, layout.scratch))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
