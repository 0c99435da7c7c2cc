"""The examination of a release: inspected, run, judged, with somebody watching."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from release.gate import judge
from release.gate.judge import Demand, Evidence
from release.gate.release_set import SizeLimits
from release.gate.report import Report
from release.gate.smoke import process
from release.gate.smoke.candidate import TestableRelease
from release.gate.smoke.clean_machine import CleanMachine
from release.model import terminal
from release.model.manifest import Manifest
from release.model.outcome import Outcome
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class ExaminationOptions:
    """How a release is to be examined."""

    run: bool = True
    """Whether to install and run what was found sound."""
    emulate: bool = True
    """Whether that includes platforms that this machine can only emulate."""
    demands: Collection[Demand] = ()
    """What must have run."""
    limits: SizeLimits = field(default_factory=SizeLimits)
    clean: CleanMachine = field(default_factory=CleanMachine)
    """What the clean container is made of."""
    jobs: int | None = None
    """Processes; None: one a processor."""


def examine(
    release: ReleaseDirectory,
    wishes: ExaminationOptions,
    *,
    previous: Manifest | None,
    day: date,
    console: Console,
) -> Verdicts:
    """Holds a release against its plan, and runs it.

    Args:
      release: plan, manifest and files.
      wishes: how.
      previous: the last release's manifest: for growth, and since when something is missing.
      day: the day of the verdicts, UTC.
      console: where progress is shown.

    Raises:
      OSError: a file cannot be read.
    """
    case = Evidence(
        plan=release.plan,
        reports=_inspect(release, console, wishes.jobs),
        manifest=release.manifest,
        sums=release.sums,
        previous=previous,
        demands=wishes.demands,
        limits=wishes.limits,
    )
    if wishes.run:
        case = judge.with_outcomes(case, _try_all(release, case, wishes, console))
    return judge.judge(case, day)


def _inspect(release: ReleaseDirectory, console: Console, jobs: int | None) -> list[Report]:
    """Reports on all files, with a progress bar where somebody watches."""
    # The parsers take a second to import, which `--help` need not wait for.
    from release.gate import pool
    from release.gate.inspection import Context

    context = Context.of(release.plan, release.manifest)
    total = sum(path.stat().st_size for path in release.files)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(f"inspecting {len(release.files)} files", total=total)
        return pool.inspect_all(
            release.files,
            context,
            jobs=jobs,
            progress=lambda done: bar.update(task, completed=done),
        )


def _try_all(
    release: ReleaseDirectory, case: Evidence, wishes: ExaminationOptions, console: Console
) -> tuple[Outcome, ...]:
    """Installs and runs what is sound, a line for each smoke test as it ends."""
    # They import NumPy and the client of container engines, which `--help` need not wait for.
    from release.gate.smoke import container, emulated, local, supplier

    sound = judge.sound(case)
    candidate = TestableRelease(
        plan=release.plan,
        files={path.name: path for path in release.files if path.name in sound},
        digests={report.filename: report.sha256 for report in case.reports},
    )
    equipment = supplier.from_environment(lambda line: terminal.say(console, line, "dim"))

    def here(scratch: Path) -> Iterator[Outcome]:
        yield from local.try_locally(candidate, equipment, scratch)
        yield container.try_container(candidate, equipment, wishes.clean, scratch)

    def elsewhere(scratch: Path) -> Iterator[Outcome]:
        if wishes.emulate:
            yield from emulated.try_emulated(candidate, equipment, scratch)
        else:
            yield from emulated.leave_untried(candidate, "it was not asked for")

    def told(trials: Callable[[Path], Iterator[Outcome]], scratch: Path) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for outcome in trials(scratch):
            name = " ".join(filter(None, (outcome.platform, outcome.kind, outcome.python)))
            what = ", ".join(file.split("-")[0] for file in outcome.files if file.endswith(".whl"))
            line = f"{outcome.status}: {name} {what} ({outcome.engine}, {outcome.seconds:.0f} s)"
            terminal.say(console, line, "dim")
            outcomes.append(outcome)
        return outcomes

    # Emulated programs mostly use one processor, so the others go on beside them.
    with (
        tempfile.TemporaryDirectory(prefix="iree-release-") as scratch,
        console.status("running what is sound, which takes minutes"),
        ThreadPoolExecutor() as lanes,
    ):
        running = [lanes.submit(told, trials, Path(scratch)) for trials in (here, elsewhere)]
        try:
            return tuple(outcome for lane in running for outcome in lane.result())
        except BaseException:
            process.interrupt()
            raise
