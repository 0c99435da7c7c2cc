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

from release.gate.smoke import installed, model_runs
from release.gate.smoke.environment import PinnedWheel, Requirements
from release.gate.smoke.wheels import WheelTest

README = Path(__file__).parents[3] / "README.md"
DEFAULT = "0.dev0"
"""The version without --//packaging:version."""


def test_pip_takes_the_planned_wheels_and_a_model_runs(
    wheel_test: WheelTest,
    wheels: Sequence[PinnedWheel],
    requirements: Requirements,
    wheelhouse: Path,
    scratch: Path,
    tmp_path: Path,
) -> None:
    """Catches: tags that make pip ignore our wheel, or prefer one for another Python."""
    environment = wheel_test.environment(scratch)
    pip = Path(os.environ["PIP_WHEEL"]).absolute()
    digest = hashlib.sha256(pip.read_bytes()).hexdigest()
    environment.install_alone([PinnedWheel("pip", pip, digest)]).expect()
    (line,) = re.findall(r"^    pip install (.+)$", README.read_text(), re.MULTILINE)
    option, links, *pinned = line.split()
    assert (option, links) == ("--find-links", "bazel-bin/packaging/wheelhouse")
    assert pinned == [f"{wheel.package}=={DEFAULT}" for wheel in wheels]
    directories = [wheelhouse, *requirements.directories]
    environment.run(
        *("pip", "install", "--no-index", "--no-cache-dir"),
        *(word for directory in directories for word in ("--find-links", str(directory))),
        *(word.replace(DEFAULT, wheel_test.version) for word in pinned),
    ).expect()
    installed.check_installed(environment, wheels, wheel_test.version)
    model_runs.compile_models(environment, tmp_path, through="tool", backend="llvm-cpu")
    model_runs.run_models(environment, tmp_path, through="runtime")
