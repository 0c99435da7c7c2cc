"""Universal files contain every slice unchanged, and payloads only merge if all slices match."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import lief
import pytest
from macholib import mach_o
from macholib.MachO import MachO

from builder.assembly import binary, fat
from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError
from builder.payload import index as payload_index
from builder.payload.index import Index, Member, Origin, Source
from builder.payload.universal import Slice, merge

X86_64, ARM64 = 0x01000007, 0x0100000C
FILES = {"mine/__init__.py": b"# mine\n", "mine/tool": b"native"}


def macho(cpu: int, body: bytes = b"") -> bytes:
    """Returns a Mach-O program without load commands."""
    return struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 2, 0, 0, 0, 0) + body


def universal(*thin: bytes) -> bytes:
    """Returns the universal file of thin ones."""
    slices = [fat.thin(content, len(content)) for content in thin]
    assert None not in slices
    found = [part for part in slices if part is not None]
    made = b"".join(fat.fat(found, [[content] for content in thin]))
    assert len(made) == fat.fat_size(found)
    return made


@pytest.mark.parametrize("length", [0, 1, 16384 - 32, 16384, 100_000])
def test_every_slice_is_unchanged(length: int) -> None:
    """Catches: an offset that is off by a header, or a page."""
    thin = [macho(ARM64, b"a" * length), macho(X86_64, b"x" * (length + 1))]
    made = universal(*thin)
    magic, count = struct.unpack_from(">II", made)
    assert (magic, count) == (mach_o.FAT_MAGIC, 2)
    for number, content in enumerate(thin):
        _, _, offset, size, align = struct.unpack_from(">IIIII", made, 8 + 20 * number)
        assert offset % (1 << align) == 0
        assert made[offset : offset + size] == content


def test_others_read_it(tmp_path: Path) -> None:
    """LIEF, macholib and our own reader agree on what is in it."""
    path = tmp_path / "universal"
    path.write_bytes(universal(macho(ARM64, bytes(64)), macho(X86_64, bytes(64))))
    parsed = lief.MachO.parse(path)
    assert parsed is not None
    assert {part.header.cpu_type.name for part in parsed} == {"ARM64", "X86_64"}
    seen = MachO(str(path))  # type: ignore[no-untyped-call]
    assert {header.header.cputype for header in seen.headers} == {ARM64, X86_64}
    own = binary.identify(path.read_bytes()[: binary.HEADER_BYTES])
    assert own is not None
    assert own.cpus == {"aarch64", "x86_64"}


def test_one_processor_twice_is_refused() -> None:
    with pytest.raises(PackagingError, match="for the same processor"):
        universal(macho(ARM64), macho(ARM64, b"other"))


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\xca\xfe\xba\xbe" + bytes(60)])
def test_what_is_no_thin_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tool").write_bytes(content)
    with pytest.raises(PackagingError, match="tool: not a Mach-O file for one processor"):
        fat.write([tmp_path / "tool"], tmp_path / "out")


def payload(directory: Path, platform: str, files: Mapping[str, bytes]) -> Slice:
    """Makes a payload of one part."""
    directory.mkdir()
    part = directory / "common.zip"
    members = []
    with ArchiveWriter(part) as writer:
        for path, content in sorted(files.items()):
            writer.add(path, [content], 0o755)
            digest = hashlib.sha256(content).hexdigest()
            members.append(Member(path, "data", "common.zip", digest, len(content), 0o755))
    origin = Origin("cmake", "mine", "1.0", None, (Source("mine", platform),))
    made = Index(platform=platform, origin=origin, members={"cp311": tuple(members)})
    return Slice(made, {"common.zip": ArchiveReader(part)})


def merged(directory: Path, *slices: Slice) -> tuple[Index, dict[str, bytes]]:
    """Merges payloads, and returns the index and the files of the result."""
    part, written = directory / "merged.zip", directory / "index.json"
    with contextlib.ExitStack() as stack:
        for reader in (reader for slice_ in slices for reader in slice_.parts.values()):
            stack.enter_context(reader)
        merge("macos_universal2", slices, {"common.zip": part}, written)
    found = payload_index.read(written)
    with ArchiveReader(part) as reader:
        return found, {path: reader.read(path) for path in reader.entries}


def two(tmp_path: Path, arm: Mapping[str, bytes], intel: Mapping[str, bytes]) -> list[Slice]:
    """Makes the payloads for both processors."""
    return [
        payload(tmp_path / "arm", "macos_arm64", {**FILES, "mine/tool": macho(ARM64), **arm}),
        payload(tmp_path / "intel", "macos_x86_64", {**FILES, "mine/tool": macho(X86_64), **intel}),
    ]


def test_native_files_become_universal_and_others_stay(tmp_path: Path) -> None:
    found, files = merged(tmp_path, *two(tmp_path, {}, {}))
    assert found.platform == "macos_universal2"
    assert files["mine/__init__.py"] == FILES["mine/__init__.py"]
    assert files["mine/tool"] == universal(macho(ARM64), macho(X86_64))
    for member in found.of("cp311"):
        content = files[member.path]
        assert (member.sha256, member.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert [source.sha256 for source in found.origin.sources] == ["macos_arm64", "macos_x86_64"]


def test_a_file_in_only_one_slice_is_refused(tmp_path: Path) -> None:
    """Catches: a wheel with the tag universal2 that lacks files for one processor."""
    slices = two(tmp_path, {}, {"mine/more": macho(X86_64)})
    with pytest.raises(PackagingError, match="mine/more is in the payload for macos_x86_64, but"):
        merged(tmp_path, *slices)


def test_a_text_that_differs_is_refused(tmp_path: Path) -> None:
    slices = two(tmp_path, {"mine/__init__.py": b"# arm\n"}, {})
    with pytest.raises(PackagingError, match="differs between macos_arm64 and macos_x86_64"):
        merged(tmp_path, *slices)


def test_a_slice_for_the_wrong_processor_is_refused(tmp_path: Path) -> None:
    slices = two(tmp_path, {}, {"mine/tool": macho(ARM64, b"again")})
    with pytest.raises(PackagingError, match="for the same processor"):
        merged(tmp_path, *slices)


def test_payloads_of_two_versions_are_refused(tmp_path: Path) -> None:
    arm, intel = two(tmp_path, {}, {})
    other = replace(intel.index, origin=replace(intel.index.origin, version="1.1"))
    with pytest.raises(PackagingError, match="cannot merge mine "):
        merged(tmp_path, arm, replace(intel, index=other))
