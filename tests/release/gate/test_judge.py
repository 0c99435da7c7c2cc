"""The checks of the set, and the verdicts, for given reports on each file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from release.gate import junit
from release.gate.judge import GateInputs, RequiredRun, check_set, faultless_files, judge
from release.gate.report import Import, Report
from release.gate.sizes import SizeLimits
from release.model.cells import DistStatus
from release.model.finding import Check, Finding
from release.model.outcome import Outcome
from release.model.state import CellState, RunState
from release.model.verdicts import Verdicts
from tests.release.gate import samples
from tests.release.gate.samples import PLAN, VERSION, good_reports, manifest_of, wheel_report

TODAY = date(2026, 11, 25)


def faults(reports: Iterable[Report]) -> set[tuple[str, Check]]:
    """File and check of each fault."""
    inputs = GateInputs(PLAN, tuple(reports))
    return {(finding.file, finding.check) for finding in check_set(inputs) if finding.fault}


def judged(reports: Iterable[Report], **more: object) -> Verdicts:
    files = tuple(reports)
    return judge(GateInputs(PLAN, files, **{"manifest": manifest_of(files), **more}), TODAY)  # type: ignore[arg-type]


def passed(platform: str, kind: str, python: str | None, *files: str) -> Outcome:
    return Outcome(platform, kind, python, "an engine", RunState.PASSED, "it ran", files)  # type: ignore[arg-type]


def test_every_cell_of_a_valid_set_is_right() -> None:
    reports = good_reports()
    verdicts = judged(reports.values(), manifest=manifest_of([*reports.values()]))
    assert verdicts.right
    assert {cell.state for cell in verdicts.cells} == {CellState.BUILT}
    assert verdicts.findings == ()
    assert len(verdicts.cells) == len(PLAN.cells) + len(PLAN.dists)


def test_a_missing_python_on_linux_is_refused() -> None:
    """Catches: a required wheel that was not built."""
    reports = good_reports()
    del reports[samples.RUNTIME_311]
    verdicts = judged(reports.values())
    assert not verdicts.right
    (cell,) = (cell for cell in verdicts.cells if cell.state is CellState.WRONG)
    assert (cell.package, cell.python) == ("iree-runtime", "3.11")
    assert cell.why[0] == "missing, but required by the plan"


def test_a_missing_file_of_a_tolerated_platform_is_a_note() -> None:
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    verdicts = judged(reports.values())
    assert verdicts.right
    (cell,) = (cell for cell in verdicts.cells if cell.state is CellState.MISSING)
    assert (cell.file, cell.since) == (samples.RUNTIME_MAC, TODAY)
    assert [note.check for note in verdicts.notes] == [Check.SET_MISSING]


def test_a_file_still_missing_is_missing_since_the_first_day() -> None:
    reports = good_reports()
    del reports[samples.DIST_MAC]
    first = date(2026, 11, 3)
    previous = replace(
        manifest_of([]),
        dists=(
            DistStatus(
                "macos_arm64", False, CellState.MISSING, samples.DIST_MAC, missing_since=first
            ),
        ),
    )
    verdicts = judged(reports.values(), previous=previous)
    assert [cell.since for cell in verdicts.cells if cell.state is CellState.MISSING] == [first]


def test_a_stray_file_is_refused() -> None:
    """Catches: yesterday's wheel, left in the directory."""
    stray = wheel_report("iree_runtime-20261121.1-cp310-cp310-manylinux_2_28_x86_64.whl")
    found = faults([*good_reports().values(), stray])
    assert found == {(stray.filename, Check.SET_UNPLANNED)}


def test_a_second_wheel_that_an_installer_would_prefer_is_refused() -> None:
    """Catches: a build number, for which pip selects another file than the planned one."""
    duplicate = wheel_report(f"iree_runtime-{VERSION}-1-cp311-cp311-manylinux_2_28_x86_64.whl")
    found = faults([*good_reports().values(), duplicate])
    assert (duplicate.filename, Check.SET_UNPLANNED) in found
    assert Check.SET_AMBIGUOUS in {check for _, check in found}


def test_a_more_specific_wheel_for_a_later_python_is_refused() -> None:
    other = wheel_report(f"iree_runtime-{VERSION}-cp315-cp315-manylinux_2_17_x86_64.whl")
    assert (other.filename, Check.SET_AMBIGUOUS) in faults([*good_reports().values(), other])


