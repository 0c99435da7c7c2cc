"""Takes in upstream wheels: checks every byte, and cuts them into the parts of a payload.

Nothing of a wheel is believed: its members are inflated and held against their CRC-32 and
against RECORD, native files must be for the platform the payload claims, names, versions and
tags must be those of the lock file. The compressed streams then move into the parts as they are
(or, asked to recompress, are made anew by our own encoder, to the same bytes).
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

from assembly import binary, content, request
from assembly.archive import STORED, ArchiveReader, ArchiveWriter
from assembly.errors import PackagingError, run
from assembly.record import Line
from payload import parts as payload_parts
from payload import recorded
from payload.index import Origin, Source
from payload.parts import File, Target, build_index, by_age, place, write_parts

_REVISIONS = re.compile(r"^REVISIONS = (\{.*\})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the lock file and the platform say that a wheel is."""

    project: str
    """Name of the upstream project."""
    version: str
    """Its version."""
    platform: str
    """Name of the platform, or any for wheels without native files."""
    system: str
    """linux, windows, macos, or any."""
    cpu: str
    """x86_64, aarch64, or any."""

    @property
    def target(self) -> Target:
        """What native files must be for."""
        return Target(self.platform, self.system, self.cpu)


class UpstreamWheel:
    """A wheel, every byte of which has been held against its RECORD."""

    def __init__(self, reader: ArchiveReader, python_tag: str, expected: Expected) -> None:
        """Checks the wheel behind `reader`.

        Raises:
          PackagingError: something is not as it must be; the message names file and cause.
        """
        self.reader = reader
        self.python_tag = python_tag
        self.name = reader.path.name
        self._expected = expected
        self._dist_info = self._find_dist_info()
        self._check_metadata()
        self.files: Mapping[str, File] = self._check_files()

    def revision(self) -> str | None:
        """The source commit that a version module names, or None."""
        for name in self.files:
            if PurePosixPath(name).name == "version.py":
                found = _REVISIONS.search(self.reader.read(name).decode())
                if found:
                    revisions = ast.literal_eval(found.group(1))
                    return str(revisions["IREE"]) if "IREE" in revisions else None
        return None

    def add_to(self, writer: ArchiveWriter, path: str, *, recompress: bool) -> None:
        """Copies a member as it is compressed or, asked to recompress, makes its stream anew."""
        entry = self.reader.entries[path]
        if recompress or entry.method == STORED:
            writer.add(path, self.reader.inflate(entry), entry.mode)
        else:
            writer.copy(self.reader, entry)

    def _find_dist_info(self) -> str:
        directories = {name.split("/")[0] for name in self.reader.entries}
        found = sorted(directory for directory in directories if directory.endswith(".dist-info"))
        if len(found) != 1:
            raise self._refuse(f"it has {len(found)} .dist-info directories, a wheel has one")
        return found[0]

    def _check_metadata(self) -> None:
        metadata = self._headers("METADATA")
        name, version = metadata["Name"] or "", metadata["Version"] or ""
        if canonicalize_name(name) != canonicalize_name(self._expected.project):
            raise self._refuse(f"METADATA names {name}, not {self._expected.project}")
        try:
            right = Version(version) == Version(self._expected.version)
        except InvalidVersion:
            right = False
        if not right:
            raise self._refuse(f"METADATA gives version {version}, not {self._expected.version}")
        tags = self._headers("WHEEL").get_all("Tag", [])
        if not any(tag.split("-")[0] == self.python_tag for tag in tags):
            raise self._refuse(f"it is tagged {', '.join(tags)}, not for {self.python_tag}")

    def _headers(self, name: str) -> Any:
        content = self.reader.read(f"{self._dist_info}/{name}")
        try:
            return HeaderParser().parsestr(content.decode())
        except UnicodeDecodeError as error:
            raise self._refuse(f"{name} is not UTF-8") from error

    def _check_files(self) -> dict[str, File]:
        record_path = f"{self._dist_info}/RECORD"
        try:
            lines = recorded.read(self.reader.read(record_path), record_path)
        except PackagingError as error:
            raise self._refuse(str(error)) from error
        present = self.reader.entries.keys() - {record_path}
        for path in sorted(lines.keys() - present):
            raise self._refuse(f"RECORD lists {path}, which is not in it")
        for path in sorted(present - lines.keys()):
            raise self._refuse(f"{path} is not in RECORD")
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
            raise self._refuse(f"{line.path} is not the file that RECORD describes")
        native = binary.identify(header)
        if native is not None and (cause := self._expected.target.refusal(native)):
            raise self._refuse(f"{line.path} {cause}")
        role = payload_parts.role(line.path, native=native is not None, dist_info=self._dist_info)
        return File(role, line.sha256, line.size, entry.mode)

    def _refuse(self, cause: str) -> PackagingError:
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
      large: part names of the files that get a part of their own, by path.
      parts: where to write each part, by name.
      index: where to write the index.
      recompress: whether to make every stream anew instead of copying it.

    Raises:
      PackagingError: a wheel was refused; nothing usable is left behind.
    """
    with contextlib.ExitStack() as stack:
        upstream = [
            UpstreamWheel(stack.enter_context(ArchiveReader(path)), tag, expected)
            for tag, path in wheels.items()
        ]
        placements = place(upstream, large, "packaging/payload/prebuilt.bzl")
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
    wanted = request.from_command_line()
    ingest(
        Expected(**wanted["expected"]),
        {tag: Path(path) for tag, path in by_age(wanted["wheels"])},
        wanted["large"],
        {name: Path(path) for name, path in wanted["parts"].items()},
        Path(wanted["index"]),
        recompress=wanted["recompress"],
    )


if __name__ == "__main__":
    run(main)
