"""Reads an archive: each member once, in chunks, without holding a large one in memory.

Only text and the facts in native files' headers are kept. A native file is copied to a temporary
file, because its headers refer to all parts of it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath

from release.gate.archive import tar
from release.gate.archive import zip as wheel_zip
from release.gate.archive.member import ArchiveError, Member, Problem
from release.gate.binary import facts, parse
from release.gate.binary.facts import Binary, BinaryError
from release.gate.scan import Scanner, Traces
from release.model.finding import Check, Finding

_HEADER = 4096  # bytes that identify a native file
_TEXT = frozenset({".cmake", ".json", ".md", ".py", ".pyi", ".toml", ".txt"})
_LARGEST_TEXT = 16 << 20
_SYSTEMS = {"elf": "linux", "pe": "windows", "macho": "macos"}


@dataclass(slots=True)
class ArchiveContent:
    """The content of a wheel or a dist."""

    file: str
    """Name of the archive."""
    findings: list[Finding] = field(default_factory=list)
    """Problems with the archive and its streams."""
    digests: dict[str, tuple[str, int]] = field(default_factory=dict)
    """sha256 in hex and size in bytes of every readable file, by path."""
    modes: dict[str, int] = field(default_factory=dict)
    """Permission bits of files."""
    links: dict[str, str] = field(default_factory=dict)
    """Targets of links, relative to the root."""
    candidate_version: str | None = None
    """The version of the candidate that it was promoted from, to be searched for."""
    declared_texts: Set[str] = frozenset()
    """Paths of files that are text, whatever their suffix."""
    texts: dict[str, bytes] = field(default_factory=dict)
    """Content of text files, by path."""
    binaries: dict[str, Binary] = field(default_factory=dict)
    """Native files, by path."""
    traces: dict[str, Traces] = field(default_factory=dict)
    """Version stamps and build paths found in native files and texts, by path."""

    @property
    def members(self) -> set[str]:
        """Paths of files and links."""
        return {*self.digests, *self.links}

    def add_finding(self, check: Check, message: str, member: str = "") -> None:
        """Adds a finding."""
        self.findings.append(Finding(self.file, check, message, member=member))


def read(
    path: Path,
    advance: Callable[[int], None] = lambda _: None,
    *,
    candidate_version: str | None = None,
    declared_texts: Set[str] = frozenset(),
) -> ArchiveContent:
    """Reads an archive: a .whl file as a wheel, any other as a dist.

    Args:
      path: the archive.
      advance: called with the number of bytes read, after each read.
      candidate_version: the version of the candidate that it was promoted from.
      declared_texts: paths of files that are text, whatever their suffix.
    """
    content = ArchiveContent(
        path.name, candidate_version=candidate_version, declared_texts=declared_texts
    )

    def report(problem: Problem) -> None:
        content.add_finding(problem.check, problem.message, problem.member)

    members = (wheel_zip if path.suffix == ".whl" else tar).read(path, report, advance=advance)
    try:
        for member in members:
            try:
                _read_member(member, content)
            except ArchiveError as error:
                content.add_finding(error.check, str(error), member.path)
                if path.suffix != ".whl":  # a tar reader cannot find the next member
                    break
    except (ArchiveError, OSError) as error:
        check = error.check if isinstance(error, ArchiveError) else Check.ARCHIVE_BROKEN
        content.add_finding(check, str(error))
    return content


def _read_member(member: Member, content: ArchiveContent) -> None:
    if member.kind == "link":
        content.links[member.path] = member.target
    if member.kind != "file":
        return
    chunks = iter(member.content)
    header = b""
    while len(header) < _HEADER and (chunk := next(chunks, None)) is not None:
        header += chunk
    kind = facts.identify(header)
    if kind:
        digest, size = _read_native(chain([header], chunks), member, kind, content)
    else:
        digest, size = _read_other(chain([header], chunks), member, content)
    content.digests[member.path] = (digest, size)
    content.modes[member.path] = member.mode


def _read_native(
    chunks: Iterable[bytes], member: Member, kind: str, content: ArchiveContent
) -> tuple[str, int]:
    digest = hashlib.sha256()
    scanner = Scanner(_SYSTEMS[kind], content.candidate_version)
    with tempfile.NamedTemporaryFile(prefix="gate-") as file:
        for chunk in chunks:
            digest.update(chunk)
            scanner.feed(chunk)
            file.write(chunk)
        file.flush()
        try:
            content.binaries[member.path] = parse.read(Path(file.name))
        except BinaryError as error:
            content.add_finding(Check.BINARY_BROKEN, str(error), member.path)
        size = file.tell()
    content.traces[member.path] = scanner.finish()
    return digest.hexdigest(), size


def _read_other(
    chunks: Iterable[bytes], member: Member, content: ArchiveContent
) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    path = PurePosixPath(member.path)
    is_text = (
        path.suffix in _TEXT
        or path.suffix == ""
        or path.parts[0].endswith(".dist-info")
        or member.path in content.declared_texts
    )
    scanner = Scanner(None, content.candidate_version) if is_text else None
    text = bytearray()
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if scanner and size <= _LARGEST_TEXT:
            scanner.feed(chunk)
            text += chunk
    if scanner:
        content.traces[member.path] = scanner.finish()
    if scanner and size <= _LARGEST_TEXT:
        content.texts[member.path] = bytes(text)
    return digest.hexdigest(), size
