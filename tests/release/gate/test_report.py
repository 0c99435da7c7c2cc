"""What a person sees of the verdicts, and how a release in a directory is found."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from release.gate import grid
from release.gate.judge import Evidence, judge
from release.gate.report import Report
from release.model import release_dir
from release.model.finding import Check, Finding
from release.model.outcome import Outcome
from tests.release.gate import samples
from tests.release.gate.samples import PLAN, good_reports

DAY = date(2026, 11, 25)


def shown(reports: dict[str, Report], *outcomes: Outcome) -> str:
    console = Console(file=io.StringIO(), width=80)
    grid.show(judge(Evidence(PLAN, [*reports.values()], outcomes=outcomes), DAY), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_the_grid_has_a_mark_for_each_cell() -> None:
    reports = good_reports()
    del reports[samples.RUNTIME_MAC]
    fault = Finding(samples.RUNTIME_311, Check.RPATH, "it leaves")
    reports[samples.RUNTIME_311] = Report(
        samples.RUNTIME_311, "wheel", "", 1, (fault,), reports[samples.RUNTIME_311].wheel
    )
    ran = Outcome(
        "linux_x86_64",
        "python",
        "3.12",
        "CPython 3.12.1",
        "passed",
        "it ran",
        (samples.RUNTIME_ABI3,),
    )
    text = shown(reports, ran)
    assert line(text, "iree-runtime").split() == ["iree-runtime", "✘", "✔", "○", "-"]
    assert line(text, "dist").split() == ["dist", "○", "○"]


def test_the_grid_of_the_real_matrix_fits_a_terminal() -> None:
    """Catches: columns that a narrow terminal cuts."""
    assert "…" not in shown(good_reports())


def test_what_is_missing_or_was_not_run_is_said_with_the_reason() -> None:
    reports = good_reports()
    del reports[samples.DIST_MAC]
    idle = Outcome("macos_arm64", "tools", None, "none", "not run", "nothing here runs it", ())
    text = shown(reports, idle)
    assert f"missing, tolerated, since 2026-11-25: {samples.DIST_MAC}" in text
    assert "not run: macos_arm64 tools: nothing here runs it" in text


def test_equal_faults_of_a_file_are_one_line() -> None:
    reports = good_reports()
    name = samples.RUNTIME_MAC
    faults = tuple(
        Finding(name, Check.BINARY_CPU, "it holds arm64", f"iree/{i}") for i in range(30)
    )
    reports[name] = Report(name, "wheel", "", 1, faults, reports[name].wheel)
    (said,) = (line for line in shown(reports).splitlines() if line.startswith("wrong:"))
    assert "iree/0" in said
    assert said.endswith("(and 29 more like it)")


def test_faults_that_differ_in_their_example_are_one_line() -> None:
    reports = good_reports()
    name = samples.RUNTIME_MAC
    faults = tuple(
        Finding(name, Check.BUILD_PATH, f"it holds paths, such as /__w/{i}.c", f"iree/{i}")
        for i in range(3)
    )
    reports[name] = Report(name, "wheel", "", 1, faults, reports[name].wheel)
    (said,) = (line for line in shown(reports).splitlines() if line.startswith("wrong:"))
    assert said.endswith("such as /__w/0.c [build_path] (and 2 more like it)")


def test_the_last_line_says_whether_it_may_go_out() -> None:
    reports = good_reports()
    assert "20261122.1 may go out: 10 cells right" in shown(reports)
    del reports[samples.TOOLS]
    assert "20261122.1 must not go out" in shown(reports)


def release_in(place: Path) -> Path:
    (place / "wheelhouse").mkdir(parents=True)
    (place / "wheelhouse" / "a-1-py3-none-any.whl").write_bytes(b"")
    document = {"version": "1", "platforms": [], "packages": [], "cells": [], "dists": []}
    (place / "plan.json").write_text(json.dumps(document))
    return place


def test_a_release_is_found_as_the_build_leaves_it(tmp_path: Path) -> None:
    release = release_dir.read(release_in(tmp_path))
    assert [path.name for path in release.files] == ["a-1-py3-none-any.whl"]
    assert release.manifest is None


def test_a_directory_without_a_release_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(release_dir.ReleaseDirectoryError, match="bazelw build //packaging:all"):
        release_dir.read(tmp_path / "absent")
    with pytest.raises(release_dir.ReleaseDirectoryError, match="holds no wheel"):
        release_dir.read(tmp_path)


def test_a_file_in_two_places_is_refused(tmp_path: Path) -> None:
    """Catches: two files of one name, of which one would be inspected and the other published."""
    release_in(tmp_path)
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(release_dir.ReleaseDirectoryError, match="in it twice"):
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
