"""Plain pip finds the planned wheels in the wheelhouse, and they work.

This runs the README's line with `--no-index`, since IREE's requirements are local. pip chooses
among the wheels of all platforms and Pythons by their names alone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.wheels import WheelTest, smoke_test_wheels

README = Path(__file__).parents[3] / "README.md"
DEFAULT = "0.dev0"
"""The version without --//packaging:version."""


def test_pip_takes_the_planned_wheels_and_they_work(
    wheel_test: WheelTest,
    wheels: Sequence[PinnedWheel],
    requirements: Requirements,
    wheelhouse: Path,
    scratch: Path,
) -> None:
    """Catches: tags that make pip ignore our wheel, or prefer one for another Python."""
    (line,) = re.findall(r"^    pip install (.+)$", README.read_text(), re.MULTILINE)
    option, links, *pinned = line.split()
    assert (option, links) == ("--find-links", "bazel-bin/products/iree/wheelhouse")
    assert pinned == [f"{wheel.package}=={DEFAULT}" for wheel in wheels]
    directories = [wheelhouse, *requirements.directories]
    pip = Path(os.environ["PIP_WHEEL"]).absolute()
    digest = hashlib.sha256(pip.read_bytes()).hexdigest()

    def install_by_pip(environment: Environment, *_: object) -> None:
        environment.install_alone([PinnedWheel("pip", pip, digest)]).expect()
        environment.run(
            *("pip", "install", "--no-index", "--no-cache-dir"),
            *(word for directory in directories for word in ("--find-links", str(directory))),
            *(word.replace(DEFAULT, wheel_test.version) for word in pinned),
        ).expect()

    # Also compares the installed files with the planned wheels.
    outcome = smoke_test_wheels(wheel_test, wheels, requirements, scratch, install=install_by_pip)
    assert outcome.status == "passed", outcome.detail
