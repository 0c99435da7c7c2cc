"""Building a CMake project for another platform: its output, and the messages of failures."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from builder.assembly.errors import PackagingError
from builder.payload import cmake, manylinux
from builder.payload.cmake import Compiler, Project

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
    """Returns the C toolchain of a platform."""
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
    """Returns a project with these files, which is built and installed in `directory`."""
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


def built(sample: Project) -> Path:
    """Builds a project, and returns its install tree."""
    cmake.build(sample, compiler(), None, CMAKE, NINJA)
    return sample.output


def error_of(sample: Project) -> str:
    """Returns the error message for a project that cannot be built."""
    with pytest.raises(PackagingError) as caught:
        cmake.build(sample, compiler(), None, CMAKE, NINJA)
    return str(caught.value)


def with_lines(lines: str) -> dict[str, str]:
    """Returns the sources with lines after project()."""
    before, project_line, after = GREETING.partition("project(greeting LANGUAGES C)\n")
    return {**SOURCES, "CMakeLists.txt": f"{before}{project_line}{lines}\n{after}"}


def test_the_directory_of_the_build_does_not_change_the_output(tmp_path: Path) -> None:
    """Catches: a path of the build in a file, or an order that depends on timing."""
    trees = [built(project(tmp_path / name)) for name in ("one", "another/place/that/is/deeper")]
    files = [
        {path.relative_to(tree): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
        for tree in trees
    ]
    assert sorted(map(str, files[0])) == ["greeting/greet", "greeting/libgreeting.so"]
    assert files[0] == files[1]
    library = files[0][Path("greeting/libgreeting.so")]
    assert re.findall(rb"hello from [ -~]*", library) == [b"hello from greeting.c"]


def test_a_missing_cmakelists_leads_to_source_dir(tmp_path: Path) -> None:
    sample = project(tmp_path, {"README.md": ""})
    assert error_of(sample) == (
        f"packaging/mine/BUILD.bazel: {sample.source} has no CMakeLists.txt; set "
        "`source_dir` to the directory that contains it"
    )


def test_the_output_of_a_failed_configuration_is_shown(tmp_path: Path) -> None:
    sample = project(tmp_path, with_lines("find_package(LLVM REQUIRED)"))
    message = error_of(sample)
    assert message.startswith("packaging/mine/BUILD.bazel: configuring failed (exit code 1):\n")
    assert 'By not providing "FindLLVM.cmake"' in message
    assert message.endswith(f"\nFull log: {sample.log}")
    assert "find_package" in sample.log.read_text()
    assert len(message.splitlines()) <= 32


def test_the_output_of_a_failed_compilation_is_shown(tmp_path: Path) -> None:
    sample = project(tmp_path, {**SOURCES, "greet.c": "int main(void) { return missing; }\n"})
    message = error_of(sample)
    assert "compiling failed" in message
    assert "greet.c:1:25: error: use of undeclared identifier 'missing'" in message
    assert message.endswith(f"\nFull log: {sample.log}")


def test_the_first_error_is_shown_and_not_the_end_of_a_long_log() -> None:
    """Catches: thirty lines of warnings from another file that was compiled at the same time."""
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
def test_a_build_that_uses_the_network_gets_a_hint(tmp_path: Path, line: str) -> None:
    message = error_of(project(tmp_path, with_lines(line)))
    assert "It tried to use the network, which build actions lack" in message
    assert "FETCHCONTENT_SOURCE_DIR_NAME" in message


def test_the_host_is_not_visible(tmp_path: Path) -> None:
    """Catches: a package that only exists on the machine of the build."""
    searches = "\n".join(
        [
            "find_program(HOST_PROGRAM NAMES sh git cc gcc NO_CACHE)",
            "find_library(HOST_LIBRARY NAMES z c NO_CACHE)",
            "find_path(HOST_HEADER NAMES stdio.h zlib.h NO_CACHE)",
            'message(FATAL_ERROR "found: ${HOST_PROGRAM} ${HOST_LIBRARY} ${HOST_HEADER}")',
        ]
    )
    message = " ".join(error_of(project(tmp_path, with_lines(searches))).split())
    assert "found: HOST_PROGRAM-NOTFOUND HOST_LIBRARY-NOTFOUND HOST_HEADER-NOTFOUND" in message


def test_a_project_that_installs_nothing_is_refused(tmp_path: Path) -> None:
    lines = [line for line in GREETING.splitlines() if not line.startswith("install(")]
    message = error_of(project(tmp_path, {**SOURCES, "CMakeLists.txt": "\n".join(lines)}))
    assert message == (
        "packaging/mine/BUILD.bazel: nothing was installed; add install() rules to the project"
    )


def test_an_unknown_component_is_named(tmp_path: Path) -> None:
    sample = replace(project(tmp_path), components=["Python", "Tools"])
    assert "nothing was installed for the components Python, Tools" in error_of(sample)


def test_a_library_that_the_policy_does_not_allow_is_named(tmp_path: Path) -> None:
    """Catches: a tool that needs a library that was built but not installed."""
    tree = built(project(tmp_path))
    files = {"greeting/greet": tree / "greeting/greet"}
    (message,) = manylinux.faults(files, "manylinux_2_28_x86_64")
    assert message == (
        "greeting/greet needs libgreeting.so, which manylinux_2_28_x86_64 does not provide; link "
        "it statically, or install it into the tree"
    )
    files["greeting/libgreeting.so"] = tree / "greeting/libgreeting.so"
    assert [*manylinux.faults(files, "manylinux_2_28_x86_64")] == []
