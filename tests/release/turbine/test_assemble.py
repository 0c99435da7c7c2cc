"""Tests of the wheels of iree-turbine and shark-turbine: their content and requirements."""

from __future__ import annotations

import email
import hashlib
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import pytest
from installer.records import parse_record_file

from builder.assembly.errors import PackagingError
from products.iree.turbine.assemble import Turbine, assemble
from tests.release.turbine.samples import make_source

VERSION, CORE = "3.14.0rc20261125", "3.14.0"


@pytest.fixture
def assembled(tmp_path: Path) -> Turbine:
    """Both wheels."""
    (tmp_path / "assembled").mkdir()
    turbine = Turbine(make_source(tmp_path), VERSION, CORE, tmp_path / "assembled")
    assemble(turbine)
    return turbine


def metadata(wheel: Path) -> Message:
    info = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"{info}/METADATA"))


def test_turbine_requires_exactly_the_core_that_it_ships_with(assembled: Turbine) -> None:
    """Catches: an old turbine that installs a newer compiler."""
    requires = metadata(assembled.iree_turbine).get_all("Requires-Dist")
    assert requires == [
        "numpy",
        "iree-compiler==3.14.0",
        "iree-runtime==3.14.0",
        'pytest>=8.0.0; extra == "testing"',
    ]
    assert metadata(assembled.iree_turbine)["Version"] == VERSION


def test_all_other_files_are_unchanged(assembled: Turbine) -> None:
    with (
        zipfile.ZipFile(assembled.source) as before,
        zipfile.ZipFile(assembled.iree_turbine) as after,
    ):
        assert after.testzip() is None
        for name in before.namelist():
            moved = name.replace("iree_turbine-3.9.0", f"iree_turbine-{VERSION}")
            if not name.endswith(("/METADATA", "/WHEEL", "/RECORD")):
                assert after.read(moved) == before.read(name), name
    text = metadata(assembled.iree_turbine)
    assert text.get_payload() == "What it is.\n"


@pytest.mark.parametrize("name", ["iree_turbine", "shark_turbine"])
def test_record_lists_every_file_with_its_digest(assembled: Turbine, name: str) -> None:
    wheel: Path = getattr(assembled, name)
    record = f"{name}-{VERSION}.dist-info/RECORD"
    with zipfile.ZipFile(wheel) as archive:
        rows = list(parse_record_file(archive.read(record).decode().splitlines()))
        assert [row[0] for row in rows] == archive.namelist()
    assert rows[-1][0] == record


def test_shark_turbine_requires_iree_turbine_in_the_same_version(assembled: Turbine) -> None:
    shark = metadata(assembled.shark_turbine)
    assert shark["Name"] == "shark-turbine"
    assert shark.get_all("Requires-Dist") == [f"iree-turbine=={VERSION}"]
    assert shark["License"] == "Apache-2.0"


def test_shark_turbine_imports_the_modules_of_iree_turbine(
    assembled: Turbine, tmp_path: Path
) -> None:
    """Catches: two copies of a class, so that instances of one fail checks for the other."""
    site = tmp_path / "site"
    for wheel in (assembled.iree_turbine, assembled.shark_turbine):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import shark_turbine.aot, iree.turbine.aot\n"
        "from shark_turbine.aot import VALUE\n"
        "assert shark_turbine.aot is iree.turbine.aot and VALUE == 42\n"
        "assert iree.turbine.aot.__spec__.name == iree.turbine.aot.__name__ == 'iree.turbine.aot'\n"
        "try:\n    import shark_turbine.none\nexcept ModuleNotFoundError as error:\n"
        "    assert 'shark_turbine.none' in str(error)\n"
    )
    command = [sys.executable, "-I", "-W", "default", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "DeprecationWarning: shark_turbine is now called iree.turbine" in result.stderr


def test_the_wheels_are_reproducible(tmp_path: Path) -> None:
    """Catches: two runs that make different wheels of the same version."""
    digests = set()
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        turbine = Turbine(make_source(tmp_path), VERSION, CORE, directory)
        assemble(turbine)
        pair = turbine.iree_turbine.read_bytes() + turbine.shark_turbine.read_bytes()
        digests.add(hashlib.sha256(pair).hexdigest())
    assert len(digests) == 1


def test_a_source_without_the_core_requirements_is_refused(tmp_path: Path) -> None:
    """Catches: a source with renamed requirements, so that nothing would be pinned."""
    source = make_source(tmp_path, requires=["numpy", "iree-compiler"])
    with pytest.raises(PackagingError, match="does not require IREE's compiler and runtime"):
        assemble(Turbine(source, VERSION, CORE, tmp_path))
    assert not list(tmp_path.glob(f"*{VERSION}*"))


def test_a_wheel_of_another_project_is_refused(tmp_path: Path) -> None:
    other = make_source(tmp_path).rename(tmp_path / "other-1.0-py3-none-any.whl")
    with pytest.raises(PackagingError, match="not a pure wheel of iree-turbine"):
        assemble(Turbine(other, VERSION, CORE, tmp_path))
