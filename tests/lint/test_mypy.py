"""Types hold in all Python of the repository, under mypy's strict rules."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.lint import tree


def test_types_hold(tmp_path: Path) -> None:
    # mypy takes other people's packages from where its interpreter does: the target declares them,
    # and an empty environment keeps out what is installed on the host. It finds ours in the source
    # tree, by pyproject.toml, which also keeps PyPI's `packaging` and our directory apart.
    venv.create(tmp_path / "venv", symlinks=True)
    declared = [path for path in sys.path if Path(path).name == "site-packages"]
    ran = subprocess.run(
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
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)
