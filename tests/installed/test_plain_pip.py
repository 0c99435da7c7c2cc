"""Plain pip finds the right wheels in the wheelhouse, and they work.

This is the README's line: `pip install --no-index --find-links ... iree-compiler iree-runtime`.
pip chooses among the wheels of all platforms and Pythons, by their names alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from tests.installed.environment import Environment, ExactWheel
from tests.installed.model_runs import compile_models, run_models
from tests.installed.subject import BINARY_PACKAGES, Subject
from tests.installed.wheel_files import changed_files


def test_pip_takes_the_planned_wheels_and_a_model_runs(
    subject: Subject, new_environment: Callable[[], Environment], tmp_path: Path
) -> None:
    """Catches: tags that make pip pass over our wheel, or prefer one for another Python."""
    environment = new_environment()
    pip = Path(os.environ["PIP_WHEEL"]).absolute()
    digest = hashlib.sha256(pip.read_bytes()).hexdigest()
    environment.install_alone([ExactWheel("pip", pip, digest)]).expect()
    environment.run(
        *("pip", "install", "--no-index", "--no-cache-dir"),
        *("--find-links", str(subject.wheelhouse), "--find-links", str(subject.dependencies)),
        *BINARY_PACKAGES,
    ).expect()
    for package in BINARY_PACKAGES:
        assert changed_files(environment, subject.wheel(package)) == []
    compile_models(environment, tmp_path, through="tool", backend="llvm-cpu")
    run_models(environment, tmp_path, through="runtime")
