"""Makes a payload from upstream wheels: checks their contents, and splits them into parts.

Wheels are not trusted: members are decompressed and checked against CRC-32 and RECORD, native files
must be for the platform of the payload, and name, version and tags must be those of the lock file.
The compressed streams are then copied into the parts, or recompressed with this repository's
encoder to the same bytes.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.assembly import binary, content, request
from builder.assembly.archive import STORED, ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError, run
from builder.assembly.record import Line
from builder.payload import parts as payload_parts
from builder.payload import recorded
from builder.payload.index import Origin, Source
from builder.payload.parts import File, Target, build_index, by_age, place, write_parts

_REVISIONS = re.compile(r"^REVISIONS = (\{.*\})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a wheel must be, by the lock file and the platform."""

    project: str
    """Name of the upstream project."""
    version: str
    """Its version."""
    platform: str
    """Name of the platform, or "any" for wheels without native files."""
    system: str
    """linux, windows, macos or any."""
    cpu: str
    """x86_64, aarch64 or any."""

    @property
    def target(self) -> Target:
        """What native files must be for."""
        return Target(self.platform, self.system, self.cpu)


class UpstreamWheel:
    """A wheel whose files all match its RECORD."""

    def __init__(self, reader: ArchiveReader, python_tag: str, expected: Expected) -> None:
        """Checks the wheel behind `reader`.

        Raises:
          PackagingError: the wheel is invalid or unexpected; the message names file and cause.
        """
        self.reader = reader
        self.python_tag = python_tag
        self.name = reader.path.name
        self._expected = expected
        self._dist_info = self._find_dist_info()
        self._check_metadata()
        self.files: Mapping[str, File] = self._check_files()

    def revision(self) -> str | None:
        """Returns the source commit that a version module names, or None."""
        for name in self.files:
            if PurePosixPath(name).name == "version.py":
                found = _REVISIONS.search(self.reader.read(name).decode())
                if found:
                    revisions = ast.literal_eval(found.group(1))
                    return str(revisions["IREE"]) if "IREE" in revisions else None
        return None

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:
        """Copies a member without decompressing it, or recompresses it."""
        entry = self.reader.entries[path]
        if recompress or entry.method == STORED:
            writer.add(path, self.reader.inflate(entry), entry.mode)
        else:
            writer.copy(self.reader, entry)

    def _find_dist_info(self) -> str:
        directories = {name.split("/")[0] for name in self.reader.entries}
        found = sorted(directory for directory in directories if directory.endswith(".dist-info"))
        if len(found) != 1:
            raise self._error(f"{len(found)} .dist-info directories instead of one")
        return found[0]

    def _check_metadata(self) -> None:
        metadata = self._headers("METADATA")
        name, version = metadata["Name"] or "", metadata["Version"] or ""
        if canonicalize_name(name) != canonicalize_name(self._expected.project):
            raise self._error(f"METADATA has name {name} instead of {self._expected.project}")
        try:
            matches = Version(version) == Version(self._expected.version)
        except InvalidVersion:
            matches = False
        if not matches:
            raise self._error(f"METADATA has version {version} instead of {self._expected.version}")
        tags = self._headers("WHEEL").get_all("Tag", [])
        if not any(tag.split("-")[0] == self.python_tag for tag in tags):
            raise self._error(f"its tags are {', '.join(tags)}, not for {self.python_tag}")

    def _headers(self, name: str) -> Any:
        content = self.reader.read(f"{self._dist_info}/{name}")
        try:
            return HeaderParser().parsestr(content.decode())
        except UnicodeDecodeError as error:
            raise self._error(f"{name} is not UTF-8") from error

    def _check_files(self) -> dict[str, File]:
        record_path = f"{self._dist_info}/RECORD"
        try:
            lines = recorded.read(self.reader.read(record_path), record_path)
        except PackagingError as error:
            raise self._error(str(error)) from error
        present = self.reader.entries.keys() - {record_path}
        for path in sorted(lines.keys() - present):
            raise self._error(f"RECORD lists {path}, which the wheel lacks")
        for path in sorted(present - lines.keys()):
            raise self._error(f"{path} is not in RECORD")
        return {path: self._check_file(lines[path]) for path in sorted(present)}

    def _check_file(self, line: Line) -> File:
        entry = self.reader.entries[line.path]
        digest = hashlib.sha256()
        header = b""
        for chunk in self.reader.inflate(entry):
            if len(header) < binary.HEADER_BYTES:
                header += chunk[: binary.HEADER_BYTES]
            digest.update(chunk)
        if entry.size != line.size or digest.hexdigest() != line.sha256:
            raise self._error(f"{line.path} does not match its digest and size in RECORD")
        native = binary.identify(header)
        if native is not None and (cause := self._expected.target.mismatch(native)):
            raise self._error(f"{line.path} {cause}")
        role = payload_parts.role(line.path, native=native is not None, dist_info=self._dist_info)
        return File(role, line.sha256, line.size, entry.mode)

    def _error(self, cause: str) -> PackagingError:
        return PackagingError(f"{self.reader.path.name}: {cause}")


def ingest(
    expected: Expected,
    wheels: Mapping[str, Path],
    large: Mapping[str, str],
    parts: Mapping[str, Path],
    index: Path,
    *,
    recompress: bool = False,
) -> None:
    """Makes the parts and the index of a payload from upstream wheels.

    Args:
      expected: what the wheels must be.
      wheels: the wheels by Python tag, oldest Python first.
      large: names of the parts of large files, by the path of the file.
      parts: where to write each part, by name.
      index: where to write the index.
      recompress: whether to recompress streams instead of copying them.

    Raises:
      PackagingError: a wheel is invalid; no index is written.
    """
    with contextlib.ExitStack() as stack:
        upstream = [
            UpstreamWheel(stack.enter_context(ArchiveReader(path)), tag, expected)
            for tag, path in wheels.items()
        ]
        placements = place(upstream, large, "products/iree/payload/prebuilt.bzl")
        every = chain.from_iterable(placed.values() for placed in placements.values())
        write_parts(every, parts, recompress=recompress)
        origin = Origin(
            kind="prebuilt",
            project=expected.project,
            version=expected.version,
            revision=upstream[-1].revision(),
            sources=tuple(Source(w.name, content.sha256(w.reader.path)) for w in upstream),
        )
        index.write_text(build_index(expected.platform, origin, placements).to_json())


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    ingest(
        Expected(**options["expected"]),
        {tag: Path(path) for tag, path in by_age(options["wheels"])},
        options["large"],
        {name: Path(path) for name, path in options["parts"].items()},
        Path(options["index"]),
        recompress=options["recompress"],
    )


if __name__ == "__main__":
    run(main)
