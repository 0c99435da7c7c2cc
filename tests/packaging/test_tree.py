"""Install trees become payloads: complete, for the expected platform, from any source."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from builder.assembly.archive import ArchiveReader
from builder.assembly.errors import PackagingError
from builder.payload import index
from builder.payload.parts import Target
from builder.payload.tree import Expected, digest_of, ingest
from tests.packaging.upstream import elf

FILES = {
    "lib/python/mine/__init__.py": b"# mine\n" * 30,
    "lib/python/mine/mine-tool": elf(body=b"tool " * 500),
    "lib/python/mine/libmine.so.1": elf(body=b"library " * 500),
    "lib/python/mine/_mine.abi3.so": elf(body=b"extension " * 500),
    "lib/python/mine/mine-script": b"#!/usr/bin/env python3\n",
    "share/doc/mine.txt": b"not for the wheel\n",
}
EXPECTED = Expected(
    kind="tree",
    project="mine",
    version="1.0",
    revision="abc123",
    root="lib/python",
    target=Target("linux_x86_64", "linux", "x86_64"),
    # The files here only begin like ELF files; test_cmake.py checks real ones.
    policy=None,
    where="packaging/mine/BUILD.bazel",
)


def tree(directory: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """Writes an install tree, and returns its directory."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def ingested(
    directory: Path,
    trees: Mapping[str, Path],
    expected: Expected = EXPECTED,
    large: Mapping[str, str] | None = None,
) -> tuple[index.Index, dict[str, Path]]:
    """Makes the payload of trees by Python tag, and returns its index and parts."""
    metadata = directory / "METADATA"
    metadata.write_text("Metadata-Version: 2.4\nName: mine\nVersion: 0\n")
    large = large or {}
    names = [*large.values(), "common.zip", *(f"{tag}.zip" for tag in trees)]
    parts = {name: directory / name for name in names}
    sources = {tag: {path.name: path} for tag, path in trees.items()}
    written = directory / "index.json"
    ingest(expected, trees, {"METADATA": metadata}, sources, large, parts, written)
    return index.read(written), parts


def error_of(directory: Path, path: Path, expected: Expected = EXPECTED) -> str:
    """Returns the error message for a tree."""
    with pytest.raises(PackagingError) as caught:
        ingested(directory, {"cp311": path}, expected)
    return str(caught.value)


def test_every_file_in_the_root_gets_a_role(tmp_path: Path) -> None:
    found, parts = ingested(tmp_path, {"cp311": tree(tmp_path / "tree")})
    members = {member.path: member for member in found.of("cp311")}
    assert {path: member.role for path, member in members.items()} == {
        "mine.dist-info/METADATA": "metadata",
        "mine/__init__.py": "data",
        "mine/_mine.abi3.so": "extension",
        "mine/libmine.so.1": "library",
        "mine/mine-script": "data",
        "mine/mine-tool": "tool",
    }
    for path, member in members.items():
        with ArchiveReader(parts[member.part]) as part:
            content = part.read(path)
        assert hashlib.sha256(content).hexdigest() == member.sha256
        plain = path.endswith((".py", "METADATA"))
        assert member.mode == (0o644 if plain else 0o755), path


def test_the_origin_names_the_sources(tmp_path: Path) -> None:
    found, _ = ingested(tmp_path, {"cp311": tree(tmp_path / "tree")})
    origin = found.origin
    assert (origin.kind, origin.project, origin.version) == ("tree", "mine", "1.0")
    assert origin.revision == "abc123"
    assert [source.filename for source in origin.sources] == ["cp311"]
    changed = tree(tmp_path / "changed", {**FILES, "share/doc/mine.txt": b"changed\n"})
    other, _ = ingested(tmp_path, {"cp311": changed})
    assert other.origin.sources != origin.sources


def test_the_digest_of_a_directory_does_not_depend_on_its_path(tmp_path: Path) -> None:
    """Catches: the name of a Bazel configuration in the origin of a dist."""
    one, _ = ingested(tmp_path, {"cp311": tree(tmp_path / "one")})
    other, _ = ingested(tmp_path, {"cp311": tree(tmp_path / "another/place")})
    assert one.origin.sources == other.origin.sources


def test_the_digest_of_files_does_not_depend_on_their_paths(tmp_path: Path) -> None:
    """Catches: the same for a generated source, by a rule that is built for two platforms."""
    digests = set()
    for configuration in ("k8-fastbuild", "k8-fastbuild-ST-0123"):
        made = tmp_path / "bazel-out" / configuration / "bin/mine"
        tree(made, {"a.c": b"int a;\n", "b.c": b"int b;\n"})
        digests.add(digest_of({f"mine/{name}": made / name for name in ("b.c", "a.c")}))
    assert len(digests) == 1
    assert digest_of({"mine/a.c": made / "a.c", "mine/c.c": made / "b.c"}) not in digests


def test_what_trees_share_is_stored_once(tmp_path: Path) -> None:
    """Catches: a copy of the library in the part of each Python."""
    trees = {
        tag: tree(
            tmp_path / tag, {**FILES, "lib/python/mine/_mine.abi3.so": elf(body=tag.encode() * 99)}
        )
        for tag in ("cp311", "cp312")
    }
    found, _ = ingested(tmp_path, trees, large={"mine/libmine.so.1": "libmine.so.1.zip"})
    for tag in trees:
        part_of = {member.path: member.part for member in found.of(tag)}
        assert part_of["mine/libmine.so.1"] == "libmine.so.1.zip"
        assert part_of["mine/mine-tool"] == "common.zip"
        assert part_of["mine/_mine.abi3.so"] == f"{tag}.zip"


