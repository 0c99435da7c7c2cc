"""Restamping: which files are rewritten, copied unchanged, or refused."""

from __future__ import annotations

import email
import json
import re
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.assembly import tarball, xz
from builder.assembly.errors import PackagingError
from builder.assembly.restamp import Change, VersionText, restamp
from builder.assembly.tarball import Copied, Entry, Link, Text
from builder.assembly.wheel import assemble
from tests.packaging.assembled import launching, wheel_of
from tests.packaging.upstream import TOOL, UpstreamWheel
from tests.release.publish.samples import DIST as DESCRIPTION
from tests.release.publish.samples import make_release

FORMER = "20261122.1"
CHANGE = Change(
    FORMER,
    "3.14.0",
    siblings={"iree-compiler", "iree-runtime", "iree-tools-tf"},
    version_modules={"iree/_runtime_libs/version.py", "iree_tools_tf/version.py"},
    texts=[VersionText(file.path, file.pattern, file.numeric) for file in DESCRIPTION.versions],
)
RC = "3.14.0rc20261122"
WHEEL = "iree_tools_tf-{}-py3-none-any.whl"
DIST = "iree-dist-{}-linux-x86_64.tar.xz"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return make_release(tmp_path / "release", FORMER)


def test_a_restamped_wheel_is_identical_to_a_built_one(tmp_path: Path) -> None:
    """Catches: a promoted wheel that differs in more than its version."""
    for directory in ("before", "after"):
        (tmp_path / directory).mkdir()
    candidate, built = (
        launching(
            wheel_of(tmp_path / directory, UpstreamWheel(), version),
            tmp_path,
            iree_run_module=str(PurePosixPath(TOOL).parent),
        )
        for directory, version in (("before", FORMER), ("after", "3.14.0"))
    )
    assemble(candidate)
    assemble(built)
    promoted = tmp_path / built.output.name
    rewritten = restamp(candidate.output, promoted, CHANGE)
    assert promoted.read_bytes() == built.output.read_bytes()
    assert sorted(rewritten) == [
        "iree/_runtime_libs/version.py",
        "iree_runtime-3.14.0.dist-info/METADATA",
        "iree_runtime-3.14.0.dist-info/RECORD",
    ]


def test_a_restamped_dist_is_identical_to_a_built_one(release: Path, tmp_path: Path) -> None:
    """Catches: native code that is compressed again, to different bytes."""
    other = make_release(tmp_path / "other", "3.14.0")
    promoted = tmp_path / DIST.format("3.14.0")
    restamp(release / "dists" / DIST.format(FORMER), promoted, CHANGE)
    assert promoted.read_bytes() == (other / "dists" / promoted.name).read_bytes()


def test_numeric_versions_of_a_release_candidate_may_stay(tmp_path: Path) -> None:
    """Catches: PACKAGE_VERSION of 3.14.0rc1, which is already 3.14.0, reported as a fault."""
    release = make_release(tmp_path / "release", RC)
    promoted = tmp_path / DIST.format("3.14.0")
    restamp(release / "dists" / DIST.format(RC), promoted, replace(CHANGE, former=RC))
    with tarfile.open(promoted) as archive:
        file = archive.extractfile("origin.json")
        assert file
        assert json.load(file)["version"] == "3.14.0"


def test_only_requirements_on_siblings_get_the_new_version(release: Path) -> None:
    """Catches: a promoted package that requires the candidate's siblings."""
    promoted = release / WHEEL.format("3.14.0")
    restamp(release / "wheelhouse" / WHEEL.format(FORMER), promoted, CHANGE)
    with zipfile.ZipFile(promoted) as archive:
        metadata = archive.read("iree_tools_tf-3.14.0.dist-info/METADATA").decode()
    assert email.message_from_string(metadata).get_all("Requires-Dist") == ["iree-runtime==3.14.0"]
    assert FORMER not in metadata


