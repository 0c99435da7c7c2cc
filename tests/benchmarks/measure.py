"""Wall and CPU time of a command, and the median of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """Nothing can be measured; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took, its children included."""

    wall: float
    """Seconds by the clock."""
    cpu: float
    """Seconds of processor time, in user and in system mode."""

    def __add__(self, other: Cost) -> Cost:
        """The cost of both, one after the other."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


def cost_of(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path, exit_code: int = 0
) -> Cost:
    """Runs a command to its end; what it says goes to `log`.

    Raises:
      BenchmarkError: it ended with another exit code; the message ends with its last line.
    """
    with log.open("w") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        # wait4 and not getrusage, which would add up all children since the start.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != exit_code:
        last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise BenchmarkError(f"{' '.join(command)} exits with {process.returncode}: {last}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def median_cost(run: Callable[[], Cost], runs: int) -> Cost:
    """The median wall time and the median CPU time of several runs."""
    costs = [run() for _ in range(runs)]
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
    )