def packed_tar(directory: Path, path: Path) -> Path:
    """Packs a tree as a tar archive."""
    with tarfile.open(path, "w:xz") as archive:
        archive.add(directory, arcname=".")
    return path


def packed_zip(directory: Path, path: Path) -> Path:
    """Packs a tree as a ZIP archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(directory.rglob("*")):
            archive.write(file, file.relative_to(directory))
    return path


@pytest.mark.parametrize(("pack", "name"), [(packed_tar, "t.tar.xz"), (packed_zip, "t.zip")])
def test_an_archive_gives_the_same_payload_as_its_directory(
    tmp_path: Path, pack: Callable[[Path, Path], Path], name: str
) -> None:
    directory = tree(tmp_path / "tree")
    plain, _ = ingested(tmp_path, {"cp311": directory})
    packed, _ = ingested(tmp_path, {"cp311": pack(directory, tmp_path / name)})
    assert packed.of("cp311") == plain.of("cp311")
    (source,) = packed.origin.sources
    assert source.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("mode", [0o444, 0o555, 0o755, 0o600], ids=oct)
@pytest.mark.parametrize("pack", [None, packed_tar, packed_zip])
def test_neither_modes_nor_times_of_a_tree_matter(
    tmp_path: Path, mode: int, pack: Callable[[Path, Path], Path] | None
) -> None:
    """Catches: a wheel that depends on whether files were built here or restored from a cache."""
    made = []
    for name in ("as installed", "restored"):
        directory = tree(tmp_path / name / "tree")
        files = [path for path in directory.rglob("*") if path.is_file()]
        for path in files:
            path.chmod(mode if name == "restored" else 0o755 if "tool" in path.name else 0o644)
            os.utime(path, (1_000_000_000 + len(name),) * 2)
        source = pack(directory, tmp_path / name / "packed") if pack else directory
        found, parts = ingested(tmp_path / name, {"cp311": source})
        made.append((found.of("cp311"), [path.read_bytes() for path in parts.values()]))
    assert made[0] == made[1]


def test_links_to_files_become_files(tmp_path: Path) -> None:
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/libmine.so").symlink_to("libmine.so.1")
    found, _ = ingested(tmp_path, {"cp311": directory})
    members = {member.path: member for member in found.of("cp311")}
    assert members["mine/libmine.so"].sha256 == members["mine/libmine.so.1"].sha256


def test_links_to_directories_become_directories(tmp_path: Path) -> None:
    """Catches: files that exist only where Bazel passes a tree file by file."""
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/alias").symlink_to("mine")
    found, _ = ingested(tmp_path, {"cp311": directory})
    paths = {member.path for member in found.of("cp311")}
    assert {path.replace("mine/", "alias/") for path in paths if path.startswith("mine/")} <= paths


def test_a_link_to_a_directory_that_contains_it_is_refused(tmp_path: Path) -> None:
    """Catches: endless recursion."""
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/again").symlink_to("..")
    assert error_of(tmp_path, directory).endswith("again is a link to a directory that contains it")


def test_a_link_in_a_zip_archive_is_refused(tmp_path: Path) -> None:
    """Catches: a library that contains only the name of another."""
    path = tmp_path / "tree.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("lib/python/libmine.so")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "libmine.so.1")
    message = error_of(tmp_path, path)
    assert message.endswith("(lib/python/libmine.so is a link; use a tar archive)")


def test_a_link_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not yours")
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/leak").symlink_to("../../../../secret")
    assert error_of(tmp_path, directory).startswith(
        "packaging/mine/BUILD.bazel: the tree of mine for cp311: mine/leak is a link to "
    )


def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/gone").symlink_to("nowhere")
    assert error_of(tmp_path, directory).endswith("mine/gone is a dangling link")


def test_a_missing_root_is_named_with_the_existing_directories(tmp_path: Path) -> None:
    message = error_of(tmp_path, tree(tmp_path / "tree"), replace(EXPECTED, root="python_packages"))
    assert message.endswith("no directory python_packages; the tree contains lib, share")


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    message = error_of(tmp_path, tmp_path / "tree", replace(EXPECTED, root=""))
    assert message.endswith("the tree is empty")


def test_a_tree_for_another_machine_is_refused(tmp_path: Path) -> None:
    """Catches: the artifact of another CI job."""
    expected = replace(EXPECTED, target=Target("linux_aarch64", "linux", "aarch64"))
    message = error_of(tmp_path, tree(tmp_path / "tree"), expected)
    assert message.endswith("is a linux file for x86_64, not for the platform linux_aarch64")


def test_an_unreadable_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tree.tar.xz"
    path.write_bytes(b"<html>404</html>")
    assert error_of(tmp_path, path).startswith(
        "packaging/mine/BUILD.bazel: tree.tar.xz is neither a directory nor a readable archive"
    )


def test_an_archive_with_a_path_outside_of_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tree.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("../../escaped")
        archive.addfile(info)
    assert "neither a directory nor a readable archive" in error_of(tmp_path, path)
    assert not (tmp_path.parent / "escaped").exists()


def test_a_missing_large_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="mine/other is missing, which packaging/mine/BUILD"):
        ingested(tmp_path, {"cp311": tree(tmp_path / "t")}, large={"mine/other": "other.zip"})
