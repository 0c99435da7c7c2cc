"""Puts the payloads of several macOS platforms together into one for all of their processors.

Each file must be in all of them. Native ones become universal files; of the others there must be
one content. So what is tagged universal2 is, down to the last file, for both processors.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assembly import fat, request
from assembly.archive import ArchiveReader, ArchiveWriter
from assembly.errors import PackagingError, run
from payload import index as payload_index
from payload.index import Index, Member, Source


@dataclass(frozen=True, slots=True)
class Slice:
    """The payload of one platform."""

    index: Index
    parts: Mapping[str, ArchiveReader]

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Content of a file."""
        reader = self.parts[member.part]
        return reader.inflate(reader.entries[member.path])

    def thin(self, member: Member) -> fat.Thin | None:
        """A file as a slice of a universal one; None when it is no native file."""
        header = b""
        for chunk in self.chunks(member):
            header += chunk
            if len(header) >= fat.THIN_HEADER_BYTES:
                break
        return fat.thin(header, member.size)


def merge(platform: str, slices: Sequence[Slice], parts: Mapping[str, Path], index: Path) -> None:
    """Makes the parts and the index of the payload of all slices.

    Args:
      platform: name of the platform that all of them serve together.
      slices: the payloads.
      parts: where to write each part, by its name in the first of them.
      index: where to write the index.

    Raises:
      PackagingError: they are not the same payload for different processors.
    """
    first = slices[0].index
    for other in (part.index for part in slices[1:]):
        if (other.origin.project, other.origin.version) != (
            first.origin.project,
            first.origin.version,
        ):
            raise PackagingError(
                f"{platform}: {other.platform} has {other.origin.project} {other.origin.version}, "
                f"and {first.platform} {first.origin.project} {first.origin.version}"
            )
    merged: dict[str, dict[str, Member]] = {name: {} for name in parts}
    members: dict[str, tuple[Member, ...]] = {}
    with contextlib.ExitStack() as stack:
        writers = {name: stack.enter_context(ArchiveWriter(path)) for name, path in parts.items()}
        for tag in first.members:
            of_tag = [_by_path(part.index.of(tag)) for part in slices]
            _check_same_paths(platform, slices, of_tag)
            made = []
            for path in sorted(of_tag[0]):
                alike = [by_path[path] for by_path in of_tag]
                done = merged[alike[0].part]
                if path not in done:
                    done[path] = _write(writers[alike[0].part], platform, slices, alike)
                made.append(done[path])
            members[tag] = tuple(made)
    sources = {source for part in slices for source in part.index.origin.sources}
    origin = replace(first.origin, sources=tuple(sorted(sources, key=_order)))
    index.write_text(Index(platform=platform, origin=origin, members=members).to_json())


def _write(
    writer: ArchiveWriter, platform: str, slices: Sequence[Slice], alike: Sequence[Member]
) -> Member:
    """Writes one file, of all slices; returns what it is."""
    member = alike[0]
    if all(other.sha256 == member.sha256 for other in alike):
        reader = slices[0].parts[member.part]
        writer.copy(reader, reader.entries[member.path])
        return member
    thin = [part.thin(other) for part, other in zip(slices, alike, strict=True)]
    natives = [found for found in thin if found is not None]
    if len(natives) != len(slices):
        raise PackagingError(
            f"{platform}: {member.path} differs between "
            f"{' and '.join(part.index.platform for part in slices)}, and is no native file"
        )
    digest = hashlib.sha256()
    contents = [part.chunks(other) for part, other in zip(slices, alike, strict=True)]
    writer.add(member.path, _hashed(fat.fat(natives, contents), digest.update), member.mode)
    return replace(member, sha256=digest.hexdigest(), size=fat.fat_size(natives))


def _hashed(chunks: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for chunk in chunks:
        update(chunk)
        yield chunk


def _by_path(members: Iterable[Member]) -> dict[str, Member]:
    return {member.path: member for member in members}


def _check_same_paths(
    platform: str, slices: Sequence[Slice], of_tag: Sequence[Mapping[str, Member]]
) -> None:
    everywhere = set.intersection(*(set(by_path) for by_path in of_tag))
    for part, by_path in zip(slices, of_tag, strict=True):
        for path in sorted(by_path.keys() - everywhere):
            raise PackagingError(
                f"{platform}: {path} is in the payload for {part.index.platform}, and not in all "
                f"of {', '.join(other.index.platform for other in slices)}"
            )


def _order(source: Source) -> tuple[str, str]:
    return source.filename, source.sha256


def main() -> None:
    """Runs the request named on the command line."""
    wanted = request.from_command_line()
    with contextlib.ExitStack() as stack:
        slices = [
            Slice(
                payload_index.read(Path(part["index"])),
                {
                    name: stack.enter_context(ArchiveReader(Path(path)))
                    for name, path in part["parts"].items()
                },
            )
            for part in wanted["slices"]
        ]
        parts = {name: Path(path) for name, path in wanted["parts"].items()}
        merge(wanted["platform"], slices, parts, Path(wanted["index"]))


if __name__ == "__main__":
    run(main)
