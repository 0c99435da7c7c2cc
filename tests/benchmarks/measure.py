"""Measures the wall and CPU time of commands, and medians of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """A measurement failed; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The time of a command, including its children."""

    wall: float
    """Wall time in seconds."""
    cpu: float
    """CPU time in seconds, in user and in system mode."""

    def __add__(self, other: Cost) -> Cost:
        """The sum of two costs."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def cost_of(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, exit_code: int = 0
) -> Cost:
    """Runs a command with its output in `log`; returns its cost.

    Raises:
      BenchmarkError: it exited with another code; the message ends with its last line of output.
    """
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        # getrusage would include previous children, unlike wait4.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != exit_code:
        last = (log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"])[-1]
        raise BenchmarkError(f"{' '.join(command)} exited with {process.returncode}: {last}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def median_cost(run: Callable[[], Cost], runs: int) -> Cost:
    """The median wall time and the median CPU time of several runs."""
    costs = [run() for _ in range(runs)]
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )
