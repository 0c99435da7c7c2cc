"""Examines a release: inspects its files, smoke-tests them, judges it, and shows progress."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from release.gate import judge
from release.gate.judge import GateInputs, RequiredRun
from release.gate.report import Report
from release.gate.sizes import SizeLimits
from release.gate.smoke import process
from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.runnable import RunnableRelease
from release.model import terminal
from release.model.manifest import Manifest
from release.model.outcome import Outcome
from release.model.products import DeclaredProduct
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class ExaminationOptions:
    """Options of an examination."""

    product: DeclaredProduct | None = None
    """The product and its files; None: only what the plan has of it is known."""
    run: bool = True
    """Whether to install and run the files without faults."""
    emulate: bool = True
    """Whether to also run platforms that this machine can only emulate."""
    required_runs: Collection[RequiredRun] = ()
    """Smoke tests that must have run."""
    limits: SizeLimits = field(default_factory=SizeLimits)
    container_base: ContainerBase = field(default_factory=ContainerBase)
    """What the clean container starts from."""
    jobs: int | None = None
    """Number of processes; None: one per processor."""


def examine(
    release: ReleaseDirectory,
    options: ExaminationOptions,
    *,
    previous: Manifest | None,
    day: date,
    console: Console,
) -> Verdicts:
    """Checks a release against its plan, and smoke-tests it.

    Args:
      release: plan, manifest and files.
      options: how to examine it.
      previous: the previous release's manifest: for the growth of files, and for how long
        artifacts have been missing.
      day: the day of the verdicts, UTC.
      console: where progress is shown.

    Raises:
      OSError: a file cannot be read.
    """
    inputs = GateInputs(
        plan=release.plan,
        reports=_inspect(release, console, options.jobs),
        manifest=release.manifest,
        sums=release.sums,
        previous=previous,
        required_runs=options.required_runs,
        limits=options.limits,
    )
    if options.run:
        inputs = replace(inputs, outcomes=_smoke_test(release, inputs, options, console))
    return judge.judge(inputs, day)


def _inspect(release: ReleaseDirectory, console: Console, jobs: int | None) -> list[Report]:
    """Inspects all files, with a progress bar on a terminal."""
    # Imported here because the parsers take a second, which would slow down `--help`.
    from release.gate import pool
    from release.gate.inspection import InspectionContext

    context = InspectionContext.from_plan(release.plan, release.manifest)
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


def _smoke_test(
    release: ReleaseDirectory, inputs: GateInputs, options: ExaminationOptions, console: Console
) -> tuple[Outcome, ...]:
    """Installs and runs the files without faults, printing a line as each smoke test ends."""
    # Imported here because they import a container client, which would slow `--help`.
    from release.gate.smoke import container, local, other_platforms, supplier

    faultless = judge.faultless_files(inputs)
    candidate = RunnableRelease(
        plan=release.plan,
        files={path.name: path for path in release.files if path.name in faultless},
        digests={report.filename: report.sha256 for report in inputs.reports},
        declared=options.product,
    )
    equipment = supplier.from_environment(
        lambda line: terminal.say(console, line, "dim"),
        options.product.files.requirements if options.product else None,
    )

    def on_this_platform(scratch: Path) -> Iterator[Outcome]:
        yield from local.smoke_test_locally(candidate, equipment, scratch)
        yield container.smoke_test_container(candidate, equipment, options.container_base, scratch)

    def on_other_platforms(scratch: Path) -> Iterator[Outcome]:
        if options.emulate:
            yield from other_platforms.smoke_test_other_platforms(candidate, equipment, scratch)
        else:
            yield from other_platforms.skip_other_platforms(candidate, "emulation is turned off")

    def run(smoke_tests: Callable[[Path], Iterator[Outcome]], scratch: Path) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for outcome in smoke_tests(scratch):
            name = " ".join(filter(None, (outcome.platform, outcome.kind, outcome.python)))
            wheels = [file.split("-")[0] for file in outcome.files if file.endswith(".whl")]
            line = (
                f"{outcome.status}: {name} {', '.join(wheels)} "
                f"({outcome.engine}, {outcome.seconds:.0f} s)"
            )
            terminal.say(console, line, "dim")
            outcomes.append(outcome)
        return outcomes

    # Emulated programs mostly use one processor, so run the native ones at the same time.
    with (
        tempfile.TemporaryDirectory(prefix="iree-release-") as scratch,
        console.status("running smoke tests (takes minutes)"),
        ThreadPoolExecutor() as pool,
    ):
        running = [
            pool.submit(run, smoke_tests, Path(scratch))
            for smoke_tests in (on_this_platform, on_other_platforms)
        ]
        try:
            return tuple(outcome for future in running for outcome in future.result())
        except BaseException:
            process.interrupt()
            raise
