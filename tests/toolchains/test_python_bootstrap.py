"""A Python that the host lacks, installed from small packages that resemble the real ones."""

import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolchains.debian_archive import DebianArchive, debian_archive
from toolchains.debian import apt
from toolchains.debian.errors import UnavailableError
from toolchains.debian.machine import this_machine
from toolchains.python import bootstrap

MACHINE = this_machine()
LOADER = f"usr/lib/{MACHINE.multiarch}/{MACHINE.loader}"


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> Iterator[DebianArchive]:
    with debian_archive() as debian:
        debian.add("libc6", "2.43", {LOADER: '#!/bin/sh\nshift 2\nexec "$@"\n'})
        debian.add("patchelf", "0.18", {"usr/bin/patchelf": "#!/bin/sh\n"})
        debian.add("tzdata", "2026c")
        debian.add("python3.99", "3.99.1-1", {"usr/bin/python3.99": ""}, depends="libc6, tzdata")
        debian.add("libpython3.99-stdlib", "3.99.1-1", {"usr/lib/python3.99/this.py": ""})
        debian.publish()
        open_archive = functools.partial(apt.open_archive, sites=[debian.site], trust="trusted=yes")
        monkeypatch.setattr(apt, "open_archive", open_archive)
        yield debian


@pytest.mark.usefixtures("debian")
def test_the_interpreter_is_in_a_prefix_with_its_library(tmp_path: Path) -> None:
    interpreter = bootstrap.interpreter(tmp_path / "cache", "3.99")

    assert interpreter.name == "python3.99"
    prefix = interpreter.parents[2]
    assert prefix.parent == tmp_path / "cache/python"
    assert (prefix / "usr/lib/python3.99/this.py").is_file()


def test_the_interpreter_is_installed_once(debian: DebianArchive, tmp_path: Path) -> None:
    first = bootstrap.interpreter(tmp_path / "cache", "3.99")
    (debian.directory / "pool/python3.99.deb").unlink()

    assert bootstrap.interpreter(tmp_path / "cache", "3.99") == first


@pytest.mark.usefixtures("debian")
def test_a_missing_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"has no package python3\.98$"):
        bootstrap.interpreter(tmp_path / "cache", "3.98")


@pytest.mark.parametrize("arguments", [[], ["3"], ["3.14", "3.15"], ["../3.14"]])
def test_other_arguments_than_one_version_are_bad_usage(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, bootstrap.__file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == "usage: bootstrap.py VERSION, such as 3.14\n"
