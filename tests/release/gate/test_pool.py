"""Files are inspected in processes of their own, so that one of them cannot stop the others."""

from __future__ import annotations

import os
from pathlib import Path

from release.gate.inspection import Context
from release.gate.pool import inspect_all
from release.model.finding import Check

CONTEXT = Context("1", {}, {}, {})


def test_reports_come_in_the_order_of_the_files_and_bytes_are_counted(tmp_path: Path) -> None:
    paths = [tmp_path / f"a{number}-1-py3-none-any.whl" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes(number * 1000))
    done: list[int] = []
    reports = inspect_all(paths, CONTEXT, jobs=2, progress=done.append)
    assert [report.filename for report in reports] == [path.name for path in paths]
    assert [report.size for report in reports] == [0, 1000, 2000, 3000, 4000]
    assert done == sorted(done)


def test_a_file_that_does_not_end_is_a_finding_and_stops_no_other(tmp_path: Path) -> None:
    """Catches: a gate that hangs all night on one malformed file."""
    stuck, good = tmp_path / "stuck-1-py3-none-any.whl", tmp_path / "a-1-py3-none-any.whl"
    os.mkfifo(stuck)  # whoever opens it waits for a writer
    good.write_bytes(b"")
    held, other = inspect_all([stuck, good], CONTEXT, jobs=1, patience=1.5)
    assert [finding.check for finding in held.findings] == [Check.BINARY_BROKEN]
    assert "does not end" in held.findings[0].message
    assert [finding.check for finding in other.findings] == [Check.ARCHIVE_BROKEN]


def test_no_files_are_no_reports() -> None:
    assert inspect_all([], CONTEXT) == []
