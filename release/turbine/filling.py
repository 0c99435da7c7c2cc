"""Filling a wheelhouse: exactly what its statement names, whatever was interrupted before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import release_dir, wheelhouse
from release.model.document import DocumentError
from release.model.errors import Refused
from release.model.wheelhouse import NAME, Wheelhouse
from release.turbine.core import Core
from release.turbine.tools import Tools


@dataclass(frozen=True, slots=True)
class Filling:
    """What is put into a wheelhouse, and where it comes from."""

    place: Path
    """The wheelhouse."""
    wanted: Wheelhouse
    made: Path
    """A directory with the wheels that were made for the release."""
    store: Store
    core: Core
    tools: Tools
    download: bool
    """Whether what is of others is fetched; it stays away otherwise."""
    say: Callable[[str], None]
    """Is told what is done."""


def check(place: Path, wanted: Wheelhouse, *, clean: bool) -> None:
    """Sees to it that a directory can become, or go on to be, a certain wheelhouse.

    Args:
      place: the directory; it need not exist.
      wanted: what it shall hold.
      clean: whether what is of another wheelhouse is removed.

    Raises:
      Refused: it holds what is none of it.
    """
    if not place.exists():
        return
    foreign = list(_foreign(place, wanted))
    if not foreign:
        return
    if not clean:
        raise Refused(
            f"{place}: {foreign[0]}; nothing is mixed: clean it with --clean, or name another "
            "directory with --wheelhouse"
        )
    for path in place.iterdir():
        if path.name == NAME or path.suffix == ".whl":
            path.unlink()
    left = [path.name for path in place.iterdir() if not path.name.startswith(".")]
    if left:
        raise Refused(f"{place}: {left[0]} is nothing that belongs into a wheelhouse; remove it")


def fill(filling: Filling) -> int:
    """Puts into the wheelhouse what is not there yet.

    Returns:
      How many wheels it now has.

    Raises:
      Refused: a store or registry has other bytes than are stated.
      RemoteError: one of them failed; a rerun goes on.
    """
    place = filling.place
    place.mkdir(parents=True, exist_ok=True)
    for aside in place.glob(".*"):
        # Of a run that was killed.
        shutil.rmtree(aside) if aside.is_dir() else aside.unlink()
    release_dir.replace(place / NAME, filling.wanted.to_json())
    there = set(_digests(place).values())
    there |= _take(filling.made, filling)
    if filling.download:
        _take_core(filling, there)
        _take_dependencies(filling, there)
    return verify(place, complete=filling.download)


def verify(place: Path, *, complete: bool = True) -> int:
    """Holds a wheelhouse against its statement.

    Args:
      place: the wheelhouse.
      complete: whether all must be there; else what is there must be right.

    Returns:
      How many wheels it has.

    Raises:
      document.DocumentError: it has no statement.
      Refused: a wheel is none of it, or is missing.
    """
    wanted = wheelhouse.read(place / NAME)
    there = _digests(place)
    known = wanted.by_digest()
    for name, digest in there.items():
        if digest not in known:
            raise Refused(f"{place}: {name} has not the bytes that {NAME} states")
    missing = known.keys() - there.values()
    if complete and missing:
        wheel = known[min(missing)]
        raise Refused(
            f"{place}: {wheel.project} {wheel.version} is missing; run `turbine` without "
            "--no-download"
        )
    return len(there)


def _foreign(place: Path, wanted: Wheelhouse) -> Iterator[str]:
    """What of a directory is none of a wheelhouse, in words."""
    if not place.is_dir():
        yield "it is no directory"
        return
    names = {path.name for path in place.iterdir() if not path.name.startswith(".")}
    if NAME in names:
        try:
            there = wheelhouse.read(place / NAME)
        except DocumentError as error:
            yield str(error)
            return
        if there != wanted:
            yield _difference(there, wanted)
    known = wanted.by_digest()
    for name, digest in _digests(place).items():
        if digest not in known:
            yield f"it holds {name}, which is none of {wanted.version}"
    for name in sorted(names - {NAME}):
        if not name.endswith(".whl"):
            yield f"it holds {name}, which is no wheel"


def _difference(there: Wheelhouse, wanted: Wheelhouse) -> str:
    """In what a wheelhouse differs from the one that is wanted."""
    for name in ("version", "core", "core_from", "commit", "source"):
        before, after = getattr(there, name), getattr(wanted, name)
        if before != after:
            return f"it was filled with {name.replace('_', ' ')} {before}, and not {after}"
    return "it was filled for other platforms or Pythons, or from other locks"


def _take(source: Path, filling: Filling) -> set[str]:
    """Copies expected wheels from a directory into the wheelhouse; returns their digests."""
    known = filling.wanted.by_digest()
    taken = _digests(source)
    for name, digest in taken.items():
        if digest in known:
            aside = filling.place / f".{name}"
            shutil.copyfile(source / name, aside)
            aside.replace(filling.place / name)
    return set(taken.values())


def _take_core(filling: Filling, there: Collection[str]) -> None:
    for artifact in filling.core.wheels:
        if artifact.sha256 in there:
            continue
        filling.say(f"{artifact.filename} of {filling.core.tag}")
        catalogue.fetch(
            filling.store,
            filling.core.tag,
            artifact.filename,
            artifact.sha256,
            filling.place / artifact.filename,
        )


def _take_dependencies(filling: Filling, there: set[str]) -> None:
    for lock in filling.wanted.locks:
        if there.issuperset(lock.wheels):
            continue
        tags = filling.wanted.tags(lock.platform)
        with tempfile.TemporaryDirectory(prefix=".fetch", dir=filling.place) as fetched:
            filling.tools.fetch_locked(lock.platform, lock.python, tags, Path(fetched), filling.say)
            there |= _take(Path(fetched), filling)


def _digests(place: Path) -> dict[str, str]:
    """The sha256, in hex, of each wheel of a directory by name."""
    return {
        path.name: release_dir.sha256(path)
        for path in sorted(place.glob("*.whl"))
        if not path.name.startswith(".")
    }
