"""Inspects all files of a release in parallel processes."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from release.gate.inspection import InspectionContext, inspect
from release.gate.report import Report
from release.model.finding import Check, Finding

TIMEOUT = 300.0
"""Seconds that a file may take; the largest takes about five."""

_POLL = 0.1  # seconds between progress updates

_done: Synchronized[int] | None = None
"""In a process of the pool: bytes that all processes have read."""
_timeout = TIMEOUT


def inspect_all(
    paths: Sequence[Path],
    context: InspectionContext,
    *,
    jobs: int | None = None,
    timeout: float = TIMEOUT,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Report]:
    """Returns a report for every file, in the order given.

    Args:
      paths: wheels and dists.
      context: what they are checked against.
      jobs: number of processes; one per processor by default.
      timeout: seconds that a file may take.
      progress: called repeatedly with the bytes read so far, of all files together.
    """
    reports: dict[Path, Report] = {}
    # Largest first, so that no process works alone on a large file at the end.
    largest_first = sorted(paths, key=lambda path: path.stat().st_size, reverse=True)
    processes = jobs or os.cpu_count() or 1
    reports.update(_in_processes(largest_first, context, processes, timeout, progress))
    # The parsers are native code. If a file crashes or stalls one, the whole pool ends; inspect
    # the remaining files one by one to find out which it was.
    for path in largest_first:
        if path not in reports:
            alone = dict(_in_processes([path], context, 1, timeout, progress))
            reports[path] = alone.get(path) or _crash_report(path)
    return [reports[path] for path in paths]


def _in_processes(
    paths: Sequence[Path],
    context: InspectionContext,
    jobs: int,
    timeout: float,
    progress: Callable[[int], None],
) -> Iterator[tuple[Path, Report]]:
    """Yields reports as they are ready; ends early if a process dies."""
    spawning = multiprocessing.get_context("spawn")
    done = spawning.Value("q", 0)
    with ProcessPoolExecutor(
        min(jobs, len(paths) or 1),
        mp_context=spawning,
        initializer=_initialize,
        initargs=(done, timeout),
    ) as pool:
        running: dict[Future[Report], Path] = {
            pool.submit(_inspect, path, context): path for path in paths
        }
        while running:
            ready, _ = wait(running, timeout=_POLL, return_when=FIRST_COMPLETED)
            progress(done.value)
            for future in ready:
                try:
                    yield running.pop(future), future.result()
                except BrokenProcessPool:
                    return


def _initialize(done: Synchronized[int], timeout: float) -> None:
    global _done, _timeout
    _done, _timeout = done, timeout
    # Syntax trees are large and have no cycles; collecting garbage would take half of the time.
    gc.disable()


def _inspect(path: Path, context: InspectionContext) -> Report:
    # faulthandler's watchdog ends the process even while native code runs.
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(_timeout, exit=True, file=nowhere)
        try:
            return inspect(path, context, _advance)
        finally:
            faulthandler.cancel_dump_traceback_later()


def _advance(count: int) -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += count


def _crash_report(path: Path) -> Report:
    finding = Finding(
        path.name, Check.BINARY_BROKEN, "malformed: a parser crashed or timed out while reading it"
    )
    return Report(
        path.name,
        "wheel" if path.suffix == ".whl" else "dist",
        sha256="",
        size=path.stat().st_size,
        findings=(finding,),
    )