def test_a_compatible_wheel_with_another_name_is_refused() -> None:
    """Catches: matching by file name. A universal2 wheel is compatible with arm64."""
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    fat = wheel_report(f"iree_runtime-{VERSION}-cp312-abi3-macosx_13_0_universal2.whl")
    found = faults([*reports.values(), fat])
    assert (fat.filename, Check.SET_AMBIGUOUS) in found


@pytest.mark.parametrize(
    ("platform_tag", "compatible"),
    [
        ("manylinux2014_x86_64", True),
        ("manylinux_2_28_x86_64", True),
        ("manylinux_2_29_x86_64", False),
        ("musllinux_1_2_x86_64", False),
        ("manylinux_2_28_aarch64", False),
    ],
)
def test_wheels_match_cells_by_their_tags(platform_tag: str, compatible: bool) -> None:
    reports = good_reports()
    tagged = wheel_report(f"iree_runtime-{VERSION}-cp311-cp311-{platform_tag}.whl")
    reports[samples.RUNTIME_311] = replace(tagged, filename=samples.RUNTIME_311)
    found = faults(reports.values())
    assert ((samples.RUNTIME_311, Check.SET_UNSERVED) not in found) is compatible


def test_metadata_that_excludes_a_planned_python_is_refused() -> None:
    reports = good_reports()
    reports[samples.RUNTIME_ABI3] = wheel_report(
        samples.RUNTIME_ABI3, requires_python=">=3.12,<3.15"
    )
    # The other wheels of the package do not exclude it.
    assert faults(reports.values()) == {
        (samples.RUNTIME_ABI3, Check.METADATA_PYTHON),
        (samples.RUNTIME_ABI3, Check.SET_METADATA),
    }


@pytest.mark.parametrize(
    "declared", [{"requires_python": ">=3.12"}, {"requires": ("numpy", "ml_dtypes")}]
)
def test_wheels_of_a_package_with_different_metadata_are_refused(
    declared: dict[str, object],
) -> None:
    """Catches: an abi3 wheel's >=3.12, by which a registry hides the wheel for 3.11."""
    reports = good_reports()
    reports[samples.RUNTIME_ABI3] = wheel_report(samples.RUNTIME_ABI3, **declared)
    assert faults(reports.values()) == {(samples.RUNTIME_ABI3, Check.SET_METADATA)}


def test_another_version_in_metadata_or_version_modules_is_refused() -> None:
    """Catches: files of two nightly releases; a promotion that does not rewrite the modules."""
    reports = good_reports()
    reports[samples.RUNTIME_311] = wheel_report(samples.RUNTIME_311, version="20261121.1")
    stale = (("iree/runtime/version.py", "3.13.0rc20261016"),)
    reports[samples.RUNTIME_MAC] = wheel_report(samples.RUNTIME_MAC, versions=stale)
    assert faults(reports.values()) == {
        (samples.RUNTIME_311, Check.SET_VERSION),
        (samples.RUNTIME_MAC, Check.SET_VERSION),
    }


@pytest.mark.parametrize(
    "pin",
    ["iree-runtime", "iree-runtime==20261121.1", "iree_runtime>=20261122.1", "iree-runtime==2026*"],
)
def test_a_sibling_that_is_not_pinned_to_the_release_is_refused(pin: str) -> None:
    """Catches: compiler and runtime of different nightly releases in one environment."""
    reports = good_reports()
    reports[samples.TOOLS] = wheel_report(
        samples.TOOLS, requires=("absl-py", pin.replace("2026*", "2026.*"))
    )
    assert faults(reports.values()) == {(samples.TOOLS, Check.SET_PIN)}


def test_an_import_that_is_not_required_is_refused() -> None:
    """Catches: upstream's iree-tools-tf."""
    reports = good_reports()
    reports[samples.TOOLS] = wheel_report(samples.TOOLS, requires=())
    messages = [str(finding) for finding in check_set(GateInputs(PLAN, tuple(reports.values())))]
    assert len(messages) == 2
    assert (
        "main.py: line 1 imports absl.flags, but METADATA does not require absl-py" in messages[0]
    )
    assert (
        "main.py: line 2 imports iree.runtime, but METADATA does not require iree-runtime"
        in messages[1]
    )


