"""Servers to test builds with, installed from small packages that resemble the real ones."""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolchains.debian_archive import DebianArchive, debian_archive
from toolchains.debian import apt, prefix
from toolchains.debian.errors import UnavailableError
from toolchains.engines import bootstrap

POSTGRESQL = "usr/lib/postgresql/77/bin"


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> Iterator[DebianArchive]:
    with debian_archive() as debian:
        buildbox = ("buildbox-casd", "buildbox-run-bubblewrap", "buildbox-worker")
        debian.add("base-files", "14", {"etc/os-release": "NAME=Debian\n"})
        debian.add("bubblewrap", "0", {"usr/bin/bwrap": ""})
        debian.add("buildbox", "1", {f"usr/bin/{name}": "" for name in buildbox})
        debian.add("dash", "0.5", {"usr/bin/dash": ""}, depends="libc6")
        debian.add("libc6", "2.43", {"usr/lib/libc.so.6": ""})
        debian.add("libgcc-s1", "16", {"usr/lib/libgcc_s.so.1": ""}, depends="libc6")
        debian.add("libstdc++6", "16", {"usr/lib/libstdc++.so.6": ""}, depends="libgcc-s1")
        debian.add("nginx", "1", {"usr/sbin/nginx": ""}, depends="libc6")
        debian.add("patchelf", "0.18", {"usr/bin/patchelf": ""})
        debian.add("postgresql", "77+1", {}, depends="postgresql-77")
        programs = {f"{POSTGRESQL}/{name}": "" for name in ("initdb", "postgres")}
        debian.add("postgresql-77", "77.1", programs)
        debian.publish()
        open_archive = functools.partial(apt.open_archive, sites=[debian.site], trust="trusted=yes")
        monkeypatch.setattr(apt, "open_archive", open_archive)
        # The files in these packages are not programs.
        monkeypatch.setattr(prefix, "patch_programs", lambda *_: None)
        yield debian


@pytest.mark.usefixtures("debian")
def test_the_prefix_has_the_newest_servers_and_a_machine_without_them(tmp_path: Path) -> None:
    home = bootstrap.engines(tmp_path / "cache")

    for path in ("usr/bin/buildbox-worker", "usr/sbin/nginx", f"{POSTGRESQL}/postgres"):
        assert (home / path).is_file(), path
    for path in ("usr/bin/dash", "usr/lib/libstdc++.so.6"):
        assert (home / "machine" / path).is_file(), path
    assert not (home / "machine/usr/bin/buildbox-worker").exists()
    assert not (home / "machine/usr/sbin").exists()


def test_a_missing_package_is_named(debian: DebianArchive, tmp_path: Path) -> None:
    (debian.directory / "pool/buildbox.deb").unlink()

    with pytest.raises(UnavailableError, match="buildbox"):
        bootstrap.engines(tmp_path / "cache")
    assert not list((tmp_path / "cache/engines").iterdir())


def test_a_missing_apt_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path.parent.parent / "cache"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert bootstrap.main([]) == 2
    assert "apt-get is not on PATH" in capsys.readouterr().err
