"""The interface of a store: releases with files, the tags they belong to, and branches.

The store itself is the journal. Each operation states a postcondition, compares it with the current
state, and does what is missing. It can be killed at any moment and called again, and calling it
twice has the same effect as calling it once.
"""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from release.model.errors import Refused, RemoteError

PutResult = Literal["uploaded", "replaced", "present"]
"""What `put` did: uploaded a new file, replaced an incomplete one, or found an identical one."""


class Conflict(Refused):
    """The name is already taken by something different, which is left unchanged."""


class Busy(RemoteError):
    """Another process is working on the release."""


class Absent(Refused):
    """The release or file does not exist."""


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """The limits of a store."""

    assets: int | None = None
    """Maximum number of files per release."""
    file_size: int | None = None
    """Maximum size of a file, in bytes."""


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release in a store."""

    tag: str
    title: str
    notes: str
    """Markdown."""
    draft: bool
    """Not published: visible only to users with write access."""
    prerelease: bool
    created: datetime
    """UTC."""
    published: datetime | None
    """UTC; None for a draft."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release in a store."""

    name: str
    size: int
    """Bytes."""
    sha256: str | None
    """Digest in hex; None if the store does not report it, and the file has to be read instead."""
    uploaded: datetime
    """UTC."""
    url: str
    """Public download URL: absolute, or relative to the root of a directory store."""
    complete: bool = True
    """False if its upload was interrupted; treat it as absent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Content to upload as an asset."""

    name: str
    sha256: str
    """Digest in hex."""
    size: int
    """Bytes."""
    source: Path | bytes

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Upload:
        """Makes an upload of content in memory."""
        return cls(name, hashlib.sha256(data).hexdigest(), len(data), data)

    def open(self) -> BinaryIO:
        """Opens the content for reading.

        Raises:
          OSError: the file cannot be read.
        """
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")


class Store(ABC):
    """A place that holds releases.

    Every method may raise `RemoteError` (the store could not be reached after several attempts; a
    rerun continues), `UsageError` (the store does not exist, or access is denied), and the
    exceptions that it documents. All methods are thread-safe.
    """

    address: str
    """As the user writes it: directory:PATH or github:OWNER/REPO."""
    local: bool
    """Whether it is private to this machine, and so accepts development versions."""
    limits: StoreLimits
    root: Path | None = None
    """Its directory, for a directory store."""

    @abstractmethod
    def releases(self) -> Iterator[StoredRelease]:
        """All releases including drafts, the most recently created first; read page by page."""

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        """All releases with their assets, the most recently created first."""
        for release in self.releases():
            yield release, self.assets(release.tag)

    @abstractmethod
    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not; None if it does not exist."""

    @abstractmethod
    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Creates a draft pre-release for a tag, or returns the release that the tag already has.

        Args:
          tag: the tag, which need not exist yet.
          commit: where GitHub creates the tag on publication if it does not exist.
          title: the title of a new draft.
          notes: the notes of a new draft.
        """

    @abstractmethod
    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Sets the title and notes of a release.

        Raises:
          Absent: the release does not exist.
        """

    @abstractmethod
    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft public; a published release stays published.

        Args:
          tag: the tag of the draft.
          prerelease: whether to mark it as a pre-release.
          latest: whether to show it as the latest release; ignored for a pre-release.

        Raises:
          Absent: the release does not exist.
        """

    @abstractmethod
    def remove(self, tag: str) -> None:
        """Removes a release and its assets if it exists; keeps the tag."""

    @abstractmethod
    def tidy(self) -> None:
        """Removes leftovers of killed runs that no listing shows."""

    @abstractmethod
    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name, including interrupted uploads.

        Raises:
          Absent: the release does not exist.
        """

    @abstractmethod
    def put(
        self, tag: str, content: Upload, *, progress: Callable[[int], None] = lambda _: None
    ) -> PutResult:
        """Ensures that a release has a file with this name and content.

        An interrupted upload is replaced. The stored file is checked against the digest.

        Args:
          tag: the tag of the release.
          content: the file.
          progress: called with the number of bytes of each chunk sent; a negative number when an
            attempt failed and its bytes will be sent again.

        Raises:
          Conflict: the release has a different file with this name.
          Absent: the release does not exist.
        """

    @abstractmethod
    def discard(self, tag: str, name: str) -> None:
        """Removes an asset if it exists."""

    @abstractmethod
    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The content of an asset, in chunks.

        Raises:
          Absent: the release or the asset does not exist.
        """

    @abstractmethod
    def find_links(self, tag: str) -> str:
        """The value of `pip install --find-links` for the wheels of a published release."""

    @abstractmethod
    def tags(self) -> Mapping[str, str]:
        """The commit of each tag."""

    @abstractmethod
    def create_tag(self, tag: str, commit: str) -> None:
        """Ensures that a tag exists and points to a commit.

        Raises:
          Conflict: it points to another commit.
        """

    @abstractmethod
    def remove_tag(self, tag: str) -> None:
        """Removes a tag if it exists."""

    @abstractmethod
    def branch(self, name: str) -> str | None:
        """The commit of a branch; None if it does not exist."""

    @abstractmethod
    def move_branch(self, name: str, commit: str) -> None:
        """Creates a branch, or moves it to any commit, even one that is not a descendant."""

    @abstractmethod
    def lease(self, tag: str) -> AbstractContextManager[None]:
        """Gives exclusive access to a release.

        The lease of a killed process ends: immediately where the store can detect that, otherwise
        after a time that the error message names.

        Raises:
          Busy: another process holds it; the message names the process and the time.
        """