def test_an_import_of_our_own_that_no_package_provides_is_refused() -> None:
    reports = good_reports()
    absent = (Import("iree.absent", "iree/tools/tf/main.py", 9),)
    reports[samples.TOOLS] = wheel_report(samples.TOOLS, imports=absent)
    (finding,) = check_set(GateInputs(PLAN, tuple(reports.values())))
    assert finding.check is Check.REQUIREMENT
    assert "which no package of the release provides" in finding.message


def test_an_import_from_a_missing_sibling_is_no_fault_of_the_importer() -> None:
    """Catches: a second fault, in a valid wheel, that hides which file is missing."""
    reports = {name: report for name, report in good_reports().items() if "runtime" not in name}
    assert Check.REQUIREMENT not in {check for _, check in faults(reports.values())}


def test_two_packages_with_the_same_file_are_refused() -> None:
    reports = good_reports()
    both = frozenset({"iree/tools/tf/main.py", "iree/runtime/version.py"})
    reports[samples.TOOLS] = wheel_report(samples.TOOLS, files=both)
    assert Check.SET_CLASH in {check for _, check in faults(reports.values())}


def test_a_file_that_does_not_match_the_manifest_is_refused() -> None:
    """Catches: a file that was replaced after the build."""
    reports = good_reports()
    manifest = manifest_of([*reports.values()])
    reports[samples.DIST_LINUX] = replace(reports[samples.DIST_LINUX], sha256="22" * 32)
    verdicts = judged(reports.values(), manifest=manifest)
    assert [(f.file, f.check) for f in verdicts.faults] == [(samples.DIST_LINUX, Check.SET_DIGEST)]


def test_sums_that_do_not_match_the_files_are_refused() -> None:
    """Catches: SHA256SUMS of another build."""
    reports = good_reports()
    sums = {report.filename: report.sha256 for report in reports.values()}
    assert judged(reports.values(), sums=sums).right
    sums[samples.TOOLS] = "22" * 32
    del sums[samples.DIST_MAC]
    verdicts = judged(reports.values(), sums=sums)
    assert {(fault.file, fault.check) for fault in verdicts.faults} == {
        (samples.TOOLS, Check.SET_DIGEST),
        (samples.DIST_MAC, Check.SET_DIGEST),
    }


def test_a_missing_manifest_is_a_note() -> None:
    """Catches: a set whose digests were not compared, passed without a word."""
    verdicts = judged(good_reports().values(), manifest=None)
    assert verdicts.right
    assert [note.file for note in verdicts.notes] == ["manifest.json"]


def test_a_file_above_the_registrys_limit_is_refused() -> None:
    verdicts = judged(good_reports().values(), limits=SizeLimits(wheel=999))
    assert {finding.check for finding in verdicts.faults} == {Check.SET_SIZE}


def test_growth_since_the_previous_release_is_a_note() -> None:
    reports = good_reports()
    previous = manifest_of([*reports.values()])
    reports[samples.RUNTIME_311] = replace(reports[samples.RUNTIME_311], size=1500)
    verdicts = judged(reports.values(), previous=previous)
    assert verdicts.right
    assert "grew by 50% since the previous release" in verdicts.notes[0].message
    growth = {size.file: size.growth for size in verdicts.sizes}
    assert (growth[samples.RUNTIME_311], growth[samples.TOOLS]) == (1.5, 1.0)


def test_only_files_without_a_fault_are_run() -> None:
    """Catches: installing and running a hostile wheel."""
    reports = good_reports()
    fault = Finding(samples.RUNTIME_311, Check.ARCHIVE_PATH, "points outside the archive")
    reports[samples.RUNTIME_311] = replace(reports[samples.RUNTIME_311], findings=(fault,))
    inputs = GateInputs(PLAN, tuple(reports.values()))
    assert faultless_files(inputs) == reports.keys() - {samples.RUNTIME_311}


def test_files_of_a_failed_smoke_test_are_wrong() -> None:
    failed = replace(
        passed("linux_x86_64", "python", "3.11", samples.RUNTIME_311),
        status=RunState.FAILED,
        detail="matmul differs",
    )
    verdicts = judged(good_reports().values(), outcomes=(failed,))
    wrong = [cell for cell in verdicts.cells if cell.state is CellState.WRONG]
    assert [cell.file for cell in wrong] == [samples.RUNTIME_311]
    assert wrong[0].why == (
        "the python smoke test on Python 3.11 (an engine) failed: matmul differs",
    )


