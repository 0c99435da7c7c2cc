"""`.ci/count.py` summarizes a test run."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROGRAM = Path(os.environ["COUNT"]).absolute()


def suite(logs: Path, target: str, seconds: float, *cases: str) -> Path:
    """Writes the report of a target; returns its directory."""
    directory = logs / target
    directory.mkdir(parents=True)
    (directory / "test.xml").write_text(
        f'<testsuites><testsuite time="{seconds}">{"".join(cases)}</testsuite></testsuites>'
    )
    return directory


def case(outcome: str = "") -> str:
    return f'<testcase name="test_it">{outcome}</testcase>'


def summary(logs: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, PROGRAM, logs], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_last_line_counts_the_test_cases(tmp_path: Path) -> None:
    suite(tmp_path, "a/t", 1, case(), case("<failure/>"), case("<error/>"))
    suite(tmp_path, "b/t", 1, case('<skipped message="no wine"/>'), case())
    lines = summary(tmp_path)
    assert lines[-1] == "2 passed, 2 failed, 1 skipped"
    assert "not run: //b:t: test_it: no wine" in lines


def test_shards_are_one_target(tmp_path: Path) -> None:
    """Catches: a slow target that is split into fast shards."""
    suite(tmp_path, "a/slow/shard_1_of_2", 30, case())
    suite(tmp_path, "a/slow/shard_2_of_2", 31, case())
    suite(tmp_path, "a/quick", 40, case())
    assert summary(tmp_path)[1:3] == ["    61.0 //a:slow", "    40.0 //a:quick"]


def test_ten_targets_are_listed(tmp_path: Path) -> None:
    for number in range(12):
        suite(tmp_path, f"a/t{number}", number, case())
    assert sum("//a:t" in line for line in summary(tmp_path)) == 10


@pytest.mark.parametrize("zipped", [True, False])
def test_tallies_are_summed(tmp_path: Path, zipped: bool) -> None:
    """Catches: a run that tests only half of the kill points without a notice."""
    for target, number in (("a/t", 3), ("b/t/shard_1_of_2", 4)):
        outputs = suite(tmp_path, target, 1, case()) / "test.outputs"
        outputs.mkdir()
        line = f'{{"kind": "kill points", "number": {number}, "what": "killed"}}\n'
        if zipped:
            with zipfile.ZipFile(outputs / "outputs.zip", "w") as archive:
                archive.writestr("tally.jsonl", line)
        else:
            (outputs / "tally.jsonl").write_text(line)
    assert summary(tmp_path)[-2] == "7 kill points"