def test_a_wheel_of_another_version_is_refused(release: Path) -> None:
    wheel = release / "wheelhouse" / WHEEL.format(FORMER)
    other = wheel.rename(wheel.with_name(WHEEL.format("20261122.2")))
    change = replace(CHANGE, former="20261122.2")
    output = release / WHEEL.format("3.14.0")
    with pytest.raises(PackagingError, match="no member"):
        restamp(other, output, change)
    assert not output.exists()


def test_an_output_that_is_not_named_for_the_version_is_refused(release: Path) -> None:
    wheel = release / "wheelhouse" / WHEEL.format(FORMER)
    with pytest.raises(PackagingError, match="not the file name of"):
        restamp(wheel, release / WHEEL.format("3.15.0"), CHANGE)


def test_a_file_that_record_does_not_list_is_refused(release: Path) -> None:
    """Catches: a file that was added to a wheel after it was built."""
    wheel = release / "wheelhouse" / WHEEL.format(FORMER)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("iree_tools_tf/more.py", "")
    output = release / WHEEL.format("3.14.0")
    with pytest.raises(PackagingError, match="RECORD does not list exactly"):
        restamp(wheel, output, CHANGE)
    assert not output.exists()


def test_a_dist_that_does_not_name_its_version_is_refused(tmp_path: Path) -> None:
    """Catches: a dist that is published with the candidate's version inside."""
    source = tmp_path / DIST.format(FORMER)
    tarball.write(source, {"origin.json": Text(b"{}")})
    with pytest.raises(PackagingError, match=r"origin\.json does not contain version 20261122\.1"):
        restamp(source, tmp_path / DIST.format("3.14.0"), replace(CHANGE, texts=()))


HEADER = VersionText("abacus.h", r'^#define VERSION "(.*)"$', numeric=False)
NUMBERS = VersionText("abacus.h", r'^#define NUMBERS "(.*)"$', numeric=True)
CMAKE = VersionText("abacus.cmake", r'^set\(PACKAGE_VERSION "(.*)"\)$', numeric=True)
TEXTS = {
    "abacus.h": '#define VERSION "3.14.0rc1"\n#define NUMBERS "3.14.0"\n// 3.14.0rc1, not 3.14.0\n',
    "abacus.cmake": 'cmake_minimum_required(VERSION 3.14.0)\nset(PACKAGE_VERSION "3.14.0")\n',
    "origin.json": '{\n "payload": {\n  "version": "3.14.0rc1"},\n "version": "3.14.0rc1"}\n',
}


def restamped(directory: Path, texts: dict[str, str]) -> dict[str, str]:
    """The texts of a dist at 3.14.0rc1, after it got the version 3.15.0."""
    source, output = (directory / f"abacus-dist-{v}-linux.tar.xz" for v in ("3.14.0rc1", "3.15.0"))
    tarball.write(source, {path: Text(text.encode()) for path, text in texts.items()})
    change = Change("3.14.0rc1", "3.15.0", siblings=(), texts=(HEADER, NUMBERS, CMAKE))
    restamp(source, output, change)
    return {
        path: entry.content.decode()
        for path, entry in tarball.read(output).items()
        if isinstance(entry, Text)
    }


def test_declared_texts_of_a_dist_get_the_version(tmp_path: Path) -> None:
    """Catches: the oldest CMake, or the version of a payload, changed with ours."""
    assert restamped(tmp_path, TEXTS) == {
        "abacus.h": '#define VERSION "3.15.0"\n#define NUMBERS "3.15.0"\n// 3.15.0, not 3.14.0\n',
        "abacus.cmake": 'cmake_minimum_required(VERSION 3.14.0)\nset(PACKAGE_VERSION "3.15.0")\n',
        "origin.json": '{\n "payload": {\n  "version": "3.14.0rc1"},\n "version": "3.15.0"}\n',
    }


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("abacus.h", '"3.14.0rc1"', '"3.13.0"', "abacus.h does not contain version 3.14.0rc1"),
        ("abacus.h", '"3.14.0"', '"3.13.0"', "abacus.h does not contain version 3.14.0"),
        ("abacus.cmake", "set(", "set (", "abacus.cmake does not contain version 3.14.0"),
    ],
)
def test_a_declared_text_without_the_version_is_refused(
    tmp_path: Path, path: str, old: str, new: str, message: str
) -> None:
    """Catches: a text that keeps the version of another release."""
    texts = {**TEXTS, path: TEXTS[path].replace(old, new, 1)}
    with pytest.raises(PackagingError, match=f"{re.escape(message)}$"):
        restamped(tmp_path, texts)


