"""How verdicts are printed, and how a release is found in a directory."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from release.gate import grid
from release.gate.judge import GateInputs, judge
from release.gate.report import Report
from release.model import release_dir
from release.model.document import dumps
from release.model.finding import Check, Finding
from release.model.outcome import Outcome
from release.model.plan import Plan
from release.model.state import RunState
from tests.release.gate import samples
from tests.release.gate.samples import PLAN, good_reports
from tests.release.products import make_product

DAY = date(2026, 11, 25)


def printed(reports: dict[str, Report], *outcomes: Outcome) -> str:
    console = Console(file=io.StringIO(), width=80)
    grid.show(judge(GateInputs(PLAN, [*reports.values()], outcomes=outcomes), DAY), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_the_grid_has_a_mark_for_each_cell() -> None:
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    fault = Finding(samples.RUNTIME_311, Check.RPATH, "searches / for libraries")
    reports[samples.RUNTIME_311] = Report(
        samples.RUNTIME_311, "wheel", "", 1, (fault,), reports[samples.RUNTIME_311].wheel
    )
    ran = Outcome(
        "linux_x86_64",
        "python",
        "3.12",
        "CPython 3.12.1",
        RunState.PASSED,
        "it ran",
        (samples.RUNTIME_ABI3,),
    )
    text = printed(reports, ran)
    assert line(text, "iree-runtime").split() == ["iree-runtime", "✘", "✔", "○", "-"]
    assert line(text, "dist").split() == ["dist", "○", "○"]


def test_files_that_were_only_installed_have_a_mark_of_their_own() -> None:
    """Catches: a release that nobody tested, shown like one that was tested."""
    installed = Outcome(
        "linux_x86_64",
        "python",
        "3.12",
        "CPython 3.12.1",
        RunState.INSTALLED,
        "installed",
        (samples.RUNTIME_ABI3,),
    )
    text = printed(good_reports(), installed)
    assert line(text, "iree-runtime").split() == ["iree-runtime", "○", "◐", "○", "○"]
    assert "◐ right and installed, but not tested" in text
    assert "◐" not in printed(good_reports())


def test_the_grid_fits_80_columns() -> None:
    """Catches: columns that a narrow terminal truncates."""
    assert "…" not in printed(good_reports())


def test_missing_files_and_smoke_tests_not_run_are_listed_with_the_reason() -> None:
    reports = good_reports()
    del reports[samples.DIST_MAC]
    idle = Outcome(
        "macos_arm64", "tools", None, "none", RunState.NOT_RUN, "nothing here runs it", ()
    )
    text = printed(reports, idle)
    assert f"missing since 2026-11-25 (tolerated): {samples.DIST_MAC}" in text
    assert "not run: macos_arm64 tools: nothing here runs it" in text


def test_equal_faults_of_a_file_are_one_line() -> None:
    reports = good_reports()
    name = samples.RUNTIME_MAC
    faults = tuple(
        Finding(name, Check.BINARY_CPU, "contains arm64", f"iree/{i}") for i in range(30)
    )
    reports[name] = Report(name, "wheel", "", 1, faults, reports[name].wheel)
    (fault,) = (line for line in printed(reports).splitlines() if line.startswith("wrong:"))
    assert "iree/0" in fault
    assert fault.endswith("(and 29 similar)")


def test_faults_that_differ_only_in_their_example_are_one_line() -> None:
    reports = good_reports()
    name = samples.RUNTIME_MAC
    faults = tuple(
        Finding(name, Check.BUILD_PATH, f"contains paths, such as /__w/{i}.c", f"iree/{i}")
        for i in range(3)
    )
    reports[name] = Report(name, "wheel", "", 1, faults, reports[name].wheel)
    (fault,) = (line for line in printed(reports).splitlines() if line.startswith("wrong:"))
    assert fault.endswith("such as /__w/0.c [build_path] (and 2 similar)")


def test_the_last_line_says_whether_the_release_passed() -> None:
    reports = good_reports()
    assert "20261122.1 passed the gate: 10 cells right" in printed(reports)
    del reports[samples.TOOLS]
    assert "20261122.1 failed the gate" in printed(reports)


def release_in(directory: Path) -> Path:
    (directory / "wheelhouse").mkdir(parents=True)
    (directory / "wheelhouse" / "a-1-py3-none-any.whl").write_bytes(b"")
    plan = Plan(product=make_product(), version="1", platforms=(), cells=(), dists=())
    (directory / "plan.json").write_bytes(dumps(plan.to_json()))
    return directory


def test_a_release_is_found_as_the_build_leaves_it(tmp_path: Path) -> None:
    release = release_dir.read(release_in(tmp_path))
    assert [path.name for path in release.files] == ["a-1-py3-none-any.whl"]
    assert release.manifest is None


def test_a_directory_without_a_release_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(release_dir.ReleaseDirectoryError, match="bazelw build //products/NAME:all"):
        release_dir.read(tmp_path / "absent")
    with pytest.raises(release_dir.ReleaseDirectoryError, match="contains no wheel"):
        release_dir.read(tmp_path)


def test_a_file_in_two_places_is_refused(tmp_path: Path) -> None:
    """Catches: two files of one name, one of which is inspected and the other published."""
    release_in(tmp_path)
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(release_dir.ReleaseDirectoryError, match="appears twice"):
        release_dir.read(tmp_path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "verdicts.json"
    release_dir.replace(target, b"one")
    release_dir.replace(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["verdicts.json"]
    target.unlink()
    target.mkdir()
    with pytest.raises(OSError):
        release_dir.replace(target, b"three")
    assert [path.name for path in tmp_path.iterdir()] == ["verdicts.json"]