def test_a_smoke_test_counts_for_its_own_python_alone() -> None:
    outcome = passed("linux_x86_64", "python", "3.12", samples.RUNTIME_ABI3)
    verdicts = judged(good_reports().values(), outcomes=(outcome,))
    runs = {cell.python: cell.run for cell in verdicts.cells if cell.file == samples.RUNTIME_ABI3}
    assert runs == {"3.12": "passed", "3.15": "not run"}


def test_a_smoke_test_that_was_not_run_is_accepted_unless_it_is_required() -> None:
    reason = "nothing on Linux runs Mach-O programs"
    outcome = Outcome("macos_arm64", "tools", None, "none", RunState.NOT_RUN, reason, ())
    outcome = replace(outcome, files=(samples.RUNTIME_MAC,))
    assert judged(good_reports().values(), outcomes=(outcome,)).right
    required = RequiredRun("macos_arm64", "run")
    verdicts = judged(good_reports().values(), outcomes=(outcome,), required_runs=(required,))
    assert not verdicts.right
    assert any(reason in finding.message for finding in verdicts.faults)


def test_files_that_were_installed_without_a_smoke_program_have_run() -> None:
    """Catches: a product without a smoke program that can never meet `--require`."""
    outcomes = tuple(
        replace(passed("macos_arm64", kind, python, file), status=RunState.INSTALLED)
        for kind, python, file in (
            ("python", "3.15", samples.RUNTIME_MAC),
            ("python", "3.15", samples.TOOLS),
            ("dist", None, samples.DIST_MAC),
        )
    )
    required = (RequiredRun("macos_arm64", "run"), RequiredRun("macos_arm64", "dist"))
    verdicts = judged(good_reports().values(), outcomes=outcomes, required_runs=required)
    assert verdicts.right
    assert {cell.run for cell in verdicts.cells if cell.platform == "macos_arm64"} == {
        RunState.INSTALLED
    }
    suite = ElementTree.fromstring(junit.render(verdicts))
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0")


def test_a_smoke_program_that_passed_outweighs_an_installation() -> None:
    done = passed("linux_x86_64", "python", "3.11", samples.RUNTIME_311)
    only_installed = replace(done, status=RunState.INSTALLED)
    for outcomes in ((done, only_installed), (only_installed, done)):
        verdicts = judged(good_reports().values(), outcomes=outcomes)
        assert {cell.run for cell in verdicts.cells if cell.file == samples.RUNTIME_311} == {
            RunState.PASSED
        }


def test_another_smoke_test_does_not_replace_a_required_container() -> None:
    other = passed("linux_x86_64", "python", "3.11", samples.RUNTIME_311)
    required = (RequiredRun("linux_x86_64", "container"),)
    assert not judged(good_reports().values(), outcomes=(other,), required_runs=required).right
    done = passed("linux_x86_64", "container", "3.11", samples.RUNTIME_311)
    assert judged(good_reports().values(), outcomes=(other, done), required_runs=required).right


def test_the_manifest_lists_existing_artifacts_and_missing_cells() -> None:
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    built = manifest_of([*good_reports().values()])
    manifest = built.with_verdicts(judged(reports.values())).to_json()
    assert {artifact["filename"] for artifact in manifest["artifacts"]} == set(reports)
    missing = [cell for cell in manifest["cells"] if cell["status"] == "missing"]
    assert [(c["wheel"], c["missing_since"]) for c in missing] == [
        (samples.RUNTIME_MAC, TODAY.isoformat())
    ]
    assert manifest["examined"] == TODAY.isoformat()
    json.dumps(manifest)


def test_junit_counts_cells_smoke_tests_and_files_without_a_cell() -> None:
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    stray = wheel_report("iree_runtime-1-cp310-cp310-manylinux_2_28_x86_64.whl")
    outcome = Outcome("linux_x86_64", "dist", None, "native", RunState.NOT_RUN, "no\x07 way", ())
    verdicts = judged([*reports.values(), stray], outcomes=(outcome,))
    suite = ElementTree.fromstring(junit.render(verdicts))
    assert suite.get("tests") == str(len(verdicts.cells) + 2)
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "2")
