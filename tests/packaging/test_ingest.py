"""Upstream wheels are checked completely, then split so that large files are stored once."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from builder.assembly.errors import PackagingError
from builder.payload import index as payload_index
from builder.payload.index import Index
from builder.payload.ingest import Expected, ingest
from tests.packaging.upstream import (
    EXPECTED,
    LIBRARY,
    TOOL,
    VERSION_MODULE,
    UpstreamWheel,
    elf,
    macho,
)

EXTENSION = "iree/_runtime_libs/_runtime.so"


def ingested(
    directory: Path, *wheels: UpstreamWheel, recompress: bool = False, **expected: str
) -> Index:
    """Makes the payload of `wheels` in directory/parts, and returns its index."""
    parts = directory / "parts"
    parts.mkdir()
    names = ["lib.zip", "common.zip", *(f"{wheel.python_tag}.zip" for wheel in wheels)]
    ingest(
        Expected(**{**EXPECTED, **expected}),
        {wheel.python_tag: wheel.write(directory) for wheel in wheels},
        {LIBRARY: "lib.zip"},
        {name: parts / name for name in names},
        parts / "index.json",
        recompress=recompress,
    )
    return payload_index.read(parts / "index.json")


def names_in(part: Path) -> set[str]:
    """Returns the names of the members of a part."""
    with zipfile.ZipFile(part) as archive:
        assert archive.testzip() is None
        return set(archive.namelist())


def test_two_pythons_share_identical_files(tmp_path: Path) -> None:
    cp311 = UpstreamWheel().with_files(**{EXTENSION: elf(body=b"311")})
    cp312 = replace(
        UpstreamWheel().with_files(**{EXTENSION: elf(body=b"312")}),
        python_tag="cp312",
        abi_tag="abi3",
    )
    index = ingested(tmp_path, cp311, cp312)
    parts = {tag: {m.path: m.part for m in index.of(tag)} for tag in ("cp311", "cp312")}
    assert parts["cp311"][LIBRARY] == parts["cp312"][LIBRARY] == "lib.zip"
    assert parts["cp311"][TOOL] == parts["cp312"][TOOL] == "common.zip"
    assert parts["cp311"][EXTENSION] == "cp311.zip"
    assert parts["cp312"][EXTENSION] == "cp312.zip"
    assert names_in(tmp_path / "parts/lib.zip") == {LIBRARY}
    assert names_in(tmp_path / "parts/cp311.zip") == {EXTENSION}


def test_library_that_differs_between_pythons_is_kept_for_each(tmp_path: Path) -> None:
    other = UpstreamWheel().with_files(**{LIBRARY: elf(body=b"other")})
    newest = replace(UpstreamWheel(), python_tag="cp312", abi_tag="abi3")
    index = ingested(tmp_path, other, newest)
    part_of = {tag: {m.path: m.part for m in index.of(tag)}[LIBRARY] for tag in ("cp311", "cp312")}
    assert part_of == {"cp311": "cp311.zip", "cp312": "lib.zip"}


def test_the_index_has_roles_and_modes(tmp_path: Path) -> None:
    wheel = UpstreamWheel().with_files(**{"iree/_x.cpython-311-x86_64-linux-gnu.so": elf()})
    members = {m.path: m for m in ingested(tmp_path, wheel).of("cp311")}
    assert members[TOOL].role == "tool"
    assert members[TOOL].mode == 0o755
    assert members[LIBRARY].role == "library"
    assert members["iree/_x.cpython-311-x86_64-linux-gnu.so"].role == "extension"
    assert members["iree/runtime/__init__.py"].role == "data"
    assert members[f"{wheel.dist_info}/METADATA"].role == "metadata"


def test_origin_names_version_revision_and_digest(tmp_path: Path) -> None:
    origin = ingested(tmp_path, UpstreamWheel()).origin
    assert (origin.kind, origin.version, origin.revision) == ("prebuilt", "3.13.0", "89ece87")
    assert origin.sources[0].filename == UpstreamWheel().filename
    assert len(origin.sources[0].sha256) == 64


def test_revision_is_read_from_a_file_with_windows_line_ends(tmp_path: Path) -> None:
    files = UpstreamWheel().files
    windows = UpstreamWheel().with_files(
        **{VERSION_MODULE: files[VERSION_MODULE].replace(b"\n", b"\r\n")}
    )
    assert ingested(tmp_path, windows).origin.revision == "89ece87"


def test_recompressing_gives_the_same_output_as_copying(tmp_path: Path) -> None:
    directories = [tmp_path / "copy", tmp_path / "again"]
    for directory in directories:
        directory.mkdir()
        ingested(directory, UpstreamWheel(), recompress=directory.name == "again")
    for name in ("lib.zip", "common.zip", "cp311.zip", "index.json"):
        copied, again = ((directory / "parts" / name).read_bytes() for directory in directories)
        assert copied == again, name


def error_of(directory: Path, wheel: UpstreamWheel, **expected: str) -> str:
    """Returns the error message for a wheel."""
    with pytest.raises(PackagingError) as caught:
        ingested(directory, wheel, recompress=False, **expected)
    assert wheel.filename in str(caught.value)
    assert not (directory / "parts/index.json").exists()
    return str(caught.value)


def test_record_with_a_wrong_digest_is_refused(tmp_path: Path) -> None:
    good = UpstreamWheel()
    record = good.members()[f"{good.dist_info}/RECORD"]
    other = UpstreamWheel().with_files(**{TOOL: elf(body=b"evil " * 1000)})
    assert f"{TOOL} does not match its digest and size in RECORD" in error_of(
        tmp_path, replace(other, record=record)
    )


def test_file_that_is_not_in_record_is_refused(tmp_path: Path) -> None:
    good = UpstreamWheel()
    record = good.members()[f"{good.dist_info}/RECORD"]
    extra = replace(good.with_files(**{"iree/evil.py": b"evil"}), record=record)
    assert "iree/evil.py is not in RECORD" in error_of(tmp_path, extra)


def test_missing_file_of_record_is_refused(tmp_path: Path) -> None:
    good = UpstreamWheel()
    record = good.members()[f"{good.dist_info}/RECORD"]
    less = replace(good.with_files(**{TOOL: None}), record=record)
    assert f"RECORD lists {TOOL}, which the wheel lacks" in error_of(tmp_path, less)


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (b"iree/a.py\n", "is malformed"),
        (b"iree/a.py,md5=abc,3\n", "lacks the sha256"),
        (b"iree/a.py,,\n", "lacks the sha256"),
        (b"iree/a.py,sha256=!!!,3\n", "not base64"),
        (b"\xff\xfe\n", "is malformed"),
    ],
)
def test_malformed_record_is_refused(tmp_path: Path, record: bytes, cause: str) -> None:
    assert cause in error_of(tmp_path, replace(UpstreamWheel(), record=record))


def test_library_of_another_processor_is_refused(tmp_path: Path) -> None:
    wheel = UpstreamWheel().with_files(**{LIBRARY: elf(machine=183)})
    assert "a linux file for aarch64" in error_of(tmp_path, wheel)


def test_library_of_another_system_is_refused(tmp_path: Path) -> None:
    wheel = UpstreamWheel().with_files(**{LIBRARY: macho(0x0100000C)})
    assert "a macos file for aarch64" in error_of(tmp_path, wheel)


def test_native_file_in_a_pure_wheel_is_refused(tmp_path: Path) -> None:
    assert "not for the platform any" in error_of(
        tmp_path, UpstreamWheel(), platform="any", system="any", cpu="any"
    )


def test_wheel_of_another_version_is_refused(tmp_path: Path) -> None:
    assert "version 3.13.0 instead of 3.14.0" in error_of(
        tmp_path, UpstreamWheel(), version="3.14.0"
    )


def test_wheel_of_another_project_is_refused(tmp_path: Path) -> None:
    assert "instead of iree-base-compiler" in error_of(
        tmp_path, UpstreamWheel(), project="iree-base-compiler"
    )


def test_wheel_for_another_python_is_refused(tmp_path: Path) -> None:
    wheel = UpstreamWheel()
    tagged = wheel.members()[f"{wheel.dist_info}/WHEEL"]
    assert b"cp311" in tagged
    (tmp_path / "parts").mkdir()
    with pytest.raises(PackagingError, match=r"tags are .*, not for cp313"):
        ingest(
            Expected(**EXPECTED),
            {"cp313": wheel.write(tmp_path)},
            {},
            {name: tmp_path / "parts" / name for name in ("common.zip", "cp313.zip")},
            tmp_path / "parts/index.json",
        )


def test_missing_large_file_is_named(tmp_path: Path) -> None:
    wheel = UpstreamWheel().with_files(**{LIBRARY: None})
    assert "products/iree/payload/prebuilt.bzl" in error_of(tmp_path, wheel)


def test_python_without_payload_is_named(tmp_path: Path) -> None:
    index = ingested(tmp_path, UpstreamWheel())
    with pytest.raises(
        PackagingError, match=r"linux_x86_64 has no files for cp310, only for cp311"
    ):
        index.of("cp310")


def broken_wheels() -> dict[str, bytes]:
    """Returns invalid wheel files, by their fault."""
    good = UpstreamWheel()
    whole = good.to_bytes()
    encrypted = bytearray(whole)
    central = whole.index(b"PK\x01\x02")
    encrypted[6] |= 1
    encrypted[central + 8] |= 1
    name = b"iree/runtime/__init__.py"
    return {
        "truncated": whole[: len(whole) // 2],
        "path leaves the archive": whole.replace(
            name, b"../../../../../etc/cron"[: len(name)].ljust(24, b"x")
        ),
        "duplicate": whole.replace(
            b"iree/_runtime_libs/version.py", b"iree/_runtime_libs/libiree.so"
        ),
        "encrypted": bytes(encrypted),
        "record": whole.replace(name, b"iree/runtime/__inot__.py"),
    }


@pytest.mark.parametrize("fault", broken_wheels())
def test_the_build_action_fails_with_one_line_and_no_output(tmp_path: Path, fault: str) -> None:
    """Catches: a traceback, a wrong exit code, or parts of an invalid wheel that remain."""
    wheel = tmp_path / UpstreamWheel().filename
    wheel.write_bytes(broken_wheels()[fault])
    parts = {name: str(tmp_path / name) for name in ("lib.zip", "common.zip", "cp311.zip")}
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps(
            {
                "expected": EXPECTED,
                "wheels": {"cp311": str(wheel)},
                "large": {LIBRARY: "lib.zip"},
                "parts": parts,
                "index": str(tmp_path / "index.json"),
                "recompress": False,
            }
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "builder.payload.ingest", str(request)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"error: {wheel.name}: "), done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {wheel.name, request.name}
