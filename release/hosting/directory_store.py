"""A store in a directory, which any web server can serve.

    store.json            marks the directory as a store
    releases/TAG/         the files of a release, and release.json, which lists them
    refs/tags/TAG         the commit of a tag
    refs/heads/BRANCH     the commit of a branch

Names with a leading dot are locks and partial files. A file that release.json does not list is an
interrupted upload. Every file is written under a temporary name, synced to disk and renamed.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from release.hosting import directory_files, directory_lock
from release.hosting.directory_files import CHUNK, RELEASE_FILE, checked_name
from release.hosting.directory_record import AssetEntry, ReleaseRecord, timestamp
from release.hosting.store import (
    Absent,
    Asset,
    Conflict,
    PutResult,
    Store,
    StoredRelease,
    StoreLimits,
    Upload,
)
from release.model import document, release_dir
from release.model.errors import UsageError

SCHEMA = 1
"""The schema version of store.json."""

_REMOVED = ".removed"
"""Suffix of a release directory that is being deleted."""


class DirectoryStore(Store):
    """A store in a directory; the directory may be new or empty."""

    root: Path
    local = True
    limits = StoreLimits()

    def __init__(self, root: Path) -> None:
        """Opens a store; the first write creates it.

        Raises:
          UsageError: the directory is not a store, and not empty.
        """
        self.root = root
        self.address = f"directory:{root}"
        self._threads = threading.Lock()
        if root.is_dir():
            self._check()
        elif root.exists():
            raise UsageError(f"{root}: not a directory; name a directory")

    # Releases.

    def releases(self) -> Iterator[StoredRelease]:
        """All releases including drafts, the most recently created first."""
        releases = [
            record.stored_release(tag) for tag in self._tags() if (record := self._read(tag))
        ]
        yield from sorted(releases, key=lambda one: (one.created, one.tag), reverse=True)

    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not."""
        record = self._read(tag)
        return record.stored_release(tag) if record else None

    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Creates a draft, or returns the release that the tag already has."""
        with self._writing():
            record = self._read(tag)
            if record is None:
                self._directory(tag).mkdir(parents=True, exist_ok=True)
                record = ReleaseRecord(
                    title=title,
                    notes=notes,
                    draft=True,
                    prerelease=True,
                    commit=commit,
                    created=timestamp(),
                    published=None,
                    latest=False,
                    assets={},
                )
                self._write(tag, record)
            return record.stored_release(tag)

    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Sets the title and notes of a release."""
        return self._update(tag, lambda record: replace(record, title=title, notes=notes))

    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft public."""
        return self._update(
            tag,
            lambda record: replace(
                record,
                draft=False,
                prerelease=prerelease,
                latest=latest and not prerelease,
                published=record.published or timestamp(),
            ),
        )

    def remove(self, tag: str) -> None:
        """Removes a release and its assets."""
        with self._writing():
            directory = self._directory(tag)
            # A leading dot hides the directory; if this process is killed, `tidy` deletes it.
            removed = directory.with_name(f".{tag}{_REMOVED}")
            if directory.exists():
                directory_files.delete_tree(removed)
                directory.rename(removed)
                directory_files.sync_directory(removed.parent)
            directory_files.delete_tree(removed)
            self._lock_file(tag).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Deletes partly removed releases, and release directories without a release.json."""
        if not self.root.is_dir():
            return
        with self._writing():
            for path in (self.root / "releases").iterdir():
                incomplete = path.is_dir() and not (path / RELEASE_FILE).exists()
                if incomplete or path.name.endswith(_REMOVED):
                    directory_files.delete_tree(path)

    # Assets.

    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name; unlisted files are interrupted uploads."""
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
            hidden = path.name.startswith(".")
            if path.name not in listed and path.name != RELEASE_FILE and not hidden:
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
        self, tag: str, content: Upload, *, progress: Callable[[int], None] = lambda _: None
    ) -> PutResult:
        """Copies a file into the store, unless it is already present."""
        name = checked_name(content.name, "asset")
        self._existing(tag)
        path = self._directory(tag) / name
        present = self.assets(tag).get(name)
        if present and present.complete:
            if present.sha256 != content.sha256:
                raise Conflict(
                    f"{self.address}: {tag} already has a different {name} (sha256 "
                    f"{(present.sha256 or '')[:12]}, expected {content.sha256[:12]}); it was left "
                    "unchanged"
                )
            progress(content.size)
            return "present"
        with self._partial_file(path) as partial:
            directory_files.copy(content, partial, progress)
            with self._writing():
                record = self._existing(tag)
                other = record.assets.get(name)
                if other and path.is_file() and other.sha256 != content.sha256:
                    raise Conflict(
                        f"{self.address}: another process has just stored a different {name} of "
                        f"{tag}; it was left unchanged"
                    )
                partial.replace(path)
                directory_files.sync_directory(path.parent)
                entry = AssetEntry(content.size, content.sha256, timestamp())
                self._write(tag, replace(record, assets={**record.assets, name: entry}))
        return "replaced" if present else "uploaded"

    def discard(self, tag: str, name: str) -> None:
        """Removes an asset."""
        with self._writing():
            record = self._read(tag)
            if record is None:
                return
            if name in record.assets:
                remaining = {key: entry for key, entry in record.assets.items() if key != name}
                self._write(tag, replace(record, assets=remaining))
            (self._directory(tag) / checked_name(name, "asset")).unlink(missing_ok=True)

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The content of an asset, in chunks."""
        self._existing(tag)
        try:
            file = (self._directory(tag) / checked_name(name, "asset")).open("rb")
        except FileNotFoundError:
            raise Absent(f"{self.address}: {tag} has no asset {name}") from None
        with file:
            while chunk := file.read(CHUNK):
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
        """Ensures that a tag exists and points to a commit."""
        with self._writing():
            existing = self._ref("tags", tag)
            if existing and existing != commit:
                raise Conflict(
                    f"{self.address}: the tag {tag} is at {existing[:12]}, not at {commit[:12]}"
                )
            if not existing:
                self._set_ref("tags", tag, commit)

    def remove_tag(self, tag: str) -> None:
        """Removes a tag."""
        with self._writing():
            (self.root / "refs" / "tags" / checked_name(tag, "tag")).unlink(missing_ok=True)

    def branch(self, name: str) -> str | None:
        """The commit of a branch."""
        return self._ref("heads", name)

    def move_branch(self, name: str, commit: str) -> None:
        """Creates or moves a branch."""
        with self._writing():
            if self._ref("heads", name) != commit:
                self._set_ref("heads", name, commit)

    @contextmanager
    def lease(self, tag: str) -> Iterator[None]:
        """Holds a kernel lock, which ends with its process."""
        path = self._lock_file(tag)
        with self._writing(), path.open("a"):
            pass
        with directory_lock.lease(path, self.address, tag):
            yield

    # Helpers.

    def _lock_file(self, tag: str) -> Path:
        return self.root / "releases" / f".{checked_name(tag, 'tag')}.lock"

    def _check(self) -> None:
        marker = self.root / "store.json"
        # Check this first: another process may be creating the store, and the marker comes first.
        empty = all(path.name.startswith(".") for path in self.root.iterdir())
        if marker.exists():
            schema = document.read(marker, "store", lambda data: data["schema"])
            if schema != SCHEMA:
                raise UsageError(
                    f"{marker}: schema {schema} is not supported, only {SCHEMA}; use the program "
                    "version that wrote it"
                )
        elif not empty:
            raise UsageError(
                f"{self.root}: not a store, and not empty; name an empty or new directory"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Keeps other threads and processes from changing the store's records."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._threads, directory_lock.exclusive(self.root / ".lock"):
            if not (self.root / "store.json").exists():
                self._check()
                directory_files.sweep(self.root, keep=".lock")
                release_dir.replace(self.root / "store.json", document.dumps({"schema": SCHEMA}))
            (self.root / "releases").mkdir(exist_ok=True)
            yield

    def _tags(self) -> list[str]:
        releases = self.root / "releases"
        if not releases.is_dir():
            return []
        return [path.name for path in releases.iterdir() if not path.name.startswith(".")]

    def _directory(self, tag: str) -> Path:
        return self.root / "releases" / checked_name(tag, "tag")

    def _read(self, tag: str) -> ReleaseRecord | None:
        path = self._directory(tag) / RELEASE_FILE
        if not path.exists():
            return None
        return document.read(path, "release", ReleaseRecord.from_json)

    def _existing(self, tag: str) -> ReleaseRecord:
        record = self._read(tag)
        if record is None:
            raise Absent(f"{self.address}: no release {tag}")
        return record

    def _update(self, tag: str, update: Callable[[ReleaseRecord], ReleaseRecord]) -> StoredRelease:
        with self._writing():
            record = self._existing(tag)
            updated = update(record)
            if updated != record:
                self._write(tag, updated)
            return updated.stored_release(tag)

    def _write(self, tag: str, record: ReleaseRecord) -> None:
        directory_files.sweep(self._directory(tag))
        release_dir.replace(self._directory(tag) / RELEASE_FILE, record.to_json())

    def _ref(self, kind: str, name: str) -> str | None:
        try:
            return (self.root / "refs" / kind / checked_name(name, "ref")).read_text().strip()
        except FileNotFoundError:
            return None

    def _set_ref(self, kind: str, name: str, commit: str) -> None:
        path = self.root / "refs" / kind / checked_name(name, "ref")
        path.parent.mkdir(parents=True, exist_ok=True)
        directory_files.sweep(path.parent)
        release_dir.replace(path, f"{commit}\n".encode())

    @contextmanager
    def _partial_file(self, target: Path) -> Iterator[Path]:
        """A locked temporary file beside `target`; the lock protects it from `sweep`."""
        partial = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        with ExitStack() as stack:
            # No other process can sweep it between creation and locking.
            with self._writing():
                file = stack.enter_context(partial.open("wb"))
                fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield partial
            finally:
                partial.unlink(missing_ok=True)
