"""Inspecting all files of a release at once, in processes of their own."""

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

from release.gate.inspection import Context, inspect
from release.gate.report import Report
from release.model.finding import Check, Finding

PATIENCE = 300.0
"""Seconds that a file may take; the largest takes about five."""

_POLL = 0.1  # seconds between two looks at how far the processes are

_done: Synchronized[int] | None = None
"""In a process of the pool: bytes that all of them have read."""
_patience = PATIENCE


def inspect_all(
    paths: Sequence[Path],
    context: Context,
    *,
    jobs: int | None = None,
    patience: float = PATIENCE,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Report]:
    """A report for every file, in the order given.

    Args:
      paths: wheels and dists.
      context: what they are held against.
      jobs: how many processes; one for each processor by default.
      patience: seconds that a file may take.
      progress: called now and then with the bytes read so far, of all files together.
    """
    reports: dict[Path, Report] = {}
    # The largest first, or the last process works alone for long.
    waiting = sorted(paths, key=lambda path: path.stat().st_size, reverse=True)
    processes = jobs or os.cpu_count() or 1
    reports.update(_in_processes(waiting, context, processes, patience, progress))
    # A parser is native code. When a file kills or stalls it, it is the one that does so alone.
    for path in waiting:
        if path not in reports:
            alone = dict(_in_processes([path], context, 1, patience, progress))
            reports[path] = alone.get(path) or _crash(path)
    return [reports[path] for path in paths]


def _in_processes(
    paths: Sequence[Path],
    context: Context,
    jobs: int,
    patience: float,
    progress: Callable[[int], None],
) -> Iterator[tuple[Path, Report]]:
    """Reports as they are ready; ends early when a process dies."""
    spawning = multiprocessing.get_context("spawn")
    done = spawning.Value("q", 0)
    with ProcessPoolExecutor(
        min(jobs, len(paths) or 1),
        mp_context=spawning,
        initializer=_share,
        initargs=(done, patience),
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


def _share(done: Synchronized[int], patience: float) -> None:
    global _done, _patience
    _done, _patience = done, patience
    # Syntax trees are large and without cycles; looking for some costs half of the time.
    gc.disable()


def _inspect(path: Path, context: Context) -> Report:
    # Its watchdog ends the process even while native code runs.
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(_patience, exit=True, file=nowhere)
        try:
            return inspect(path, context, _advance)
        finally:
            faulthandler.cancel_dump_traceback_later()


def _advance(count: int) -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += count


def _crash(path: Path) -> Report:
    finding = Finding(
        path.name, Check.BINARY_BROKEN, "a parser dies of it, or does not end; it is malformed"
    )
    return Report(
        path.name,
        "wheel" if path.suffix == ".whl" else "dist",
        sha256="",
        size=path.stat().st_size,
        findings=(finding,),
    )
