"""Upstream's released wheels, as a set of ours: the gate names what is wrong with them.

They are IREE's public 3.13.0 release. Each finding below is real, and ours mends it or says so.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.inspection import Context
from release.gate.judge import Evidence, check_set
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
    """Our plan, as it would be for upstream's version."""
    ours = json.loads(Path(os.environ["PLAN"]).read_bytes())
    text = json.dumps(ours).replace(ours["version"], VERSION)
    (directory / "plan.json").write_text(text)
    return plan.read(directory / "plan.json")


def renamed(directory: Path) -> Iterator[Path]:
    """Upstream's files under the names of our projects and the one version."""
    for path in map(Path, os.environ["UPSTREAM"].split()):
        name = re.sub(r"-2\d{7}\.\d+-", f"-{VERSION}-", path.name)
        for old, new in NAMES.items():
            name = name.replace(old, new)
        link = directory / name
        link.symlink_to(path.resolve())
        yield link


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finding, ...]:
    """What the gate says of the set."""
    directory = tmp_path_factory.mktemp("upstream")
    wanted = planned(directory)
    reports = inspect_all([*renamed(directory)], Context.of(wanted, None))
    return check_set(Evidence(wanted, reports))


def said(findings: tuple[Finding, ...], check: Check, words: str) -> set[str]:
    """The files that a check says these words of, as a fault."""
    return {
        finding.file
        for finding in findings
        if finding.fault and finding.check is check and re.search(words, finding.message)
    }


def test_the_macos_wheels_promise_a_processor_that_they_hold_no_code_for(
    findings: tuple[Finding, ...],
) -> None:
    found = said(findings, Check.BINARY_CPU, "the true tag is macosx_13_0_arm64")
    assert len(found) == 2
    assert all("universal2" in file for file in found)
    assert said(findings, Check.BINARY_CPU, "") == found


def test_the_binaries_and_version_modules_name_the_candidate(
    findings: tuple[Finding, ...],
) -> None:
    compilers = said(findings, Check.STAMP, r"3\.13\.0rc20261016")
    assert len(compilers) == 6
    assert all(file.startswith("iree_compiler-") for file in compilers)
    modules = said(findings, Check.SET_VERSION, r"3\.13\.0rc20261016")
    assert len(modules) == 12


def test_the_tools_declare_nothing_and_import_much(findings: tuple[Finding, ...]) -> None:
    (tf, tflite) = sorted(said(findings, Check.REQUIREMENT, "imports tensorflow"))
    assert tf.startswith("iree_tools_tf-")
    assert tflite.startswith("iree_tools_tflite-")
    for words in ("imports iree.compiler", "imports iree.runtime", "imports numpy", "absl"):
        assert tf in said(findings, Check.REQUIREMENT, words), words


def test_a_console_script_leads_nowhere_and_no_licence_is_inside(
    findings: tuple[Finding, ...],
) -> None:
    assert len(said(findings, Check.ENTRY_POINT, "iree-build leads nowhere")) == 6
    assert len(said(findings, Check.LICENSE_MISSING, "License-File")) == 14


def test_a_renamed_wheel_is_known_by_what_it_says_of_itself(findings: tuple[Finding, ...]) -> None:
    assert said(findings, Check.WHEEL_NAME, "iree-base-runtime")
    assert said(findings, Check.WHEEL_NAME, "version 20260316.1567")


def test_nothing_else_is_wrong_with_them(findings: tuple[Finding, ...]) -> None:
    """Catches: a rule that finds faults where there are none."""
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
