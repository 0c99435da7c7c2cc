"""Files are inspected in separate processes, so that one file cannot stop the others."""

from __future__ import annotations

import os
from pathlib import Path

from release.gate.inspection import InspectionContext
from release.gate.pool import inspect_all
from release.model.finding import Check
from tests.release.products import make_product

CONTEXT = InspectionContext("1", make_product(), {}, {})


def test_reports_are_in_the_order_of_the_files_and_progress_grows(tmp_path: Path) -> None:
    paths = [tmp_path / f"a{number}-1-py3-none-any.whl" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes(number * 1000))
    done: list[int] = []
    reports = inspect_all(paths, CONTEXT, jobs=2, progress=done.append)
    assert [report.filename for report in reports] == [path.name for path in paths]
    assert [report.size for report in reports] == [0, 1000, 2000, 3000, 4000]
    assert done == sorted(done)


def test_a_file_that_times_out_is_a_finding_and_stops_no_other(tmp_path: Path) -> None:
    """Catches: a gate that hangs on one malformed file."""
    stuck, good = tmp_path / "stuck-1-py3-none-any.whl", tmp_path / "a-1-py3-none-any.whl"
    os.mkfifo(stuck)  # opening it blocks until a writer appears
    good.write_bytes(b"")
    timed_out, other = inspect_all([stuck, good], CONTEXT, jobs=1, timeout=1.5)
    assert [finding.check for finding in timed_out.findings] == [Check.BINARY_BROKEN]
    assert "timed out" in timed_out.findings[0].message
    assert [finding.check for finding in other.findings] == [Check.ARCHIVE_BROKEN]


def test_no_files_give_no_reports() -> None:
    assert inspect_all([], CONTEXT) == []
