"""Measurements of a command are correct, or fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks.measure import BenchmarkError, Cost, cost_of, median_cost


def python(directory: Path, program: str) -> Cost:
    log = directory / "log"
    return cost_of([sys.executable, "-ISc", program], cwd=directory, env={}, log=log)


def test_children_are_measured(tmp_path: Path) -> None:
    """Catches: a packer whose work in a child process is not measured."""
    work = "sum(range(3_000_000))"
    child = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-ISc', {work!r}], check=True)"
    )
    assert python(tmp_path, child).cpu > python(tmp_path, "pass").cpu


def test_a_failed_command_is_an_error(tmp_path: Path) -> None:
    """Catches: a packer that fails immediately and seems to be fast."""
    with pytest.raises(BenchmarkError, match="exited with 3: no room left"):
        python(tmp_path, "import sys; print('no room left', file=sys.stderr); sys.exit(3)")


def test_wall_and_cpu_time_have_separate_medians() -> None:
    costs = iter([Cost(1.0, 9.0), Cost(3.0, 1.0), Cost(2.0, 5.0)])
    assert median_cost(lambda: next(costs), runs=3) == Cost(2.0, 5.0)
