"""A clean root file system, created from small packages that resemble the real ones."""

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolchains.debian_archive import DebianArchive, Link, debian_archive
from toolchains.debian import apt
from toolchains.debian.errors import UnavailableError
from toolchains.rootfs import bootstrap


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> Iterator[DebianArchive]:
    with debian_archive() as debian:
        debian.add("base-files", "14", {"bin": Link("usr/bin"), "etc/os-release": "NAME=Debian\n"})
        debian.add("coreutils", "9", {"usr/bin/env": ""})
        debian.add("dash", "0.5", {"usr/bin/sh": Link("dash"), "usr/bin/dash": ""})
        debian.add("libstdc++6", "16", {"usr/lib/libstdc++.so.6": ""}, depends="libc6")
        debian.add("libc6", "2.43", {"usr/lib/libc.so.6": ""})
        debian.add("python3", "3.99", {"usr/bin/python3": ""}, depends="libc6, media-types")
        debian.publish()
        open_archive = functools.partial(apt.open_archive, sites=[debian.site], trust="trusted=yes")
        monkeypatch.setattr(apt, "open_archive", open_archive)
        yield debian


@pytest.mark.usefixtures("debian")
def test_the_root_has_python_and_its_dependencies(tmp_path: Path) -> None:
    root = bootstrap.root_file_system(tmp_path / "cache")

    assert root.parent == tmp_path / "cache/rootfs"
    for path in ("bin/sh", "bin/python3", "usr/lib/libc.so.6", "usr/lib/libstdc++.so.6"):
        assert (root / path).is_file(), path
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (root / "proc").is_dir()


def test_the_root_is_created_once(debian: DebianArchive, tmp_path: Path) -> None:
    first = bootstrap.root_file_system(tmp_path / "cache")
    (debian.directory / "pool/python3.deb").unlink()

    assert bootstrap.root_file_system(tmp_path / "cache") == first


def test_a_missing_package_is_named(debian: DebianArchive, tmp_path: Path) -> None:
    (debian.directory / "pool/dash.deb").unlink()

    with pytest.raises(UnavailableError, match="dash"):
        bootstrap.root_file_system(tmp_path / "cache")
    assert not list((tmp_path / "cache/rootfs").iterdir())


def test_arguments_are_bad_usage() -> None:
    done = subprocess.run(
        [sys.executable, bootstrap.__file__, "forky"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == "usage: bootstrap.py\n"
