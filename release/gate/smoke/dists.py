"""The smoke test of a dist: unpacked, tools called, models compiled and run, results checked."""

from __future__ import annotations

import lzma
import tarfile
import tempfile
from pathlib import Path

from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.probes import dist_tools
from release.gate.smoke.process import TIMEOUT
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import NativeRunner, Runner
from release.gate.smoke.smoke_test import SmokeTest, step
from release.gate.smoke.tool_runs import check_tools, compile_and_run
from release.model.outcome import Outcome
from release.model.plan import Platform

_CHUNK = 1 << 20
_NATIVE = NativeRunner()


def smoke_test_planned_dist(
    release: RunnableRelease,
    platform: Platform,
    scratch: Path,
    *,
    engine: str,
    runner: Runner = _NATIVE,
    timeout: float = TIMEOUT,
) -> Outcome:
    """Smoke-tests the dist of a release for a platform; "not run" where it is unavailable.

    Args:
      release: the files that passed inspection.
      platform: a platform of its plan.
      scratch: as for `smoke_test_dist`.
      engine: the name of the runner in the outcome.
      runner: starts the tools.
      timeout: seconds that each call may take.
    """
    try:
        archive = release.dist(platform.name)
    except NotRunError as error:
        return SmokeTest(platform.name, "dist", None, engine, ()).not_run(str(error))
    return smoke_test_dist(
        archive, platform, scratch, runner=runner, engine=engine, timeout=timeout
    )


def smoke_test_dist(
    archive: Path,
    platform: Platform,
    scratch: Path,
    *,
    runner: Runner = _NATIVE,
    engine: str = "this machine",
    timeout: float = TIMEOUT,
) -> Outcome:
    """Unpacks a dist archive and uses its tools.

    Args:
      archive: the archive.
      platform: the platform of its tools.
      scratch: a directory with room for half a gigabyte, at a path without spaces; it is empty
        again afterwards.
      runner: starts the tools; by default this machine does.
      engine: the name of the runner in the outcome.
      timeout: seconds that each call may take.
    """
    test = SmokeTest(platform.name, "dist", None, engine, (archive.name,))
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        return test.run(lambda: _use(archive, platform, Path(directory), runner, timeout))


def _use(archive: Path, platform: Platform, directory: Path, runner: Runner, timeout: float) -> str:
    root, modules = directory / "dist", directory / "modules"
    modules.mkdir()
    with step("unpacking"):
        unpack(archive, root)
    with step("running the tools"):
        tools = tools_in(root / "bin", platform.os)
        check_tools(tools, dist_tools(platform.os), runner, timeout)
    models = compile_and_run(
        tools["iree-compile"], tools["iree-run-module"], modules, runner, timeout=timeout
    )
    return f"unpacked; {len(tools)} tools work; {models} compiled models give correct results"


def unpack(archive: Path, directory: Path) -> None:
    """Unpacks a dist archive into a new directory; refuses special files and paths outside of it.

    Raises:
      SmokeTestError: it is not an archive, or a member lies or points outside.
    """
    directory.mkdir()
    try:
        with (
            lzma.open(archive) as content,
            tarfile.open(fileobj=content, mode="r|") as reader,
        ):
            reader.extractall(directory, filter="data")
            # The checksum comes last, after all that tar reads.
            while content.read(_CHUNK):
                pass
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise SmokeTestError(f"{archive.name} cannot be unpacked ({error})") from error


def tools_in(directory: Path, os: str) -> dict[str, Path]:
    """The programs in a directory, by name without the suffix on Windows."""
    if os == "windows":
        return {path.stem: path for path in sorted(directory.glob("*.exe"))}
    return {path.name: path for path in sorted(directory.iterdir()) if path.is_file()}
