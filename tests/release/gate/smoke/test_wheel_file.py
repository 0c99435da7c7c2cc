"""The file of a wheel names its modules, its scripts, and what its extras require."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.wheel_file import WheelFile, module_name
from tests.release.gate.smoke.fake_wheels import VERSION, core_files, write_wheel

INFO = f"sample_core-{VERSION}.dist-info"
SCRIPTS = f"sample_core-{VERSION}.data/scripts"


def wheel(directory: Path, **changes: str) -> WheelFile:
    """A wheel of sample-core with other or more files."""
    return WheelFile(write_wheel(directory, "sample-core", {**core_files(), **changes}).path)


def test_public_modules_are_those_without_an_underscore(tmp_path: Path) -> None:
    """Catches: private modules imported, which no user does; a package that is forgotten."""
    files = {
        "sample_core/deep/__init__.py": "",
        "sample_core/_hidden/module.py": "",
        "sample_core/data-files/script.py": "",
        "sample_core/data.txt": "",
        f"{SCRIPTS}/script.py": "",
        "single.py": "",
    }
    assert wheel(tmp_path, **files).public_modules() == [
        "sample_core",
        "sample_core.deep",
        "sample_core.evaluate",
        "sample_core.future",
        "sample_core.version",
        "sample_core.view",
        "single",
    ]


def test_extension_modules_are_found_by_their_names(tmp_path: Path) -> None:
    """Catches: an extension module that nothing loads; a library imported as a module."""
    files = {
        "pkg/tagged.cpython-312-x86_64-linux-gnu.so": "",
        "pkg/stable.abi3.so": "",
        "pkg/plain.so": "ELF ... PyInit_plain\0 ...",
        "pkg/_private.abi3.so": "",
        "pkg/windows.pyd": "",
        "pkg/windows_tagged.cp312-win_amd64.pyd": "",
        "pkg/libother.so": "ELF ... PyInit_libother_more\0",
        "pkg/libother.so.1": "",
        "pkg/other.dll": "",
    }
    found = wheel(tmp_path, **files).public_modules()
    assert [name for name in found if name.startswith("pkg")] == [
        "pkg.plain",
        "pkg.stable",
        "pkg.tagged",
        "pkg.windows",
        "pkg.windows_tagged",
    ]


def test_only_what_extras_alone_require_is_optional(tmp_path: Path) -> None:
    """Catches: a missing requirement that is excused, since an extra also names it."""
    metadata = (
        f"Metadata-Version: 2.1\nName: sample-core\nVersion: {VERSION}\n"
        "Requires-Dist: numpy\n"
        "Requires-Dist: colours; sys_platform == 'win32'\n"
        "Requires-Dist: numpy>=2; extra == 'fast'\n"
        "Requires-Dist: Large_Frame.work[more]>=1 ; python_version < '4' and extra=='fast'\n"
        "\nRequires-Dist: of-the-description; extra == 'fast'\n"
    )
    found = wheel(tmp_path, **{f"{INFO}/METADATA": metadata})
    assert found.optional_projects() == {"large-frame-work"}


def test_scripts_are_entry_points_and_programs(tmp_path: Path) -> None:
    points = "[console_scripts]\nsample-sum = a:b\n\n[gui_scripts]\nsample-window = a:b\n"
    found = wheel(tmp_path, **{f"{INFO}/entry_points.txt": points, f"{SCRIPTS}/sample-native": ""})
    assert found.scripts("linux") == {"sample-sum", "sample-native"}


def test_a_wheel_without_entry_points_has_no_scripts(tmp_path: Path) -> None:
    files = core_files()
    del files[f"{INFO}/entry_points.txt"]
    found = WheelFile(write_wheel(tmp_path, "sample-core", files).path)
    assert found.scripts("linux") == set()


def test_programs_for_windows_are_named_without_suffix(tmp_path: Path) -> None:
    found = wheel(tmp_path, **{f"{SCRIPTS}/sample-native.exe": ""})
    assert found.scripts("windows") == {"sample-sum", "sample-view", "sample-native"}


def test_a_program_without_suffix_fails_on_windows(tmp_path: Path) -> None:
    """Catches: a script that Windows does not start, counted as a declared one."""
    found = wheel(tmp_path, **{f"{SCRIPTS}/sample-native": ""})
    with pytest.raises(
        SmokeTestError, match=r"^sample-native: not a \.exe file, so Windows does not start it$"
    ):
        found.scripts("windows")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sample/version.py", "sample.version"),
        ("sample/__init__.py", "sample"),
        ("sample/_libs/version.py", "sample._libs.version"),
    ],
)
def test_modules_have_dotted_names(path: str, name: str) -> None:
    assert module_name(path) == name
