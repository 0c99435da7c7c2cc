"""The compiler driver: its output does not depend on parallel runs, directories or caches."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolchains.zig.runtime import compile_runtime, without_paths

SOURCES = Path("tests/toolchains/programs").absolute()
DRIVER = {path.name: path.absolute() for path in map(Path, os.environ["DRIVER"].split())}
ZIG = Path(os.environ["ZIG"]).absolute()
LIB = Path(os.environ["ZIG_LIB"]).absolute()
TARGETS = dict(word.split("=") for word in os.environ["TARGETS"].split())
RUNTIMES = {path.name: path.absolute() for path in map(Path, os.environ["RUNTIMES"].split())}
FLAGS = (
    *("-O2", "-g0", "-fPIC", "-I.", "-Wno-builtin-macro-redefined"),
    *('-D__DATE__="redacted"', '-D__TIME__="redacted"'),
)
TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A directory with the sources, in which the compiler is called."""

    directory: Path
    scratch: Path
    """The directory for temporary files."""

    def environment(self, runtime: Path | None) -> dict[str, str]:
        """The complete environment of a call."""
        variables = {"ZIG": str(ZIG), "ZIG_LIB_DIR": str(LIB), "TMPDIR": str(self.scratch)}
        return variables if runtime is None else variables | {"ZIG_RUNTIME": str(runtime)}

    def call(self, tool: str, runtime: Path | None, *arguments: str) -> None:
        """Calls the driver; asserts that it succeeds."""
        done = subprocess.run(
            [str(DRIVER[f"zig-{tool}"]), *arguments],
            cwd=self.directory,
            env=self.environment(runtime),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"

    def build(self, platform: str, *, warm: bool = True) -> dict[str, str]:
        """Builds a C program, a C++ program and a library; returns digests by name."""
        digests: dict[str, str] = {}
        for tool, source, kind in (
            ("cc", "hello.c", ()),
            ("c++", "exceptions.cc", ()),
            ("cc", "library.c", ("-shared",)),
        ):
            runtime = RUNTIMES[f"{platform}_{'cxx' if tool == 'c++' else 'c'}"] if warm else None
            if tool == "c++" and not warm:
                continue  # compiling the C++ runtime takes a minute
            target = ("-target", TARGETS[platform])
            linked = f"{platform}-{source}.out"
            sources = ["thrower.cc"] if tool == "c++" else []
            objects = []
            for name in [source, *sources]:
                compiled = f"{platform}-{name}.o"
                path = f"tests/toolchains/programs/{name}"
                self.call(tool, runtime, *target, *FLAGS, "-c", path, "-o", compiled)
                objects.append(compiled)
            self.call(tool, runtime, *target, *kind, *objects, "-o", linked)
            content = (self.directory / linked).read_bytes()
            digests[f"{platform} {source}"] = hashlib.sha256(content).hexdigest()
        return digests


@pytest.fixture
def places(tmp_path: Path) -> list[Place]:
    """Places at paths of different lengths."""
    places = []
    for name in ("one", "another/place/that/is/deeper", "a third", "fourth"):
        directory, scratch = tmp_path / name / "work", tmp_path / name / "tmp"
        scratch.mkdir(parents=True)
        shutil.copytree(SOURCES, directory / "tests/toolchains/programs")
        places.append(Place(directory, scratch))
    return places


def test_parallel_builds_of_all_targets_have_identical_output(places: list[Place]) -> None:
    """Catches: a cache that runs share, and output that depends on which run is first."""
    jobs = [(place, platform) for place in places for platform in TARGETS]
    with ThreadPoolExecutor(TOGETHER) as pool:
        built = [*pool.map(lambda job: (job[1], job[0].build(job[1])), jobs)]
    for platform in TARGETS:
        first, *others = [digests for name, digests in built if name == platform]
        assert len(others) == len(places) - 1
        assert others == [first] * len(others)


@pytest.mark.parametrize("platform", [name for name in TARGETS if "windows" not in name])
def test_a_compiled_runtime_gives_the_same_output_as_a_new_one(
    platform: str, places: list[Place]
) -> None:
    """Catches: an outdated runtime. That of Windows takes a minute to compile, and is left out."""
    warm = places[0].build(platform)
    cold = places[1].build(platform, warm=False)
    assert cold == {name: warm[name] for name in cold}
    assert len(cold) == 2


def test_a_runtime_does_not_depend_on_its_directory(tmp_path: Path) -> None:
    """Catches: paths of zig's cache in a library, whose digests differ between runs."""
    elsewhere, output = tmp_path / "zig's own library", tmp_path / "another/that/is/deeper"
    elsewhere.symlink_to(LIB)
    output.mkdir(parents=True)
    compile_runtime(ZIG, elsewhere, TARGETS["linux_x86_64"], "c", output)
    actual = {path.name: path.read_bytes() for path in output.iterdir()}
    expected = {path.name: path.read_bytes() for path in RUNTIMES["linux_x86_64_c"].iterdir()}
    assert actual.keys() == expected.keys()
    assert [name for name in actual if actual[name] != expected[name]] == []


@pytest.mark.parametrize("name", RUNTIMES)
def test_runtimes_contain_no_paths_of_the_cache(name: str) -> None:
    """Catches: paths of zig's cache in the runtimes that take a minute to compile."""
    for path in RUNTIMES[name].iterdir():
        assert re.search(rb"cache/|o/[0-9a-f]{32}/", path.read_bytes()) is None, path.name


def archive(*members: tuple[bytes, bytes]) -> bytes:
    """A static library with members by their names in headers."""
    library = b"!<arch>\n"
    for name, content in members:
        library += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"644", len(content))
        library += content + b"\n" * (len(content) % 2)
    return library


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(
            [(b"//", b"cache/o/%s/a.o/\ncache/o/%s/bc.o/\n"), (b"/0", b"odd"), (b"/46", b"b")],
            [
                (b"//", b"a.o/\n" + b"\n" * 41 + b"bc.o/\n" + b"\n" * 41),
                (b"/0", b"odd"),
                (b"/46", b"b"),
            ],
            id="GNU's",
        ),
        pytest.param(
            [(b"//", b"cache/o/%s/a.obj\0cache/o/%s/b.obj\0"), (b"/0", b"content")],
            [
                (b"//", b"a.obj\0" + bytes(41) + b"b.obj\0" + bytes(41)),
                (b"/0", b"content"),
            ],
            id="Microsoft's",
        ),
        pytest.param(
            [
                (b"#1/48", b"cache/o/%s/a.o\0\0\0\0content, cache/o/ included"),
                (b"#1/44", b"cache/o/%s/b.ocontent"),
            ],
            [
                (b"#1/48", b"a.o\0" + bytes(44) + b"content, cache/o/ included"),
                (b"#1/44", b"b.o" + bytes(41) + b"content"),
            ],
            id="BSD's",
        ),
        pytest.param([(b"a.o/", b"content")], [(b"a.o/", b"content")], id="short names"),
    ],
)
def test_members_of_a_library_are_named_by_their_file_names(
    members: list[tuple[bytes, bytes]], expected: list[tuple[bytes, bytes]]
) -> None:
    """Catches: a library that linkers cannot read, because the offsets of members changed."""
    libraries = {
        without_paths(
            archive(*((name, content.replace(b"%s", digit * 32)) for name, content in members))
        )
        for digit in (b"0", b"f")
    }
    assert libraries == {archive(*expected)}


