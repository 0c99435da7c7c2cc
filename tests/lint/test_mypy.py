"""Types hold in all Python of the repository, under mypy's strict rules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lint import tree


def test_types_hold(tmp_path: Path) -> None:
    # mypy looks for other people's packages where its interpreter does. It must see them there,
    # and ours only in the source tree: PyPI's `packaging` and our folder of that name both count.
    installed = [path for path in sys.path if Path(path).name == "site-packages"]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", f"--cache-dir={tmp_path}", *tree.python_files()],
        cwd=tree.root(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)
