"""The dist archive of each platform: valid, complete, and for its platform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from builder.assembly import binary
from tests.packaging.dist.interface import declared_functions

COMPILER_TOOLS = {"iree-compile", "iree-link", "iree-lld", "iree-opt"}
RUNTIME_TOOLS = {
    "iree-as-module",
    "iree-benchmark-executable",
    "iree-benchmark-module",
    "iree-benchmark-replay",
    "iree-c-embed-data",
    "iree-convert-parameters",
    "iree-cpuinfo",
    "iree-create-parameters",
    "iree-dump-module",
    "iree-dump-parameters",
    "iree-dump-replay",
    "iree-flatcc-cli",
    "iree-profile",
    "iree-run-module",
    "iree-run-replay",
}
COMMON_FILES = {
    "LICENSE",
    "README.md",
    "include/iree/compiler/embedding_api.h",
    "lib/cmake/IREECompiler/IREECompilerConfig.cmake",
    "lib/cmake/IREECompiler/IREECompilerConfigVersion.cmake",
    "origin.json",
    "share/iree/example/CMakeLists.txt",
    "share/iree/example/compile.c",
}
ROCM = "iree_platform_libs/rocm"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the dist of a platform must contain."""

    cpu: str
    library: str
    suffix: str
    """The suffix of programs."""
    files: frozenset[str]
    """Files that some platforms lack."""


PLATFORMS = {
    "linux-x86_64": Expected(
        "x86_64",
        "lib/libIREECompiler.so",
        "",
        frozenset({"bin/iree-tracy-capture", f"lib/{ROCM}/ockl.bc", f"lib/{ROCM}/ocml.bc"}),
    ),
    "linux-aarch64": Expected(
        "aarch64",
        "lib/libIREECompiler.so",
        "",
        frozenset({"bin/iree-tracy-capture", f"lib/{ROCM}/ockl.bc", f"lib/{ROCM}/ocml.bc"}),
    ),
    "macos-arm64": Expected("aarch64", "lib/libIREECompiler.dylib", "", frozenset()),
    "windows-x86_64": Expected(
        "x86_64",
        "bin/IREECompiler.dll",
        ".exe",
        frozenset({"lib/IREECompiler.def", f"bin/{ROCM}/ockl.bc", f"bin/{ROCM}/ocml.bc"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Archive:
    """The contents of an archive."""

    path: Path
    infos: dict[str, tarfile.TarInfo]
    texts: dict[str, str]
    binaries: dict[str, binary.Binary]
    missing_functions: list[str]
    """Functions of the header whose names are not in the compiler library."""


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def archive(platform: str) -> Archive:
    found = [path for path in os.environ["DISTS"].split() if path.endswith(f"-{platform}.tar.xz")]
    assert len(found) == 1, f"expected one archive for {platform} in {os.environ['DISTS']}"
    texts, binaries, infos, missing = {}, {}, {}, ["the library"]
    with tarfile.open(found[0]) as reader:
        for info in reader:
            infos[info.name] = info
            if not info.isfile():
                continue
            file = reader.extractfile(info)
            assert file is not None
            content = file.read()
            if native := binary.identify(content[: binary.HEADER_BYTES]):
                binaries[info.name] = native
            elif not info.name.endswith(".bc"):
                texts[info.name] = content.decode()
            if info.name == PLATFORMS[platform].library:
                names = [name.encode() + b"\0" for name in declared_functions()]
                missing = [name.decode() for name in names if name not in content]
    return Archive(Path(found[0]), infos, texts, binaries, missing)


def test_every_tool_is_included(platform: str, archive: Archive) -> None:
    # Users must be told of a tool that upstream removes or renames.
    suffix = PLATFORMS[platform].suffix
    tools = {f"bin/{name}{suffix}" for name in COMPILER_TOOLS | RUNTIME_TOOLS}

    assert tools - archive.infos.keys() == set()


def test_library_license_header_and_package_are_included(platform: str, archive: Archive) -> None:
    expected = PLATFORMS[platform]
    required = COMMON_FILES | expected.files | {expected.library}

    assert required - archive.infos.keys() == set()
    assert "LLVM Exceptions to the Apache 2.0 License" in archive.texts["LICENSE"]


def test_native_files_are_for_the_platform(platform: str, archive: Archive) -> None:
    system = platform.partition("-")[0]
    cpus = frozenset({PLATFORMS[platform].cpu})

    assert len(archive.binaries) > len(COMPILER_TOOLS | RUNTIME_TOOLS)
    assert set(archive.binaries.values()) == {binary.Binary(system, cpus)}


def test_programs_are_executable_and_nothing_else_is(platform: str, archive: Archive) -> None:
    for name, info in archive.infos.items():
        if info.isfile():
            loaded = name == PLATFORMS[platform].library or PurePosixPath(name).suffix == ".exe"
            program = name in archive.binaries and not PurePosixPath(name).suffix
            assert info.mode == (0o755 if loaded or program else 0o644), name


def test_the_archive_has_no_top_directory_and_windows_no_links(
    platform: str, archive: Archive
) -> None:
    tops = {name.partition("/")[0] for name in archive.infos}
    links = [info.name for info in archive.infos.values() if info.issym()]

    assert tops == {"LICENSE", "README.md", "bin", "include", "lib", "origin.json", "share"}
    assert bool(links) is not platform.startswith("windows")


def test_texts_have_the_version_and_no_placeholder_remains(platform: str, archive: Archive) -> None:
    version = archive.path.name.removeprefix("iree-dist-").removesuffix(f"-{platform}.tar.xz")
    config = archive.texts["lib/cmake/IREECompiler/IREECompilerConfig.cmake"]

    assert [name for name, text in archive.texts.items() if "@DIST_" in text] == []
    assert archive.texts["README.md"].startswith(f"# iree-dist {version} for {platform}\n")
    assert f'set(IREECompiler_VERSION_FULL "{version}")' in config


def test_the_origin_of_the_native_files_is_recorded(platform: str, archive: Archive) -> None:
    origin = json.loads(archive.texts["origin.json"])

    assert origin["platform"] == platform
    assert sorted(origin["payloads"]) == ["iree-compiler", "iree-runtime"]
    for payload in origin["payloads"].values():
        assert payload["version"]
        assert payload["revision"]
        assert payload["sources"]


def test_the_library_has_the_functions_of_the_header(archive: Archive) -> None:
    assert archive.missing_functions == []


def test_xz_finds_one_valid_stream(archive: Archive) -> None:
    program = shutil.which("xz")
    if program is None:
        pytest.skip("not run: xz is not on PATH")
    subprocess.run([program, "--test", archive.path], check=True)
    listed = subprocess.run(
        [program, "--list", "--robot", archive.path], check=True, capture_output=True, text=True
    )

    assert listed.stdout.splitlines()[1].split("\t")[1] == "1"
