"""The interpreter that actions take along runs anywhere, and is the same wherever it was made."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchains.python import carry

PROBE = """\
import bz2, ctypes, encodings.idna, hashlib, json, lzma, sqlite3, sys, sysconfig, zlib
print(sys.prefix, sys.flags.no_site, sysconfig.get_config_var("EXT_SUFFIX"))
print(*sys.path, sep=":")
"""


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux":
        pytest.skip("not run: only an interpreter for Linux can be taken along")
    directory = tmp_path_factory.mktemp("one") / "home"
    carry.carry(directory)
    return directory


def digests(directory: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(directory)): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in directory.rglob("*")
        if path.is_file()
    }


def ran(directory: Path, code: str) -> str:
    done = subprocess.run(
        [
            directory / "loader",
            "--library-path",
            directory / "lib",
            directory / "bin/python",
            "-S",
            "-c",
            code,
        ],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_runs_where_it_was_moved_to_and_finds_only_itself(carried: Path, tmp_path: Path) -> None:
    moved = tmp_path / "some where else"
    shutil.copytree(carried, moved)

    first, path = ran(moved, PROBE).splitlines()

    assert first.startswith(f"{moved} 1 .cpython-3")
    assert all(entry.startswith(str(moved)) for entry in path.split(":") if entry)


def test_every_library_is_its_own(carried: Path) -> None:
    loaded = ran(carried, "import ssl, sqlite3; print(open('/proc/self/maps').read())")
    mapped = {line.split()[-1] for line in loaded.splitlines() if ".so" in line}
    assert mapped
    assert {path for path in mapped if not path.startswith(str(carried))} == set()


def test_the_same_interpreter_gives_the_same_bytes_elsewhere(carried: Path, tmp_path: Path) -> None:
    directory = tmp_path / "at/another/place"
    before = os.umask(0o077)
    try:
        carry.carry(directory)
    finally:
        os.umask(before)
    assert digests(directory) == digests(carried)


def test_what_is_installed_for_the_interpreter_is_left_behind(carried: Path) -> None:
    names = {path.name for path in carried.rglob("*")}
    assert not names & {"site-packages", "dist-packages", "pip", "test", "__pycache__"}
    assert len(names) < 200, "every action is given every file"


def test_what_is_no_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "python3"
    script.write_text("#!/bin/sh\n")
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(carry.NotCarriedError, match="no ELF program"):
        carry.carry(tmp_path / "home")


def test_a_call_without_a_directory_is_bad_usage() -> None:
    assert carry.main([]) == 2
