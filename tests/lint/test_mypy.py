"""All Python files pass mypy's strict checks."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.lint import tree


def test_mypy_has_no_findings(tmp_path: Path) -> None:
    # mypy finds third-party packages through its interpreter: this target declares them, and an
    # empty environment hides those of the host. It finds our packages in the source tree through
    # pyproject.toml, which also separates PyPI's `packaging` from our directory.
    venv.create(tmp_path / "venv", symlinks=True)
    declared = [path for path in sys.path if Path(path).name == "site-packages"]
    result = subprocess.run(
        [
            tmp_path / "venv/bin/python",
            *("-m", "mypy", f"--cache-dir={tmp_path}"),
            *tree.python_files(),
        ],
        cwd=tree.root(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(declared)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        pytest.fail(result.stdout + result.stderr, pytrace=False)
