"""The trial of a dist: unpacked, every tool asked, models compiled and run, numbers compared."""

from __future__ import annotations

import lzma
import tarfile
import tempfile
from pathlib import Path

from release.gate.smoke.answers import dist_tools
from release.gate.smoke.attempt import Attempt, step
from release.gate.smoke.candidate import NotRunError, TestableRelease
from release.gate.smoke.native import NativeRunner, Runner
from release.gate.smoke.process import TIMEOUT, SmokeTestError
from release.gate.smoke.tool_runs import check_answers, compile_and_run
from release.model.outcome import Outcome
from release.model.plan import Platform

_CHUNK = 1 << 20
_NATIVE = NativeRunner()


def try_planned_dist(
    candidate: TestableRelease,
    platform: Platform,
    scratch: Path,
    *,
    engine: str,
    runner: Runner = _NATIVE,
    timeout: float = TIMEOUT,
) -> Outcome:
    """Uses the dist that a release has for a platform; not run where that is not to be had.

    Args:
      candidate: the release.
      platform: a platform of its plan.
      scratch: as for `try_dist`, and so the others.
      engine: what the outcome calls the runner.
      runner: starts the tools.
      timeout: seconds that each call may take.
    """
    try:
        archive = candidate.dist(platform.name)
    except NotRunError as error:
        return Attempt(platform.name, "dist", None, engine, ()).not_run(str(error))
    return try_dist(archive, platform, scratch, runner=runner, engine=engine, timeout=timeout)


def try_dist(
    archive: Path,
    platform: Platform,
    scratch: Path,
    *,
    runner: Runner = _NATIVE,
    engine: str = "this machine",
    timeout: float = TIMEOUT,
) -> Outcome:
    """Unpacks the dist archive of a platform and uses its tools.

    Args:
      archive: the archive.
      platform: what it is for.
      scratch: a directory that has room for half a gigabyte, at a path without spaces; what is made
        there is taken away.
      runner: starts the tools; by default they are this machine's own.
      engine: what the outcome calls the runner.
      timeout: seconds that each call may take.
    """
    attempt = Attempt(platform.name, "dist", None, engine, (archive.name,))
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return attempt.run(lambda: _use(archive, platform, Path(directory), runner, timeout))


def _use(archive: Path, platform: Platform, directory: Path, runner: Runner, timeout: float) -> str:
    root, modules = directory / "dist", directory / "modules"
    modules.mkdir()
    with step("unpacking"):
        unpack(archive, root)
    with step("calling the tools"):
        tools = tools_in(root / "bin", platform.os)
        check_answers(tools, dist_tools(platform.os), runner, timeout)
    models = compile_and_run(
        tools["iree-compile"], tools["iree-run-module"], modules, runner, timeout=timeout
    )
    return f"unpacked; {len(tools)} tools answer; {models} compiled models compute rightly"


def unpack(archive: Path, directory: Path) -> None:
    """Unpacks a dist archive into a new directory, nothing outside of it and nothing special.

    Raises:
      SmokeTestError: it is no archive, or a member would lie or lead elsewhere.
    """
    directory.mkdir()
    try:
        with (
            lzma.open(archive) as content,
            tarfile.open(fileobj=content, mode="r|") as reader,
        ):
            reader.extractall(directory, filter="data")
            # The checksum comes last, behind all that tar asks for.
            while content.read(_CHUNK):
                pass
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise SmokeTestError(f"{archive.name} cannot be unpacked ({error})") from error


def tools_in(directory: Path, os: str) -> dict[str, Path]:
    """The programs of a directory by name, without the suffix that they have on Windows."""
    if os == "windows":
        return {path.stem: path for path in sorted(directory.glob("*.exe"))}
    return {path.name: path for path in sorted(directory.iterdir()) if path.is_file()}
