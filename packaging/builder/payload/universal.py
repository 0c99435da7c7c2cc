"""Merges the payloads of several macOS platforms into one for all of their processors.

Each file must be in all payloads. Native files become universal files; other files must be
identical. So every file of a wheel with the tag universal2 is for both processors.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder.assembly import fat, request
from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError, run
from builder.payload import index as payload_index
from builder.payload.index import Index, Member, Source


@dataclass(frozen=True, slots=True)
class Slice:
    """The payload of one platform."""

    index: Index
    parts: Mapping[str, ArchiveReader]

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yields the content of a file."""
        reader = self.parts[member.part]
        return reader.inflate(reader.entries[member.path])

    def thin(self, member: Member) -> fat.Thin | None:
        """Returns a file as a slice of a universal one, or None if it is not native."""
        header = b""
        for chunk in self.chunks(member):
            header += chunk
            if len(header) >= fat.THIN_HEADER_BYTES:
                break
        return fat.thin(header, member.size)


def merge(platform: str, slices: Sequence[Slice], parts: Mapping[str, Path], index: Path) -> None:
    """Makes the parts and the index of a payload for all slices.

    Args:
      platform: name of the platform that the slices make up.
      slices: the payloads.
      parts: where to write each part, by its name in the first payload.
      index: where to write the index.

    Raises:
      PackagingError: the payloads are not the same package for different processors.
    """
    first = slices[0].index
    for other in (part.index for part in slices[1:]):
        if (other.origin.project, other.origin.version) != (
            first.origin.project,
            first.origin.version,
        ):
            raise PackagingError(
                f"{platform}: cannot merge {other.origin.project} {other.origin.version} for "
                f"{other.platform} with {first.origin.project} {first.origin.version} for "
                f"{first.platform}"
            )
    merged: dict[str, dict[str, Member]] = {name: {} for name in parts}
    members: dict[str, tuple[Member, ...]] = {}
    with contextlib.ExitStack() as stack:
        writers = {name: stack.enter_context(ArchiveWriter(path)) for name, path in parts.items()}
        for tag in first.members:
            by_slice = [_by_path(part.index.of(tag)) for part in slices]
            _check_same_paths(platform, slices, by_slice)
            files = []
            for path in sorted(by_slice[0]):
                counterparts = [by_path[path] for by_path in by_slice]
                done = merged[counterparts[0].part]
                if path not in done:
                    done[path] = _write(
                        writers[counterparts[0].part], platform, slices, counterparts
                    )
                files.append(done[path])
            members[tag] = tuple(files)
    sources = {source for part in slices for source in part.index.origin.sources}
    origin = replace(first.origin, sources=tuple(sorted(sources, key=_order)))
    index.write_text(Index(platform=platform, origin=origin, members=members).to_json())


def _write(
    writer: ArchiveWriter, platform: str, slices: Sequence[Slice], counterparts: Sequence[Member]
) -> Member:
    """Writes one file for all slices, and returns its entry in the index."""
    member = counterparts[0]
    if all(other.sha256 == member.sha256 for other in counterparts):
        reader = slices[0].parts[member.part]
        writer.copy(reader, reader.entries[member.path])
        return member
    thin = [part.thin(other) for part, other in zip(slices, counterparts, strict=True)]
    natives = [found for found in thin if found is not None]
    if len(natives) != len(slices):
        raise PackagingError(
            f"{platform}: {member.path} differs between "
            f"{' and '.join(part.index.platform for part in slices)}, but is not a native file"
        )
    digest = hashlib.sha256()
    contents = [part.chunks(other) for part, other in zip(slices, counterparts, strict=True)]
    writer.add(member.path, _hashed(fat.fat(natives, contents), digest.update), member.mode)
    return replace(member, sha256=digest.hexdigest(), size=fat.fat_size(natives))


def _hashed(chunks: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        update(chunk)
        yield chunk


def _by_path(members: Iterable[Member]) -> dict[str, Member]:
    return {member.path: member for member in members}


def _check_same_paths(
    platform: str, slices: Sequence[Slice], by_slice: Sequence[Mapping[str, Member]]
) -> None:
    common = set.intersection(*(set(by_path) for by_path in by_slice))
    for part, by_path in zip(slices, by_slice, strict=True):
        for path in sorted(by_path.keys() - common):
            raise PackagingError(
                f"{platform}: {path} is in the payload for {part.index.platform}, but not in those "
                f"for all of {', '.join(other.index.platform for other in slices)}"
            )


def _order(source: Source) -> tuple[str, str]:
    return source.filename, source.sha256


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    with contextlib.ExitStack() as stack:
        slices = [
            Slice(
                payload_index.read(Path(part["index"])),
                {
                    name: stack.enter_context(ArchiveReader(Path(path)))
                    for name, path in part["parts"].items()
                },
            )
            for part in options["slices"]
        ]
        parts = {name: Path(path) for name, path in options["parts"].items()}
        merge(options["platform"], slices, parts, Path(options["index"]))


if __name__ == "__main__":
    run(main)
