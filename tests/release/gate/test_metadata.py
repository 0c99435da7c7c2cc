"""METADATA, WHEEL and licences: what the specifications, packaging and twine reject."""

from __future__ import annotations

import pytest
from packaging.utils import parse_wheel_filename

from release.gate import metadata
from release.model.finding import Check

FILE = "iree_runtime-3.13.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
TAGS = parse_wheel_filename(FILE)[3]
GOOD = """\
Metadata-Version: 2.4
Name: iree-runtime
Version: 3.13.0
Summary: Runs it
License-Expression: Apache-2.0 WITH LLVM-exception
License-File: LICENSE
Requires-Python: >=3.11
Requires-Dist: numpy
Requires-Dist: onnx>=1.16; extra == "onnx"
Provides-Extra: onnx
Description-Content-Type: text/x-rst

A runtime
=========

It runs.
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: test
Root-Is-Purelib: false
Tag: cp311-cp311-manylinux_2_27_x86_64
Tag: cp311-cp311-manylinux_2_28_x86_64
"""


def test_valid_metadata_is_parsed() -> None:
    core, findings = metadata.parse(FILE, GOOD.encode())
    assert findings == ()
    assert core is not None
    assert (core.name, core.version) == ("iree-runtime", "3.13.0")
    assert core.requires == ("numpy", 'onnx>=1.16; extra == "onnx"')
    assert (core.requires_python, core.license_files) == (">=3.11", ("LICENSE",))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 3.13.0", "Version: three"),
        ("Name: iree-runtime", "Name: -iree-"),
        ("Requires-Dist: numpy", "Requires-Dist: numpy >> 3"),
        ("Requires-Python: >=3.11", "Requires-Python: 3.11+"),
        ("License-Expression: Apache-2.0 WITH LLVM-exception", "License-Expression: Apachy"),
        ("Metadata-Version: 2.4", "Metadata-Version: 9.9"),
        ("Metadata-Version: 2.4", "Metadata-Version: 2.1"),
        ("Summary: Runs it", "Summery: Runs it"),
        ("Name: iree-runtime\n", ""),
    ],
)
def test_metadata_that_packaging_rejects_is_found(old: str, new: str) -> None:
    _, findings = metadata.parse(FILE, GOOD.replace(old, new).encode())
    assert {finding.check for finding in findings} == {Check.METADATA_INVALID}


def test_metadata_that_only_twine_rejects_is_found() -> None:
    """Catches: a description that the registry cannot render, rejected in mid-upload."""
    broken = GOOD.replace("=========", "===").replace("It runs.", ".. nonsense:: ``\n\n  `x")
    core, (finding,) = metadata.parse(FILE, broken.encode())
    assert core is not None
    assert "twine rejects METADATA" in finding.message
    assert "\n" not in finding.message


def test_a_url_requirement_is_found() -> None:
    """Catches: a pin on a local file, which a registry rejects."""
    local = GOOD.replace("numpy", "numpy @ file:///tmp/numpy.whl")
    _, (finding,) = metadata.parse(FILE, local.encode())
    assert "registries reject URL requirements" in finding.message


def test_metadata_that_is_not_text_is_found() -> None:
    _, findings = metadata.parse(FILE, b"\xff\xfe\x00Name: x")
    assert findings


def test_a_wheel_file_with_the_expanded_tags_passes() -> None:
    assert not [*metadata.check_wheel(FILE, WHEEL.encode(), TAGS)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Tag: cp311-cp311-manylinux_2_27_x86_64\n", ""),
        ("cp311-manylinux_2_28", "cp312-manylinux_2_28"),
        (
            "Tag: cp311-cp311-manylinux_2_27_x86_64\nTag: cp311-cp311-manylinux_2_28_x86_64",
            "Tag: cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64",
        ),
        ("Wheel-Version: 1.0", "Wheel-Version: 2.0"),
        ("Root-Is-Purelib: false", "Root-Is-Purelib: true"),
    ],
)
def test_a_wheel_file_that_does_not_match_the_file_name_is_found(old: str, new: str) -> None:
    """Catches: a wheel renamed to another platform; compressed tags that were not expanded."""
    changed = WHEEL.replace(old, new)
    assert changed != WHEEL
    (finding,) = metadata.check_wheel(FILE, changed.encode(), TAGS)
    assert finding.check is Check.WHEEL_TAGS


def test_a_licence_file_must_be_in_the_wheel() -> None:
    core, _ = metadata.parse(FILE, GOOD.encode())
    assert core is not None
    info = "iree_runtime-3.13.0.dist-info"

    def found(**sizes: int) -> int:
        members = {f"{info}/licenses/{name}": size for name, size in sizes.items()}
        return len([*metadata.check_license(FILE, core, info, members)])

    assert found(LICENSE=12000) == 0
    assert found(LICENSE=0) == 1
    assert found(COPYING=12000) == 1


def test_a_wheel_without_a_licence_is_found() -> None:
    """Catches: upstream's wheels, which contain no licence text."""
    bare = "".join(line for line in GOOD.splitlines(True) if not line.startswith("License-"))
    core, _ = metadata.parse(FILE, bare.encode())
    assert core is not None
    assert len([*metadata.check_license(FILE, core, "x.dist-info", {})]) == 2
