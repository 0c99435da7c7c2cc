"""The class path of Debian's Bazel server in an unpacked directory."""

import zipfile
from pathlib import Path

import pytest

from toolchains.bazel import classpath


def write_jar(path: Path, manifest: str | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as jar:
        if manifest is not None:
            jar.writestr("META-INF/MANIFEST.MF", manifest)


@pytest.mark.parametrize(
    ("manifest", "entries"),
    [
        (None, []),
        ("Manifest-Version: 1.0\r\n\r\n", []),
        ("Manifest-Version: 1.0\r\nClass-Path: a.jar b.jar\r\n\r\n", ["a.jar", "b.jar"]),
        ("class-path: a.jar\n", ["a.jar"]),
        # Lines of a manifest have at most 72 bytes; a space continues the previous line.
        ("Class-Path: /usr/share/java/a.j\r\n ar /usr/sha\r\n re/java/b.jar\r\n", None),
        # Sections after an empty line describe single entries of the jar.
        ("Manifest-Version: 1.0\r\n\r\nName: x\r\nClass-Path: no.jar\r\n", []),
    ],
)
def test_the_manifest_lists_more_jars(
    tmp_path: Path, manifest: str | None, entries: list[str] | None
) -> None:
    write_jar(tmp_path / "it.jar", manifest)

    expected = ["/usr/share/java/a.jar", "/usr/share/java/b.jar"] if entries is None else entries
    assert classpath.class_path(tmp_path / "it.jar") == expected


def test_jars_are_found_transitively_by_absolute_and_relative_paths(tmp_path: Path) -> None:
    java = tmp_path / "usr/share/java"
    write_jar(java / "grpc.jar", "Class-Path: /usr/share/java/core.jar netty.jar\n")
    write_jar(java / "core.jar", "Class-Path: ../perfmark/api.jar\n")
    write_jar(java / "netty.jar", "Class-Path: grpc.jar\n")
    write_jar(tmp_path / "usr/share/perfmark/api.jar", None)

    assert classpath.closure(["/usr/share/java/grpc.jar"], tmp_path) == [
        "/usr/share/java/grpc.jar",
        "/usr/share/java/core.jar",
        "/usr/share/java/netty.jar",
        "/usr/share/perfmark/api.jar",
    ]


def test_missing_jars_are_skipped(tmp_path: Path) -> None:
    write_jar(tmp_path / "usr/share/java/here.jar", "Class-Path: optional.jar\n")

    listed = ["/usr/share/java/absent.jar", "/usr/share/java/here.jar"]
    assert classpath.closure(listed, tmp_path) == ["/usr/share/java/here.jar"]
