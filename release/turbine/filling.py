"""Fills a wheelhouse with exactly the wheels that it must hold, and resumes interrupted runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import release_dir, wheelhouse
from release.model.document import DocumentError, dumps
from release.model.errors import Refused
from release.model.wheelhouse import NAME, Wheelhouse
from release.turbine.core import Core
from release.turbine.tools import Tools


@dataclass(frozen=True, slots=True)
class FillRequest:
    """The wheels to put into a wheelhouse, and where they come from."""

    directory: Path
    """The wheelhouse."""
    expected: Wheelhouse
    built: Path
    """A directory with the wheels that were built for the release."""
    store: Store
    core: Core
    tools: Tools
    download: bool
    """Whether to fetch the wheels of the core and the dependencies."""
    report: Callable[[str], None]
    """Called with a message about each download."""


def check(directory: Path, expected: Wheelhouse, *, clean: bool) -> None:
    """Checks that a directory contains nothing but wheels of the expected wheelhouse.

    Args:
      directory: the directory, which need not exist.
      expected: what it must hold.
      clean: whether to remove the wheels of another wheelhouse.

    Raises:
      Refused: it contains something else.
    """
    if not directory.exists():
        return
    foreign = list(_foreign(directory, expected))
    if not foreign:
        return
    if not clean:
        raise Refused(
            f"{directory}: {foreign[0]}; refusing to mix releases: pass --clean, or name another "
            "directory with --wheelhouse"
        )
    for path in directory.iterdir():
        if path.name == NAME or path.suffix == ".whl":
            path.unlink()
    remaining = [path.name for path in directory.iterdir() if not path.name.startswith(".")]
    if remaining:
        raise Refused(f"{directory}: {remaining[0]} does not belong in a wheelhouse; remove it")


def fill(request: FillRequest) -> int:
    """Adds the missing wheels to the wheelhouse.

    Returns:
      The number of wheels in it.

    Raises:
      Refused: a wheel in the store or on the registry does not match its digest.
      RemoteError: the store or the registry failed; a rerun continues.
    """
    directory = request.directory
    directory.mkdir(parents=True, exist_ok=True)
    for leftover in directory.glob(".*"):
        # From a killed run.
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    release_dir.replace(directory / NAME, dumps(request.expected.to_json()))
    present = set(_digests(directory).values())
    present |= _copy(request.built, request)
    if request.download:
        _fetch_core(request, present)
        _fetch_dependencies(request, present)
    return verify(directory, complete=request.download)


def verify(directory: Path, *, complete: bool = True) -> int:
    """Checks the wheels of a wheelhouse against its wheelhouse.json.

    Args:
      directory: the wheelhouse.
      complete: whether every listed wheel must be present.

    Returns:
      The number of wheels in it.

    Raises:
      document.DocumentError: wheelhouse.json is missing or invalid.
      Refused: a wheel is not listed, or is missing.
    """
    expected = wheelhouse.read(directory / NAME)
    present = _digests(directory)
    known = expected.by_digest()
    for name, digest in present.items():
        if digest not in known:
            raise Refused(f"{directory}: {name} does not match any digest in {NAME}")
    missing = known.keys() - present.values()
    if complete and missing:
        wheel = known[min(missing)]
        raise Refused(
            f"{directory}: {wheel.project} {wheel.version} is missing; run `turbine` without "
            "--no-download"
        )
    return len(present)


def _foreign(directory: Path, expected: Wheelhouse) -> Iterator[str]:
    """Describes what in a directory does not belong to the expected wheelhouse."""
    if not directory.is_dir():
        yield "it is not a directory"
        return
    names = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    if NAME in names:
        try:
            existing = wheelhouse.read(directory / NAME)
        except DocumentError as error:
            yield str(error)
            return
        if existing != expected:
            yield _difference(existing, expected)
    known = expected.by_digest()
    for name, digest in _digests(directory).items():
        if digest not in known:
            yield f"it contains {name}, which is not part of {expected.version}"
    for name in sorted(names - {NAME}):
        if not name.endswith(".whl"):
            yield f"it contains {name}, which is not a wheel"


def _difference(existing: Wheelhouse, expected: Wheelhouse) -> str:
    """Describes how a wheelhouse differs from the expected one."""
    for name in ("version", "core", "core_from", "commit", "source"):
        before, after = getattr(existing, name), getattr(expected, name)
        if before != after:
            return f"it was filled for {name.replace('_', ' ')} {before}, not {after}"
    return "it was filled for other platforms or Pythons, or from other locks"


def _copy(source: Path, request: FillRequest) -> set[str]:
    """Copies the expected wheels of a directory to the wheelhouse; returns all digests there."""
    known = request.expected.by_digest()
    digests = _digests(source)
    for name, digest in digests.items():
        if digest in known:
            partial = request.directory / f".{name}"
            shutil.copyfile(source / name, partial)
            partial.replace(request.directory / name)
    return set(digests.values())


def _fetch_core(request: FillRequest, present: Collection[str]) -> None:
    for artifact in request.core.wheels:
        if artifact.sha256 in present:
            continue
        request.report(f"{artifact.filename} of {request.core.tag}")
        catalogue.fetch(
            request.store,
            request.core.tag,
            artifact.filename,
            artifact.sha256,
            request.directory / artifact.filename,
        )


def _fetch_dependencies(request: FillRequest, present: set[str]) -> None:
    for lock in request.expected.locks:
        if present.issuperset(lock.wheels):
            continue
        tags = request.expected.tags(lock.platform)
        with tempfile.TemporaryDirectory(prefix=".fetch", dir=request.directory) as scratch:
            fetched = Path(scratch)
            request.tools.fetch_locked(lock.platform, lock.python, tags, fetched, request.report)
            present |= _copy(fetched, request)


def _digests(directory: Path) -> dict[str, str]:
    """The sha256, in hex, of each wheel in a directory, by name."""
    return {
        path.name: release_dir.sha256(path)
        for path in sorted(directory.glob("*.whl"))
        if not path.name.startswith(".")
    }
