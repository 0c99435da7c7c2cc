"""The layout of a dist: what its product requires of it, and where it names the version."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release.gate.inspection import InspectionContext, inspect
from release.model.finding import Check, Finding
from release.model.plan import Platform
from release.model.product import DistDescription, Package, Program, VersionFile
from tests.release.products import make_product

VERSION = "3.14.0rc1"
NAMES = {
    "linux": f"abacus-dist-{VERSION}-linux-x86_64.tar.xz",
    "windows": f"abacus-dist-{VERSION}-windows-x86_64.tar.xz",
}
PLATFORMS = {
    NAMES["linux"]: Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ()),
    NAMES["windows"]: Platform("windows_x86_64", "windows", "x86_64", None, None, ()),
}
DIST = DistDescription(
    name="abacus-dist",
    packages=("abacus",),
    contents={"linux": ("lib/libabacus.so",), "windows": ("bin/abacus.dll",)},
    versions=(
        VersionFile("README.md", r"^# abacus-dist (\S+)$"),
        VersionFile("include/abacus.h", r'^#define ABACUS_VERSION "(.*)"$'),
        VersionFile("abacus.cmake", r'^set\(PACKAGE_VERSION "(.*)"\)$', numeric=True),
    ),
)
PRODUCT = make_product(
    Package(
        "abacus",
        ("abacus",),
        programs=(
            Program("abacus-eval", ("1 2 +",), "^3$", directory="abacus"),
            Program("abacus-trace", (), "", directory="abacus", systems=("linux",)),
            Program("abacus-link", (), "", directory="abacus", script=False),
            Program("abacus-repl", (), ""),
        ),
    ),
    Package("abacus-extra", ("extra",), programs=(Program("extra", (), "", directory="extra"),)),
    dist=DIST,
)
TEXTS = {
    "LICENSE": "Do what you like.\n",
    "README.md": f"A sample.\n\n# abacus-dist {VERSION}\n",
    "include/abacus.h": f'#pragma once\n#define ABACUS_VERSION "{VERSION}"\n',
    "abacus.cmake": 'cmake_minimum_required(VERSION 3.26)\nset(PACKAGE_VERSION "3.14.0")\n',
    "origin.json": f'{{\n "platform": "linux-x86_64",\n "version": "{VERSION}"\n}}\n',
}
LINUX = {
    **TEXTS,
    "lib/libabacus.so": "",
    **{f"bin/abacus-{name}": "" for name in ("eval", "trace", "link")},
}
WINDOWS = {
    **TEXTS,
    "bin/abacus.dll": "",
    **{f"bin/abacus-{name}.exe": "" for name in ("eval", "link")},
}
# The header of a program for x86_64 without any sections.
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(44)


def findings(
    directory: Path, os: str, members: Mapping[str, str | bytes], **changes: Any
) -> list[Finding]:
    """The findings about a dist; `changes` are made to its description."""
    path = directory / NAMES[os]
    with tarfile.open(path, "w:xz") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    product = replace(PRODUCT, dist=replace(DIST, **changes))
    return [*inspect(path, InspectionContext(VERSION, product, PLATFORMS, {})).findings]


@pytest.mark.parametrize(("os", "members"), [("linux", LINUX), ("windows", WINDOWS)])
def test_a_dist_that_fits_its_product_has_no_findings(
    tmp_path: Path, os: str, members: Mapping[str, str]
) -> None:
    """Catches: the layout of another product, required of every dist."""
    assert findings(tmp_path, os, members) == []


@pytest.mark.parametrize("path", sorted(LINUX.keys() - {"LICENSE"}))
def test_each_part_is_required(tmp_path: Path, path: str) -> None:
    """Catches: a tool, a library or a text that a dist silently lacks."""
    members = {name: content for name, content in LINUX.items() if name != path}
    found = findings(tmp_path, "linux", members)
    assert [(one.check, one.member) for one in found] == [(Check.DIST_LAYOUT, path)]
    assert found[0].message == "missing, but every dist must contain it"


def test_programs_of_other_packages_and_python_scripts_are_not_required(tmp_path: Path) -> None:
    found = findings(tmp_path, "linux", LINUX, packages=("abacus", "abacus-extra"))
    assert [one.member for one in found] == ["bin/extra"]


@pytest.mark.parametrize("path", ["README.md", "include/abacus.h", "abacus.cmake", "origin.json"])
def test_each_file_that_names_the_version_is_checked(tmp_path: Path, path: str) -> None:
    """Catches: a header with a suffix that is not known as text, which nobody reads."""
    expected, other = ("3.14.0", "9.14.0") if path == "abacus.cmake" else (VERSION, "9.14.0rc1")
    for text, declared in (
        (LINUX[path].replace("3.14.0", "9.14.0"), f"version {other}"),
        ("Nothing.\n", "no version"),
    ):
        found = findings(tmp_path, "linux", {**LINUX, path: text})
        assert [(one.check, one.member) for one in found] == [(Check.DIST_VERSION, path)]
        assert found[0].message == f"declares {declared}, but must declare {expected}"


def test_a_native_file_in_place_of_a_text_names_no_version(tmp_path: Path) -> None:
    found = findings(tmp_path, "linux", {**LINUX, "include/abacus.h": ELF})
    assert Check.DIST_VERSION in {one.check for one in found}


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("bin/abacus-eval", True),
        ("bin/libabacus.so", False),
        ("bin/libabacus.so.1.2", False),
        ("lib/abacus-more", False),
    ],
)
def test_programs_must_be_executable_and_libraries_need_not(
    tmp_path: Path, name: str, program: bool
) -> None:
    """Catches: a library beside its program, refused because it is not executable."""
    found = findings(tmp_path, "linux", {**LINUX, name: ELF})
    messages = [one.message for one in found if one.member == name]
    assert ("a program, but not executable" in messages) is program
