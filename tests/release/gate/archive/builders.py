"""Archives for tests, good ones and others."""

from __future__ import annotations

import io
import lzma
import tarfile
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
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in pairs:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def tarred(
    members: Mapping[str, bytes] = GOOD,
    extra: Sequence[tarfile.TarInfo] = (),
    form: int = tarfile.USTAR_FORMAT,
) -> bytes:
    """A tar archive, not compressed."""
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
    """A tar member that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


class Found:
    """All that a reader says of an archive, and how much it handed out."""

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self.problems: list[Problem] = []
        self.content: dict[str, bytes] = {}
        self.handed_out = 0
        reader = wheel_zip if path.suffix == ".whl" else tar
        members = reader.read(path, self.problems.append, limits)
        try:
            for member in members:
                self._take(member.path, member.content)
        except ArchiveError as error:
            self.problems.append(Problem(error.check, str(error)))

    @property
    def checks(self) -> set[Check]:
        """What it found."""
        return {problem.check for problem in self.problems}

    def _take(self, path: str, chunks: Iterator[bytes]) -> None:
        parts = []
        try:
            for chunk in chunks:
                self.handed_out += len(chunk)
                parts.append(chunk)
        except ArchiveError as error:
            self.problems.append(Problem(error.check, str(error), path))
            return
        self.content[path] = b"".join(parts)


def of_wheel(directory: Path, content: bytes, limits: ArchiveLimits | None = None) -> Found:
    """What is found in these bytes as a wheel."""
    path = directory / "a.whl"
    path.write_bytes(content)
    return Found(path, limits)


def of_dist(directory: Path, content: bytes, limits: ArchiveLimits | None = None) -> Found:
    """What is found in these bytes as a dist."""
    path = directory / "a.tar.xz"
    path.write_bytes(content)
    return Found(path, limits)
