"""The file system of a release runner, created from small packages that resemble the real ones."""

from __future__ import annotations

import functools
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.toolchains.debian_archive import DebianArchive, Link, debian_archive
from toolchains.bazel import bootstrap as bazel
from toolchains.debian import apt
from toolchains.debian.errors import UnavailableError
from toolchains.runner import bootstrap

CERTIFICATES = "usr/share/ca-certificates/mozilla"


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> Iterator[DebianArchive]:
    files: dict[str, dict[str, Any]] = {
        "base-files": {"bin": Link("usr/bin")},
        "ca-certificates": {f"{CERTIFICATES}/{name}.crt": f"{name}\n" for name in ("b", "a")},
        "python3": {"usr/bin/python3": "", "usr/bin/python": Link("python3")},
    }
    with debian_archive() as debian:
        for package in bootstrap.PACKAGES:
            debian.add(package, "1", files.get(package, {f"usr/bin/{package}": ""}))
        debian.publish()
        open_archive = functools.partial(apt.open_archive, sites=[debian.site], trust="trusted=yes")
        monkeypatch.setattr(apt, "open_archive", open_archive)

        def fill(staging: Path, home: Path, *_: object, trusted: str) -> None:
            (staging / "bazel").write_text(f"{home} {trusted}")

        monkeypatch.setattr(bazel, "fill", fill)
        yield debian


@pytest.mark.usefixtures("debian")
def test_bazel_is_where_bazelw_looks_for_it(tmp_path: Path) -> None:
    home = bazel.location(bootstrap.CACHE, bazel.required_version())
    with tarfile.open(bootstrap.layer(tmp_path)) as layer:
        file = layer.extractfile(f"{home.relative_to('/')}/bazel")
        assert file
        assert file.read().decode() == f"{home} a\nb\n", "with Debian's certificates"
        assert layer.getmember("usr/bin/git").mode == 0o755
        assert layer.getmember("bin").linkname == "usr/bin"
        assert layer.getmember("tmp").mode == 0o1777
        assert {(member.uid, member.gid, member.uname) for member in layer} == {(0, 0, "")}


@pytest.mark.usefixtures("debian")
def test_the_layer_does_not_depend_on_the_directory(tmp_path: Path) -> None:
    one, other = bootstrap.layer(tmp_path / "one"), bootstrap.layer(tmp_path / "another")
    assert one != other
    assert one.read_bytes() == other.read_bytes()


def test_a_missing_package_is_named(debian: DebianArchive, tmp_path: Path) -> None:
    (debian.directory / "pool/git.deb").unlink()
    with pytest.raises(UnavailableError, match="git"):
        bootstrap.layer(tmp_path)
    assert not list((tmp_path / "runner").iterdir())