def test_other_files_are_not_changed() -> None:
    assert without_paths(b"\x7fELF cache/o/0/") == b"\x7fELF cache/o/0/"


def test_temporary_files_are_removed(places: list[Place]) -> None:
    """Catches: a disk that fills up with temporary files of compilations."""
    place = places[0]
    place.build("linux_x86_64")
    assert [*place.scratch.iterdir()] == []


def test_messages_and_the_exit_code_are_passed_through(places: list[Place]) -> None:
    place = places[0]
    (place.directory / "broken.c").write_text("int main(void) { return missing; }\n")
    done = subprocess.run(
        [str(DRIVER["zig-cc"]), "-target", TARGETS["linux_x86_64"], "-c", "broken.c"],
        cwd=place.directory,
        env=place.environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.c:1:25: error: use of undeclared identifier 'missing'" in done.stderr
    assert [*place.scratch.iterdir()] == []


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("ZIG", "ZIG and ZIG_LIB_DIR must be set"),
        ("ZIG_LIB_DIR", "ZIG and ZIG_LIB_DIR must be set"),
    ],
)
def test_missing_variables_are_reported(places: list[Place], missing: str, message: str) -> None:
    environment = places[0].environment(None)
    del environment[missing]
    done = subprocess.run(
        [str(DRIVER["zig-cc"]), "--version"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_a_missing_runtime_is_named(places: list[Place]) -> None:
    place = places[0]
    done = subprocess.run(
        [str(DRIVER["zig-cc"]), "hello.o", "-o", "hello"],
        cwd=place.directory,
        env=place.environment(Path("gone")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "zig-cc: cannot find the C runtime gone: No such file or directory\n"
    assert [*place.scratch.iterdir()] == []
