"""An emulated aarch64 Linux, created from small packages that resemble the real ones."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.toolchains.debian_archive import DebianArchive, require_debian_tools
from toolchains.debian import apt
from toolchains.debian.errors import UnavailableError
from toolchains.debian.machine import Machine
from toolchains.emulation import bootstrap

ARM = Machine("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1")
OPEN = apt.open_archive
QEMU = "#!/bin/sh\necho 'qemu-aarch64 version 11.1.2 (Debian)'\n"

Suites = dict[tuple[str, str], DebianArchive]


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> Iterator[Suites]:
    """Archives by suite and architecture; the mirror lacks the other suites."""
    require_debian_tools()
    with tempfile.TemporaryDirectory() as directory:
        found: Suites = {}
        for suite, pythons in {"bookworm": ["3.11"], apt.SUITE: ["3.14", "3.15"]}.items():
            archive = DebianArchive(Path(directory, suite), suite, ARM)
            archive.directory.mkdir()
            archive.add("libstdc++6", "16", {"usr/lib/libstdc++.so.6": ""})
            for python in pythons:
                archive.add(f"python{python}", "1", {f"usr/bin/python{python}": ""})
            archive.publish()
            found[suite, "arm64"] = archive
        host = DebianArchive(Path(directory, "host"))
        host.directory.mkdir()
        programs = {
            "usr/bin/qemu-aarch64": QEMU,
            "usr/bin/qemu-arm": "",
            "usr/bin/qemu-riscv64": "",
        }
        host.add("qemu-user", "11", programs)
        host.publish()
        found[apt.SUITE, host.machine.architecture] = host

        def opened(work: Path, machine: Machine, **options: Any) -> apt.Archive:
            archive = found.get((options.get("suite", apt.SUITE), machine.architecture))
            site = archive.site if archive else f"copy:{directory}/nothing"
            return OPEN(work, machine, **options, sites=[site], trust="trusted=yes")

        monkeypatch.setattr(apt, "open_archive", opened)
        yield found


@pytest.mark.usefixtures("suites")
def test_each_python_comes_from_the_suite_that_has_it(tmp_path: Path) -> None:
    found: dict[str, Any] = bootstrap.emulation(tmp_path / "cache", ["3.11", "3.14", "3.15"])

    assert (found["version"], found["missing"]) == ("11.1.2", {})
    assert found["pythons"].keys() == {"3.11", "3.14", "3.15"}
    for version, python in found["pythons"].items():
        assert Path(python["executable"]) == Path(python["root"], f"usr/bin/python{version}")
        assert Path(python["executable"]).is_file()
        # The loader's path in programs is /lib/ld-linux-aarch64.so.1.
        assert Path(python["root"], "lib/libstdc++.so.6").is_file()
    assert found["pythons"]["3.14"]["root"] == found["root"]


@pytest.mark.usefixtures("suites")
def test_only_one_program_of_qemu_is_kept(tmp_path: Path) -> None:
    """Catches: half a gigabyte of unused emulators."""
    qemu = Path(str(bootstrap.emulation(tmp_path / "cache", [])["qemu"]))

    assert [path.name for path in qemu.parent.iterdir()] == ["qemu-aarch64"]


@pytest.mark.usefixtures("suites")
def test_a_python_that_no_suite_has_is_missing_with_the_reason(tmp_path: Path) -> None:
    found: dict[str, Any] = bootstrap.emulation(tmp_path / "cache", ["3.12", "3.13", "3.14"])

    assert found["pythons"].keys() == {"3.14"}
    assert found["missing"]["3.12"] == "no Debian suite has Python 3.12 for arm64"
    assert "trixie" in found["missing"]["3.13"]  # a suite that this mirror lacks


def test_the_newest_suite_is_required(suites: Suites, tmp_path: Path) -> None:
    (suites[apt.SUITE, "arm64"].directory / "pool/libstdc++6.deb").unlink()

    with pytest.raises(UnavailableError, match=r"libstdc\+\+6"):
        bootstrap.emulation(tmp_path / "cache", ["3.14"])


@pytest.mark.usefixtures("suites")
def test_a_qemu_that_does_not_run_is_reported(tmp_path: Path) -> None:
    qemu = Path(str(bootstrap.emulation(tmp_path / "cache", [])["qemu"]))
    qemu.write_text("#!/bin/sh\nexit 1\n")

    with pytest.raises(UnavailableError, match="qemu-aarch64 does not run here"):
        bootstrap.emulation(tmp_path / "cache", ["3.14"])


def test_an_argument_that_is_not_a_version_is_bad_usage() -> None:
    done = subprocess.run(
        [sys.executable, bootstrap.__file__, "forky"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr == "usage: bootstrap.py VERSION ..., such as 3.14\n"
