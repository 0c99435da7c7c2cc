"""Install trees are taken in as payload: whole, for the right machine, from wherever they are."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assembly.archive import ArchiveReader
from assembly.errors import PackagingError
from payload import index
from payload.parts import Target
from payload.tree import Expected, digest_of, take_in
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
    # The files here are ELF by their first bytes alone; test_cmake.py holds real ones.
    policy=None,
    where="packaging/mine/BUILD.bazel",
)


def tree(directory: Path, files: Mapping[str, bytes] = FILES) -> Path:
    """An install tree."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def taken(
    directory: Path,
    trees: Mapping[str, Path],
    expected: Expected = EXPECTED,
    large: Mapping[str, str] | None = None,
) -> tuple[index.Index, dict[str, Path]]:
    """The index of the payload of trees by Python tag, and its parts."""
    metadata = directory / "METADATA"
    metadata.write_text("Metadata-Version: 2.4\nName: mine\nVersion: 0\n")
    large = large or {}
    names = [*large.values(), "common.zip", *(f"{tag}.zip" for tag in trees)]
    parts = {name: directory / name for name in names}
    sources = {tag: {path.name: path} for tag, path in trees.items()}
    written = directory / "index.json"
    take_in(expected, trees, {"METADATA": metadata}, sources, large, parts, written)
    return index.read(written), parts


def refused(directory: Path, path: Path, expected: Expected = EXPECTED) -> str:
    """What is said of a tree that is not taken in."""
    with pytest.raises(PackagingError) as caught:
        taken(directory, {"cp311": path}, expected)
    return str(caught.value)


def test_every_file_below_the_root_is_there_with_its_role(tmp_path: Path) -> None:
    found, parts = taken(tmp_path, {"cp311": tree(tmp_path / "tree")})
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


def test_the_origin_names_what_it_was_made_of(tmp_path: Path) -> None:
    found, _ = taken(tmp_path, {"cp311": tree(tmp_path / "tree")})
    origin = found.origin
    assert (origin.kind, origin.project, origin.version) == ("tree", "mine", "1.0")
    assert origin.revision == "abc123"
    assert [source.filename for source in origin.sources] == ["cp311"]
    changed = tree(tmp_path / "changed", {**FILES, "share/doc/mine.txt": b"changed\n"})
    other, _ = taken(tmp_path, {"cp311": changed})
    assert other.origin.sources != origin.sources


def test_the_digest_of_a_directory_does_not_tell_where_it_lies(tmp_path: Path) -> None:
    """Catches: Bazel's name for a configuration in what a dist says of its origin."""
    one, _ = taken(tmp_path, {"cp311": tree(tmp_path / "one")})
    other, _ = taken(tmp_path, {"cp311": tree(tmp_path / "another/place")})
    assert one.origin.sources == other.origin.sources


def test_the_digest_of_files_does_not_tell_where_they_lie(tmp_path: Path) -> None:
    """Catches: the same for a source that is made, by a rule that is built for two platforms."""
    digests = set()
    for configuration in ("k8-fastbuild", "k8-fastbuild-ST-0123"):
        made = tmp_path / "bazel-out" / configuration / "bin/mine"
        tree(made, {"a.c": b"int a;\n", "b.c": b"int b;\n"})
        digests.add(digest_of({f"mine/{name}": made / name for name in ("b.c", "a.c")}))
    assert len(digests) == 1
    assert digest_of({"mine/a.c": made / "a.c", "mine/c.c": made / "b.c"}) not in digests


def test_what_trees_share_is_held_once(tmp_path: Path) -> None:
    """Catches: the library in the part of each Python."""
    trees = {
        tag: tree(
            tmp_path / tag, {**FILES, "lib/python/mine/_mine.abi3.so": elf(body=tag.encode() * 99)}
        )
        for tag in ("cp311", "cp312")
    }
    found, _ = taken(tmp_path, trees, large={"mine/libmine.so.1": "libmine.so.1.zip"})
    for tag in trees:
        places = {member.path: member.part for member in found.of(tag)}
        assert places["mine/libmine.so.1"] == "libmine.so.1.zip"
        assert places["mine/mine-tool"] == "common.zip"
        assert places["mine/_mine.abi3.so"] == f"{tag}.zip"


def packed_tar(directory: Path, path: Path) -> Path:
    """The tree as a tar archive."""
    with tarfile.open(path, "w:xz") as archive:
        archive.add(directory, arcname=".")
    return path


