"""Builders of valid and invalid archives, and a reader that collects their problems."""

from __future__ import annotations

import io
import lzma
import tarfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from release.gate.archive import tar
from release.gate.archive import zip as wheel_zip
from release.gate.archive.member import ArchiveError, ArchiveLimits, Problem
from release.model.finding import Check

GOOD: Mapping[str, bytes] = {
    "iree/runtime/__init__.py": b"VERSION = '1'\n",
    "iree/runtime/data.bin": bytes(range(256)) * 300,
    "iree_runtime-1.dist-info/METADATA": b"Name: iree-runtime\n",
}


def zipped(
    members: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = GOOD,
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A ZIP archive."""
    pairs = members.items() if isinstance(members, Mapping) else members
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive, warnings.catch_warnings():
        # A hostile archive may have a name twice, which zipfile warns of.
        warnings.simplefilter("ignore", UserWarning)
        for name, content in pairs:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def tarred(
    members: Mapping[str, bytes] = GOOD,
    extra: Sequence[tarfile.TarInfo] = (),
    form: int = tarfile.USTAR_FORMAT,
) -> bytes:
    """An uncompressed tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def xz(content: bytes) -> bytes:
    """The content as an xz stream."""
    return lzma.compress(content, preset=0)


def special(name: str, kind: bytes, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """A tar member that is not a plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


class ReadResult:
    """The content and problems of an archive, and how many bytes its reader yielded."""

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self.problems: list[Problem] = []
        self.content: dict[str, bytes] = {}
        self.yielded = 0
        reader = wheel_zip if path.suffix == ".whl" else tar
        members = reader.read(path, self.problems.append, limits)
        try:
            for member in members:
                self._read(member.path, member.content)
        except ArchiveError as error:
            self.problems.append(Problem(error.check, str(error)))

    @property
    def checks(self) -> set[Check]:
        """The checks that failed."""
        return {problem.check for problem in self.problems}

    def _read(self, path: str, chunks: Iterator[bytes]) -> None:
        parts = []
        try:
            for chunk in chunks:
                self.yielded += len(chunk)
                parts.append(chunk)
        except ArchiveError as error:
            self.problems.append(Problem(error.check, str(error), path))
            return
        self.content[path] = b"".join(parts)


def read_wheel(directory: Path, content: bytes, limits: ArchiveLimits | None = None) -> ReadResult:
    """Reads these bytes as a wheel."""
    path = directory / "a.whl"
    path.write_bytes(content)
    return ReadResult(path, limits)


def read_dist(directory: Path, content: bytes, limits: ArchiveLimits | None = None) -> ReadResult:
    """Reads these bytes as a dist."""
    path = directory / "a.tar.xz"
    path.write_bytes(content)
    return ReadResult(path, limits)