def test_a_declared_text_that_is_missing_is_refused(tmp_path: Path) -> None:
    texts = {name: text for name, text in TEXTS.items() if name != "abacus.cmake"}
    with pytest.raises(PackagingError, match=r"abacus\.cmake is missing, which should contain"):
        restamped(tmp_path, texts)


def test_a_version_module_without_the_version_is_refused(release: Path) -> None:
    """Catches: a stable release whose module names another version."""
    change = replace(CHANGE, version_modules={"iree_tools_tf/__init__.py"})
    output = release / WHEEL.format("3.14.0")
    with pytest.raises(PackagingError, match=r"__init__\.py does not contain version 20261122\.1"):
        restamp(release / "wheelhouse" / WHEEL.format(FORMER), output, change)
    assert not output.exists()


def test_an_archive_of_another_tool_is_refused(tmp_path: Path) -> None:
    """Catches: programs that lose their mode, or are read into memory as a whole."""
    source = tmp_path / DIST.format(FORMER)
    program = tmp_path / "program"
    program.write_bytes(b"x" * 1000)
    program.chmod(0o755)
    with tarfile.open(source, "w:xz") as archive:
        archive.add(program, "bin/program")
    with pytest.raises(PackagingError, match="not a dist archive that this tool wrote"):
        restamp(source, tmp_path / DIST.format("3.14.0"), CHANGE)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[:-1], id="cut"),
        pytest.param(lambda data: data + b"\0" * 4, id="longer"),
        pytest.param(lambda data: b"\0" + data[1:], id="another format"),
        pytest.param(lambda data: data[:-20] + b"\xff" + data[-19:], id="a broken index"),
        pytest.param(lambda data: data[:40] + b"\xff" + data[41:], id="a broken block"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_broken_archive_is_refused(release: Path, spoil: object) -> None:
    source = release / "dists" / DIST.format(FORMER)
    source.write_bytes(spoil(source.read_bytes()))  # type: ignore[operator]
    with pytest.raises(PackagingError, match="not one complete xz stream"):
        restamp(source, release / DIST.format("3.14.0"), CHANGE)


@given(
    texts=st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.binary(max_size=3000))
)
def test_an_archive_is_read_as_it_was_written(
    texts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("read")
    program = b"program" * 300
    with (directory / "blob").open("wb") as file:
        block, data = xz.encode(program + bytes(tarball.padding(len(program))))
        file.write(data)
    entries: dict[str, Entry] = {
        "lib/program": Copied(directory / "blob", 0, (block,), len(program), executable=True),
        "bin/program": Link("../lib/program"),
    }
    for name, content in texts.items():
        entries[f"texts/{name}"] = Text(content)
    tarball.write(directory / "archive", entries)
    found = tarball.read(directory / "archive")
    assert found.keys() == entries.keys()
    assert {name: found[name] for name in found if name != "lib/program"} == {
        name: entry for name, entry in entries.items() if name != "lib/program"
    }
    tarball.write(directory / "again", found)
    assert (directory / "again").read_bytes() == (directory / "archive").read_bytes()


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("iree-dist-20261122.1-linux", "iree-dist-3.14.0-linux"),
        ("20261122.1.", "3.14.0."),
        ("20261122.10", "20261122.10"),
        ("20261122.1.2", "20261122.1.2"),
        ("120261122.1", "120261122.1"),
        ("20261122.1rc", "20261122.1rc"),
    ],
)
def test_only_the_exact_version_is_changed(text: str, changed: str) -> None:
    """Catches: the tenth nightly of a day treated as its first."""
    assert CHANGE.in_text(text) == changed