def packed_zip(directory: Path, path: Path) -> Path:
    """The tree as a ZIP archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(directory.rglob("*")):
            archive.write(file, file.relative_to(directory))
    return path


@pytest.mark.parametrize(("pack", "name"), [(packed_tar, "t.tar.xz"), (packed_zip, "t.zip")])
def test_an_archive_is_what_its_directory_is(
    tmp_path: Path, pack: Callable[[Path, Path], Path], name: str
) -> None:
    directory = tree(tmp_path / "tree")
    plain, _ = taken(tmp_path, {"cp311": directory})
    packed, _ = taken(tmp_path, {"cp311": pack(directory, tmp_path / name)})
    assert packed.of("cp311") == plain.of("cp311")
    (source,) = packed.origin.sources
    assert source.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("mode", [0o444, 0o555, 0o755, 0o600], ids=oct)
@pytest.mark.parametrize("pack", [None, packed_tar, packed_zip])
def test_neither_modes_nor_times_of_a_tree_matter(
    tmp_path: Path, mode: int, pack: Callable[[Path, Path], Path] | None
) -> None:
    """Catches: a wheel that tells whether its parts were built here or restored from a cache."""
    made = []
    for name in ("as installed", "restored"):
        directory = tree(tmp_path / name / "tree")
        files = [path for path in directory.rglob("*") if path.is_file()]
        for path in files:
            path.chmod(mode if name == "restored" else 0o755 if "tool" in path.name else 0o644)
            os.utime(path, (1_000_000_000 + len(name),) * 2)
        source = pack(directory, tmp_path / name / "packed") if pack else directory
        found, parts = taken(tmp_path / name, {"cp311": source})
        made.append((found.of("cp311"), [path.read_bytes() for path in parts.values()]))
    assert made[0] == made[1]


def test_links_inside_become_files(tmp_path: Path) -> None:
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/libmine.so").symlink_to("libmine.so.1")
    found, _ = taken(tmp_path, {"cp311": directory})
    members = {member.path: member for member in found.of("cp311")}
    assert members["mine/libmine.so"].sha256 == members["mine/libmine.so.1"].sha256


def test_links_to_directories_become_directories(tmp_path: Path) -> None:
    """Catches: files that are there only where Bazel hands a tree over file by file."""
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/alias").symlink_to("mine")
    found, _ = taken(tmp_path, {"cp311": directory})
    paths = {member.path for member in found.of("cp311")}
    assert {path.replace("mine/", "alias/") for path in paths if path.startswith("mine/")} <= paths


def test_a_link_to_a_directory_that_it_lies_in_is_refused(tmp_path: Path) -> None:
    """Catches: a walk without end."""
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/again").symlink_to("..")
    assert refused(tmp_path, directory).endswith("again is a link to a directory that it lies in")


def test_a_link_in_a_zip_archive_is_refused(tmp_path: Path) -> None:
    """Catches: a library that holds nothing but the name of another."""
    path = tmp_path / "tree.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("lib/python/libmine.so")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "libmine.so.1")
    said = refused(tmp_path, path)
    assert said.endswith("(lib/python/libmine.so is a link, which a tar archive may hold)")


def test_a_link_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not yours")
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/leak").symlink_to("../../../../secret")
    assert refused(tmp_path, directory).startswith(
        "packaging/mine/BUILD.bazel: the tree of mine for cp311: mine/leak is a link out of the "
    )


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    directory = tree(tmp_path / "tree")
    (directory / "lib/python/mine/gone").symlink_to("nowhere")
    assert refused(tmp_path, directory).endswith("mine/gone is a link to nothing")


def test_a_root_that_is_not_there_is_named_beside_what_is(tmp_path: Path) -> None:
    said = refused(tmp_path, tree(tmp_path / "tree"), replace(EXPECTED, root="python_packages"))
    assert said.endswith("it has no directory python_packages; it has lib, share")


def test_an_empty_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    said = refused(tmp_path, tmp_path / "tree", replace(EXPECTED, root=""))
    assert said.endswith("it is empty")


def test_a_tree_for_another_machine_is_refused(tmp_path: Path) -> None:
    """Catches: the artifact of another job."""
    expected = replace(EXPECTED, target=Target("linux_aarch64", "linux", "aarch64"))
    said = refused(tmp_path, tree(tmp_path / "tree"), expected)
    assert said.endswith("is a linux file for x86_64, which does not belong on linux_aarch64")


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tree.tar.xz"
    path.write_bytes(b"<html>404</html>")
    assert refused(tmp_path, path).startswith(
        "packaging/mine/BUILD.bazel: tree.tar.xz is neither a directory nor an archive"
    )


def test_an_archive_that_climbs_out_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tree.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("../../escaped")
        archive.addfile(info)
    assert "neither a directory nor an archive that can be unpacked" in refused(tmp_path, path)
    assert not (tmp_path.parent / "escaped").exists()


def test_a_large_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="mine/other is not in it, but packaging/mine/BUILD"):
        taken(tmp_path, {"cp311": tree(tmp_path / "t")}, large={"mine/other": "other.zip"})
