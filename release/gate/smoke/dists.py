"""The smoke test of a dist: unpacked, and its programs used."""

from __future__ import annotations

import lzma
import re
import tarfile
import tempfile
from pathlib import Path

from release.gate.smoke import probes, smoke_program
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.process import TIMEOUT
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.runner import NativeRunner, Runner, check_programs
from release.gate.smoke.smoke_program import SmokeRequest
from release.gate.smoke.smoke_test import SmokeTest, step
from release.model.outcome import Outcome
from release.model.plan import Plan, Platform
from release.model.text import counted

_CHUNK = 1 << 20
_LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll)$")
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
      runner: starts the programs.
      timeout: seconds that each call may take.
    """
    test = SmokeTest(platform.name, "dist", None, engine, release.planned_dists(platform.name))
    try:
        archive = release.dist(platform.name)
        program = release.smoke_program()
    except NotRunError as error:
        return test.not_run(str(error))
    return smoke_test_dist(
        archive,
        release.plan,
        platform,
        scratch,
        program=program,
        runner=runner,
        engine=engine,
        timeout=timeout,
    )


def smoke_test_dist(
    archive: Path,
    plan: Plan,
    platform: Platform,
    scratch: Path,
    *,
    program: Path | None,
    runner: Runner = _NATIVE,
    engine: str = "this machine",
    timeout: float = TIMEOUT,
) -> Outcome:
    """Unpacks a dist archive and uses its programs.

    Args:
      archive: the archive.
      plan: the plan of the release.
      platform: the platform of its programs.
      scratch: a directory with room for half a gigabyte, at a path without spaces; it is empty
        again afterwards.
      program: the smoke program of the product; None for a product without one.
      runner: starts the programs; by default this machine does.
      engine: the name of the runner in the outcome.
      timeout: seconds that each call may take.
    """
    test = SmokeTest(platform.name, "dist", None, engine, (archive.name,))
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as name:
        directory = Path(name)

        def steps() -> str:
            root = directory / "dist"
            with step("unpacking"):
                unpack(archive, root)
            with step("running the programs"):
                expected = _probes(plan, platform)
                programs = programs_in(root / "bin", platform.os)
                if unknown := sorted(programs.keys() - expected.keys()):
                    raise SmokeTestError(
                        f"{', '.join(unknown)}: in bin/, but no program of the packages that "
                        f"products/{plan.product.name} declares for dists"
                    )
                check_programs(programs, expected, runner, timeout)
            request = SmokeRequest(
                product=plan.product.name,
                version=plan.version,
                kind="dist",
                platform=platform,
                runner=runner,
                programs=programs,
                dist=root,
                timeout=timeout,
            )
            with step("running the smoke program"):
                used = smoke_program.use(program, request, directory)
            return f"unpacked; {counted(len(programs), 'program')} called; {used}"

        return test.run(steps, plan.product.success)


def _probes(plan: Plan, platform: Platform) -> dict[str, probes.Probe]:
    """The programs that a dist must have, and how each is called."""
    dist = plan.product.dist
    packages = [plan.product.package(name) for name in dist.packages] if dist else []
    return dict(probes.native_tools(packages, platform.os))


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


def programs_in(directory: Path, system: str) -> dict[str, Path]:
    """The programs in a directory, by name without the suffix on Windows.

    Libraries and directories may be beside them; every other file counts as a program.

    Raises:
      SmokeTestError: a program for Windows lacks the suffix, so that nothing starts it.
    """
    if not directory.is_dir():
        return {}
    found = [
        path
        for path in sorted(directory.iterdir())
        if path.is_file() and not _LIBRARY.search(path.name)
    ]
    if system != "windows":
        return {path.name: path for path in found}
    if other := [path.name for path in found if path.suffix != ".exe"]:
        raise SmokeTestError(f"{', '.join(other)}: not a .exe file, so Windows does not start it")
    return {path.stem: path for path in found}
