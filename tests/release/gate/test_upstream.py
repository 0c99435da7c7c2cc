"""The gate finds the faults in upstream's released wheels, treated as a release of ours.

They are IREE's public 3.13.0 release. Each fault below is real; our wheels fix it or document it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.inspection import InspectionContext
from release.gate.judge import GateInputs, check_set
from release.gate.pool import inspect_all
from release.model import plan
from release.model.finding import Check, Finding
from release.model.plan import Plan

VERSION = "3.13.0"
NAMES = {
    "iree_base_compiler-": "iree_compiler-",
    "iree_base_runtime-": "iree_runtime-",
}


def planned(directory: Path) -> Plan:
    """Our plan, with upstream's version."""
    ours = json.loads(Path(os.environ["PLAN"]).read_bytes())
    text = json.dumps(ours).replace(ours["version"], VERSION)
    (directory / "plan.json").write_text(text)
    return plan.read(directory / "plan.json")


def renamed(directory: Path) -> Iterator[Path]:
    """Links to upstream's files, with our project names and one version."""
    for path in map(Path, os.environ["UPSTREAM"].split()):
        name = re.sub(r"-2\d{7}\.\d+-", f"-{VERSION}-", path.name)
        for old, new in NAMES.items():
            name = name.replace(old, new)
        link = directory / name
        link.symlink_to(path.resolve())
        yield link


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finding, ...]:
    """The findings about the set."""
    directory = tmp_path_factory.mktemp("upstream")
    our_plan = planned(directory)
    reports = inspect_all([*renamed(directory)], InspectionContext.from_plan(our_plan, None))
    return check_set(GateInputs(our_plan, reports))


def files(findings: tuple[Finding, ...], check: Check, pattern: str) -> set[str]:
    """The files with a fault of this check whose message matches the pattern."""
    return {
        finding.file
        for finding in findings
        if finding.fault and finding.check is check and re.search(pattern, finding.message)
    }


def test_the_macos_wheels_lack_code_for_a_processor_of_their_tag(
    findings: tuple[Finding, ...],
) -> None:
    found = files(findings, Check.BINARY_CPU, "the correct tag is macosx_13_0_arm64")
    assert len(found) == 2
    assert all("universal2" in file for file in found)
    assert files(findings, Check.BINARY_CPU, "") == found


def test_the_binaries_and_version_modules_have_the_candidates_version(
    findings: tuple[Finding, ...],
) -> None:
    compilers = files(findings, Check.STAMP, r"3\.13\.0rc20261016")
    assert len(compilers) == 6
    assert all(file.startswith("iree_compiler-") for file in compilers)
    modules = files(findings, Check.SET_VERSION, r"3\.13\.0rc20261016")
    assert len(modules) == 12


def test_the_tools_do_not_require_what_they_import(findings: tuple[Finding, ...]) -> None:
    (tf, tflite) = sorted(files(findings, Check.REQUIREMENT, "imports tensorflow"))
    assert tf.startswith("iree_tools_tf-")
    assert tflite.startswith("iree_tools_tflite-")
    for words in ("imports iree.compiler", "imports iree.runtime", "imports numpy", "absl"):
        assert tf in files(findings, Check.REQUIREMENT, words), words


def test_a_console_script_is_invalid_and_the_licence_is_missing(
    findings: tuple[Finding, ...],
) -> None:
    assert len(files(findings, Check.ENTRY_POINT, "iree-build is invalid")) == 6
    assert len(files(findings, Check.LICENSE_MISSING, "License-File")) == 14


def test_a_renamed_wheel_is_found_by_its_metadata(findings: tuple[Finding, ...]) -> None:
    assert files(findings, Check.WHEEL_NAME, "iree-base-runtime")
    assert files(findings, Check.WHEEL_NAME, "version 20260316.1567")


def test_there_are_no_other_faults(findings: tuple[Finding, ...]) -> None:
    """Catches: a rule with false positives."""
    assert {finding.check for finding in findings if finding.fault} == {
        Check.BINARY_CPU,
        Check.BUILD_PATH,
        Check.ENTRY_POINT,
        Check.LICENSE_MISSING,
        Check.REQUIREMENT,
        Check.SET_MISSING,
        Check.SET_UNPLANNED,
        Check.SET_UNSERVED,
        Check.SET_VERSION,
        Check.STAMP,
        Check.WHEEL_NAME,
    }
