"""Building a CMake project for another platform: what comes out, and what a failure says."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assembly.errors import PackagingError
from payload import cmake, manylinux
from payload.cmake import Compiler, Project

DRIVER = {path.name: path.absolute() for path in map(Path, os.environ["DRIVER"].split())}
CMAKE = Path(os.environ["CMAKE"]).absolute()
NINJA = Path(os.environ["NINJA"]).absolute()
RUNTIMES = {path.name: path.absolute() for path in map(Path, os.environ["RUNTIMES"].split())}
TARGETS = dict(word.split("=") for word in os.environ["TARGETS"].split())
ENVIRONMENT = {
    "ZIG": str(Path(os.environ["ZIG"]).absolute()),
    "ZIG_LIB_DIR": str(Path(os.environ["ZIG_LIB"]).absolute()),
}
GREETING = """\
cmake_minimum_required(VERSION 3.26)
project(greeting LANGUAGES C)
add_library(greeting SHARED greeting.c)
add_executable(greet greet.c)
target_link_libraries(greet PRIVATE greeting)
set_target_properties(greet PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS greeting greet RUNTIME DESTINATION greeting LIBRARY DESTINATION greeting)
"""
SOURCES = {
    "CMakeLists.txt": GREETING,
    "greeting.c": '__attribute__((visibility("default"))) const char *greeting(void) '
    '{ return "hello from " __FILE__; }\n',
    "greet.c": "#include <stdio.h>\nconst char *greeting(void);\n"
    "int main(void) { return puts(greeting()) < 0; }\n",
}


def compiler(platform: str = "linux_x86_64") -> Compiler:
    """The C toolchain of a platform."""
    target = ["-target", TARGETS[platform]]
    return Compiler(
        cc=DRIVER["zig-cc"],
        cxx=DRIVER["zig-c++"],
        ar=DRIVER["zig-ar"],
        c_flags=[*target, "-O2"],
        cxx_flags=[*target, "-O2"],
        program_flags=["-pie"],
        library_flags=[],
        environment=ENVIRONMENT | {"ZIG_RUNTIME": str(RUNTIMES[f"{platform}_c"])},
    )


def project(directory: Path, files: Mapping[str, str] = SOURCES) -> Project:
    """A project of some files, to be built and installed below a directory."""
    source, output = directory / "source", directory / "installed"
    source.mkdir(parents=True)
    output.mkdir()
    for name, content in files.items():
        (source / name).write_text(content)
    return Project(
        source=source,
        output=output,
        log=directory / "build.log",
        system="linux",
        cpu="x86_64",
        definitions={},
        targets=[],
        components=[],
        prefixes=[],
        where="packaging/mine/BUILD.bazel",
    )


def built(wanted: Project) -> Path:
    """The install tree of a project."""
    cmake.build(wanted, compiler(), None, CMAKE, NINJA)
    return wanted.output


def refused(wanted: Project) -> str:
    """What is said of a project that cannot be built."""
    with pytest.raises(PackagingError) as caught:
        cmake.build(wanted, compiler(), None, CMAKE, NINJA)
    return str(caught.value)


def with_lines(lines: str) -> dict[str, str]:
    """The sources, and lines behind project()."""
    before, project_line, behind = GREETING.partition("project(greeting LANGUAGES C)\n")
    return {**SOURCES, "CMakeLists.txt": f"{before}{project_line}{lines}\n{behind}"}


def test_two_places_give_the_same_bytes(tmp_path: Path) -> None:
    """Catches: a path of the build in a file, or an order that the clock decides."""
    trees = [built(project(tmp_path / name)) for name in ("one", "another/place/that/is/deeper")]
    files = [
        {path.relative_to(tree): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
        for tree in trees
    ]
    assert sorted(map(str, files[0])) == ["greeting/greet", "greeting/libgreeting.so"]
    assert files[0] == files[1]
    library = files[0][Path("greeting/libgreeting.so")]
    assert re.findall(rb"hello from [ -~]*", library) == [b"hello from greeting.c"]


def test_without_cmakelists_it_says_what_to_name(tmp_path: Path) -> None:
    wanted = project(tmp_path, {"README.md": ""})
    assert refused(wanted) == (
        f"packaging/mine/BUILD.bazel: {wanted.source} has no CMakeLists.txt; name the directory "
        "that has it in source_dir"
    )


def test_a_failing_configuration_is_told_with_its_words(tmp_path: Path) -> None:
    wanted = project(tmp_path, with_lines("find_package(LLVM REQUIRED)"))
    said = refused(wanted)
    assert said.startswith("packaging/mine/BUILD.bazel: configuring failed (exit code 1):\n")
    assert 'By not providing "FindLLVM.cmake"' in said
    assert said.endswith(f"\nThe whole log: {wanted.log}")
    assert "find_package" in wanted.log.read_text()
    assert len(said.splitlines()) <= 32


def test_a_failing_compilation_is_told_with_its_words(tmp_path: Path) -> None:
    wanted = project(tmp_path, {**SOURCES, "greet.c": "int main(void) { return missing; }\n"})
    said = refused(wanted)
    assert "compiling failed" in said
    assert "greet.c:1:25: error: use of undeclared identifier 'missing'" in said
    assert said.endswith(f"\nThe whole log: {wanted.log}")


def test_the_first_error_is_told_and_not_the_end_of_a_long_log() -> None:
    """Catches: thirty lines of warnings from the file that was compiled beside the broken one."""
    output = ["[1/9] Building", "FAILED: a.o", "a.c:1: error: broken", *["b.c: warning"] * 50]
    shown = cmake.last_lines("\n".join(output))
    assert shown[:2] == ["FAILED: a.o", "a.c:1: error: broken"]
    assert len(shown) == 30


DOWNLOAD = """\
file(DOWNLOAD https://example.invalid/data.txt data.txt STATUS status)
message(FATAL_ERROR "${status}")
"""
CLONE = """\
include(FetchContent)
FetchContent_Declare(x GIT_REPOSITORY https://example.invalid/x.git GIT_TAG main)
FetchContent_MakeAvailable(x)
"""


@pytest.mark.parametrize("line", [DOWNLOAD, CLONE])
def test_a_build_that_reaches_for_the_network_is_told_so(tmp_path: Path, line: str) -> None:
    said = refused(project(tmp_path, with_lines(line)))
    assert "It reached for the network, which a build action does not have" in said
    assert "FETCHCONTENT_SOURCE_DIR_NAME" in said


def test_nothing_of_the_host_is_found(tmp_path: Path) -> None:
    """Catches: a package that is there on the machine that built it, and nowhere else."""
    looked = "\n".join(
        [
            "find_program(HOST_PROGRAM NAMES sh git cc gcc NO_CACHE)",
            "find_library(HOST_LIBRARY NAMES z c NO_CACHE)",
            "find_path(HOST_HEADER NAMES stdio.h zlib.h NO_CACHE)",
            'message(FATAL_ERROR "found: ${HOST_PROGRAM} ${HOST_LIBRARY} ${HOST_HEADER}")',
        ]
    )
    said = " ".join(refused(project(tmp_path, with_lines(looked))).split())
    assert "found: HOST_PROGRAM-NOTFOUND HOST_LIBRARY-NOTFOUND HOST_HEADER-NOTFOUND" in said


def test_a_project_that_installs_nothing_is_told_so(tmp_path: Path) -> None:
    lines = [line for line in GREETING.splitlines() if not line.startswith("install(")]
    said = refused(project(tmp_path, {**SOURCES, "CMakeLists.txt": "\n".join(lines)}))
    assert said == (
        "packaging/mine/BUILD.bazel: nothing was installed; the project needs install() rules"
    )


def test_a_component_that_is_not_there_is_named(tmp_path: Path) -> None:
    wanted = replace(project(tmp_path), components=["Python", "Tools"])
    assert "nothing was installed of Python, Tools" in refused(wanted)


def test_a_library_outside_of_the_policy_is_named(tmp_path: Path) -> None:
    """Catches: a tool that needs what was built and not installed."""
    tree = built(project(tmp_path))
    files = {"greeting/greet": tree / "greeting/greet"}
    (said,) = manylinux.faults(files, "manylinux_2_28_x86_64")
    assert said == (
        "greeting/greet needs libgreeting.so, which manylinux_2_28_x86_64 does not let it expect "
        "of a system; link it statically, or install it into the tree"
    )
    files["greeting/libgreeting.so"] = tree / "greeting/libgreeting.so"
    assert [*manylinux.faults(files, "manylinux_2_28_x86_64")] == []
