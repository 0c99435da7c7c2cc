"""The copy of the interpreter for actions runs at any path, and does not depend on its origin."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolchains.python.copy_interpreter import CopyError, copy_interpreter, main

PROBE = """\
import bz2, ctypes, encodings.idna, hashlib, json, lzma, sqlite3, sys, sysconfig, zlib
print(sys.prefix, sys.flags.no_site, sysconfig.get_config_var("EXT_SUFFIX"))
print(*sys.path, sep=":")
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if sys.platform != "linux":
        pytest.skip("not run: only interpreters for Linux can be copied")
    directory = tmp_path_factory.mktemp("one") / "home"
    copy_interpreter(directory)
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


def run(directory: Path, code: str) -> str:
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


def test_a_moved_copy_runs_and_finds_only_itself(copied: Path, tmp_path: Path) -> None:
    moved = tmp_path / "some where else"
    shutil.copytree(copied, moved)

    first, path = run(moved, PROBE).splitlines()

    assert first.startswith(f"{moved} 1 .cpython-3")
    assert all(entry.startswith(str(moved)) for entry in path.split(":") if entry)


def test_all_libraries_are_part_of_the_copy(copied: Path) -> None:
    loaded = run(copied, "import ssl, sqlite3; print(open('/proc/self/maps').read())")
    mapped = {line.split()[-1] for line in loaded.splitlines() if ".so" in line}
    assert mapped
    assert {path for path in mapped if not path.startswith(str(copied))} == set()


def test_copies_do_not_depend_on_the_directory(copied: Path, tmp_path: Path) -> None:
    directory = tmp_path / "at/another/place"
    before = os.umask(0o077)
    try:
        copy_interpreter(directory)
    finally:
        os.umask(before)
    assert digests(directory) == digests(copied)


def test_installed_packages_are_not_copied(copied: Path) -> None:
    names = {path.name for path in copied.rglob("*")}
    assert not names & {"site-packages", "dist-packages", "pip", "test", "__pycache__"}
    assert len(names) < 200, "every file is an input of every action"


def test_a_script_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "python3"
    script.write_text("#!/bin/sh\n")
    monkeypatch.setattr(sys, "executable", str(script))
    with pytest.raises(CopyError, match="is not a 64-bit ELF program"):
        copy_interpreter(tmp_path / "home")


def test_a_call_without_a_directory_is_bad_usage() -> None:
    assert main([]) == 2
