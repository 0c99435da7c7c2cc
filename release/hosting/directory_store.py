"""A store in a directory, which any web server can serve.

    store.json            what says that this directory is a store
    releases/TAG/         the files of a release, and release.json, which lists them
    refs/tags/TAG         the commit of a tag
    refs/heads/BRANCH     the commit of a branch

What begins with a dot is a lock, or a file that is being written. A file that release.json does not
list is an upload that was interrupted. Everything is written aside, brought to disk and renamed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from release.hosting.store import (
    Absent,
    Asset,
    Busy,
    Conflict,
    Placed,
    Store,
    StoredRelease,
    StoreLimits,
    Upload,
)
from release.model import document, release_dir
from release.model.errors import Refused, UsageError

SCHEMA = 1
"""Of store.json."""

_RELEASE = "release.json"
_REMOVED = ".removed"
_CHUNK = 1 << 20
_LONGEST = 200
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class _Entry:
    """An asset, as release.json lists it."""

    size: int
    sha256: str
    uploaded: str
    """ISO 8601."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What release.json holds."""

    title: str
    notes: str
    draft: bool
    prerelease: bool
    commit: str
    created: str
    """ISO 8601, like what follows."""
    published: str | None
    latest: bool
    assets: Mapping[str, _Entry]


class DirectoryStore(Store):
    """A store in a directory; the directory may be new or empty."""

    root: Path
    local = True
    limits = StoreLimits()

    def __init__(self, root: Path) -> None:
        """A store; nothing is written before something is stored.

        Raises:
          UsageError: the directory holds something else.
        """
        self.root = root
        self.address = f"directory:{root}"
        self._threads = threading.Lock()
        if root.is_dir():
            self._check()
        elif root.exists():
            raise UsageError(f"{root}: not a directory; a directory store needs one")

    # Releases.

    def releases(self) -> Iterator[StoredRelease]:
        """All releases, drafts too, the newest created first."""
        found = [self._release(tag, record) for tag in self._tags() if (record := self._read(tag))]
        yield from sorted(found, key=lambda one: (one.created, one.tag), reverse=True)

    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not."""
        record = self._read(tag)
        return self._release(tag, record) if record else None

    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Makes a draft, unless the tag has a release."""
        with self._writing():
            record = self._read(tag)
            if record is None:
                self._directory(tag).mkdir(parents=True, exist_ok=True)
                record = _Record(
                    title=title,
                    notes=notes,
                    draft=True,
                    prerelease=True,
                    commit=commit,
                    created=_now(),
                    published=None,
                    latest=False,
                    assets={},
                )
                self._write(tag, record)
            return self._release(tag, record)

    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Gives a release its title and notes."""
        return self._change(tag, lambda record: replace(record, title=title, notes=notes))

    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft visible to all."""
        return self._change(
            tag,
            lambda record: replace(
                record,
                draft=False,
                prerelease=prerelease,
                latest=latest and not prerelease,
                published=record.published or _now(),
            ),
        )

    def remove(self, tag: str) -> None:
        """Removes a release with its assets."""
        with self._writing():
            place = self._directory(tag)
            # A directory with a dot is none of a release: killed from here on, it is swept later.
            doomed = place.with_name(f".{tag}{_REMOVED}")
            if place.exists():
                _delete(doomed)
                place.rename(doomed)
                _to_disk(doomed.parent)
            _delete(doomed)
            self._lock(tag).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Removes releases whose removal was begun, and directories that never became one."""
        if not self.root.is_dir():
            return
        with self._writing():
            for place in (self.root / "releases").iterdir():
                begun = place.is_dir() and not (place / _RELEASE).exists()
                if begun or place.name.endswith(_REMOVED):
                    _delete(place)

    # Assets.

    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name; files that nobody listed are interrupted ones."""
        record = self._existing(tag)
        listed = {
            name: Asset(
                name=name,
                size=entry.size,
                sha256=entry.sha256,
                uploaded=datetime.fromisoformat(entry.uploaded),
                url=f"releases/{quote(tag)}/{quote(name)}",
                complete=(self._directory(tag) / name).is_file(),
            )
            for name, entry in record.assets.items()
        }
        for path in sorted(self._directory(tag).iterdir()):
            if path.name not in listed and path.name != _RELEASE and not path.name.startswith("."):
                status = path.stat()
                listed[path.name] = Asset(
                    name=path.name,
                    size=status.st_size,
                    sha256=None,
                    uploaded=datetime.fromtimestamp(status.st_mtime, UTC),
                    url=f"releases/{quote(tag)}/{quote(path.name)}",
                    complete=False,
                )
        return listed

    def put(
        self, tag: str, content: Upload, *, sent: Callable[[int], None] = lambda _: None
    ) -> Placed:
        """Copies a file in, or finds it there."""
        name = _safe(content.name, "asset")
        self._existing(tag)
        place = self._directory(tag) / name
        present = self.assets(tag).get(name)
        if present and present.complete:
            if present.sha256 != content.sha256:
                raise Conflict(
                    f"{self.address}: {name} of {tag} is there with other bytes (sha256 "
                    f"{(present.sha256 or '')[:12]}, not {content.sha256[:12]}) and was left alone"
                )
            sent(content.size)
            return "present"
        with self._aside(place) as aside:
            _copy(content, aside, sent)
            with self._writing():
                record = self._existing(tag)
                other = record.assets.get(name)
                if other and place.is_file() and other.sha256 != content.sha256:
                    raise Conflict(
                        f"{self.address}: {name} of {tag} came from somebody else meanwhile, with "
                        "other bytes, and was left alone"
                    )
                aside.replace(place)
                _to_disk(place.parent)
                entry = _Entry(content.size, content.sha256, _now())
                self._write(tag, replace(record, assets={**record.assets, name: entry}))
        return "replaced" if present else "uploaded"

    def discard(self, tag: str, name: str) -> None:
        """Removes an asset."""
        with self._writing():
            record = self._read(tag)
            if record is None:
                return
            if name in record.assets:
                left = {key: entry for key, entry in record.assets.items() if key != name}
                self._write(tag, replace(record, assets=left))
            (self._directory(tag) / _safe(name, "asset")).unlink(missing_ok=True)

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The bytes of an asset."""
        self._existing(tag)
        try:
            file = (self._directory(tag) / _safe(name, "asset")).open("rb")
        except FileNotFoundError:
            raise Absent(f"{self.address}: {tag} has no asset {name}") from None
        with file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def find_links(self, tag: str) -> str:
        """The directory of the release."""
        return str(self._directory(tag).absolute())

    # Refs.

    def tags(self) -> Mapping[str, str]:
        """The commit of each tag."""
        refs = self.root / "refs" / "tags"
        if not refs.is_dir():
            return {}
        return {
            path.name: path.read_text().strip()
            for path in sorted(refs.iterdir())
            if not path.name.startswith(".")
        }

    def create_tag(self, tag: str, commit: str) -> None:
        """Sees to it that a tag is at a commit."""
        with self._writing():
            there = self._ref("tags", tag)
            if there and there != commit:
                raise Conflict(
                    f"{self.address}: the tag {tag} is at {there[:12]}, not at {commit[:12]}"
                )
            if not there:
                self._set_ref("tags", tag, commit)

    def remove_tag(self, tag: str) -> None:
        """Removes a tag."""
        with self._writing():
            (self.root / "refs" / "tags" / _safe(tag, "tag")).unlink(missing_ok=True)

    def branch(self, name: str) -> str | None:
        """The commit of a branch."""
        return self._ref("heads", name)

    def move_branch(self, name: str, commit: str) -> None:
        """Makes a branch, or moves it."""
        with self._writing():
            if self._ref("heads", name) != commit:
                self._set_ref("heads", name, commit)

    @contextmanager
    def lease(self, tag: str) -> Iterator[None]:
        """Holds a lock of the kernel's, which ends with its process."""
        path = self._lock(tag)
        with self._writing(), path.open("a"):
            pass
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "somebody"
                raise Busy(
                    f"{self.address}: {holder} is at work on {tag}; run this again when it ended"
                ) from None
            file.truncate(0)
            file.write(
                f"process {os.getpid()} on {socket.gethostname()}, since "
                f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
            )
            file.flush()
            yield

    # Below: files.

    def _lock(self, tag: str) -> Path:
        return self.root / "releases" / f".{_safe(tag, 'tag')}.lock"

    def _check(self) -> None:
        marker = self.root / "store.json"
        # Looked at before the marker, which another process may be making: it comes first.
        holds_something = any(not path.name.startswith(".") for path in self.root.iterdir())
        if marker.exists():
            schema = document.read(marker, "store", lambda data: data["schema"])
            if schema != SCHEMA:
                raise UsageError(
                    f"{marker}: its schema is {schema}, this program reads {SCHEMA}; use the "
                    "program that wrote it"
                )
        elif holds_something:
            raise UsageError(
                f"{self.root}: not a store, and not empty; name an empty or new directory"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """While it is held, no other thread or process changes the store's lists."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._threads, (self.root / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.root / "store.json").exists():
                self._check()
                _sweep(self.root, but=".lock")
                release_dir.replace(self.root / "store.json", document.dumps({"schema": SCHEMA}))
            (self.root / "releases").mkdir(exist_ok=True)
            yield

    def _tags(self) -> list[str]:
        releases = self.root / "releases"
        if not releases.is_dir():
            return []
        return [path.name for path in releases.iterdir() if not path.name.startswith(".")]

    def _directory(self, tag: str) -> Path:
        return self.root / "releases" / _safe(tag, "tag")

    def _read(self, tag: str) -> _Record | None:
        path = self._directory(tag) / _RELEASE
        return document.read(path, "release", _record) if path.exists() else None

    def _existing(self, tag: str) -> _Record:
        record = self._read(tag)
        if record is None:
            raise Absent(f"{self.address}: it has no release {tag}")
        return record

    def _change(self, tag: str, change: Callable[[_Record], _Record]) -> StoredRelease:
        with self._writing():
            record = self._existing(tag)
            changed = change(record)
            if changed != record:
                self._write(tag, changed)
            return self._release(tag, changed)

    def _write(self, tag: str, record: _Record) -> None:
        content = {**asdict(record), "assets": {k: asdict(v) for k, v in record.assets.items()}}
        _sweep(self._directory(tag))
        release_dir.replace(self._directory(tag) / _RELEASE, document.dumps(content))

    def _release(self, tag: str, record: _Record) -> StoredRelease:
        return StoredRelease(
            tag=tag,
            title=record.title,
            notes=record.notes,
            draft=record.draft,
            prerelease=record.prerelease,
            created=datetime.fromisoformat(record.created),
            published=datetime.fromisoformat(record.published) if record.published else None,
        )

    def _ref(self, kind: str, name: str) -> str | None:
        try:
            return (self.root / "refs" / kind / _safe(name, "ref")).read_text().strip()
        except FileNotFoundError:
            return None

    def _set_ref(self, kind: str, name: str, commit: str) -> None:
        place = self.root / "refs" / kind / _safe(name, "ref")
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        release_dir.replace(place, f"{commit}\n".encode())

    @contextmanager
    def _aside(self, place: Path) -> Iterator[Path]:
        """A file to write to, beside `place`; its lock says that its writer lives."""
        aside = place.with_name(f".{place.name}.{os.getpid()}.{threading.get_ident()}")
        with ExitStack() as stack:
            # Nobody sweeps between the two.
            with self._writing():
                file = stack.enter_context(aside.open("wb"))
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield aside
            finally:
                aside.unlink(missing_ok=True)


def _copy(content: Upload, aside: Path, sent: Callable[[int], None]) -> None:
    """Writes content to a file, to disk, and holds it against its digest."""
    digest = hashlib.sha256()
    count = 0
    try:
        with content.open() as source, aside.open("r+b") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
                count += len(chunk)
                sent(len(chunk))
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        sent(-count)
        raise
    if digest.hexdigest() != content.sha256:
        sent(-count)
        raise Refused(
            f"{content.source if isinstance(content.source, Path) else content.name}: its bytes "
            "are not those that were examined; something changed the file meanwhile: start again"
        )


def _record(data: Mapping[str, Any]) -> _Record:
    assets = {name: _Entry(**entry) for name, entry in data["assets"].items()}
    return _Record(**{**data, "assets": assets})


def _safe(name: str, what: str) -> str:
    """A name that is a file's name and nothing more.

    Raises:
      UsageError: it is not.
    """
    if (
        not name
        or name.startswith(".")
        or name == _RELEASE
        or _UNSAFE.search(name)
        or len(name.encode(errors="surrogateescape")) > _LONGEST
    ):
        raise UsageError(f"{name!r} cannot be the name of a {what} in a directory store")
    return name


def _sweep(place: Path, *, but: str = "") -> None:
    """Removes what writers that were killed left: asides whose lock nobody holds."""
    for path in place.glob(".*"):
        if path.name == but:
            continue
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _delete(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)


def _to_disk(place: Path) -> None:
    """Brings a directory's list of names to disk."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
