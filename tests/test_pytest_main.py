"""The runner of tests: its exit codes, its log and its XML report."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests import pytest_main


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for variable in ("TESTBRIDGE_TEST_ONLY", "TEST_TMPDIR", "XML_OUTPUT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


def run(
    workspace: Path, source: str, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    (workspace / "test_it.py").write_text(source)
    return subprocess.run(
        [sys.executable, pytest_main.__file__, "test_it.py"],
        cwd=workspace,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_failing_test_fails_the_target(workspace: Path) -> None:
    assert run(workspace, "def test_it(): assert 1 == 2").returncode == 1


def test_a_passing_test_passes_without_lines_about_skips(workspace: Path) -> None:
    result = run(workspace, "def test_it(): pass")
    assert result.returncode == 0
    assert "not run" not in result.stdout


def test_a_file_without_tests_fails(workspace: Path) -> None:
    result = run(workspace, "def tset_it(): pass")
    assert result.returncode == 5
    assert result.stderr == "test_it.py: no test was collected.\n"


def test_a_filter_that_matches_nothing_fails_and_is_named(workspace: Path) -> None:
    result = run(workspace, "def test_it(): pass", {"TESTBRIDGE_TEST_ONLY": "other"})
    assert result.returncode == 5
    assert result.stderr == "test_it.py: no test matches --test_filter=other.\n"


def test_a_filter_selects(workspace: Path) -> None:
    source = "def test_it(): pass\ndef test_other(): assert False"
    assert run(workspace, source, {"TESTBRIDGE_TEST_ONLY": "not other"}).returncode == 0


@pytest.mark.parametrize("number", [2, 6])
def test_shards_run_each_test_once(workspace: Path, tmp_path: Path, number: int) -> None:
    """Catches: a test that no shard runs, or a shard that fails because a filter empties it."""
    source = "\n".join(f"def test_{n}(): open('ran', 'a').write('{n} ')" for n in range(5))
    status_file = tmp_path / "status"
    for index in range(number):
        variables = {"TEST_TOTAL_SHARDS": str(number), "TEST_SHARD_INDEX": str(index)}
        result = run(workspace, source, {**variables, "TEST_SHARD_STATUS_FILE": str(status_file)})
        assert result.returncode == 0, result.stdout
    assert (workspace / "ran").read_text().split() == ["0", "1", "2", "3", "4"]
    assert status_file.exists(), "Bazel would run all tests in each shard, or fail"


def test_a_run_with_only_skips_says_that_nothing_was_tested(workspace: Path) -> None:
    result = run(workspace, "import pytest\ndef test_it(): pytest.skip('not run: no wine on PATH')")
    assert result.returncode == 0
    assert "not run: no wine on PATH (test_it.py::test_it)" in result.stdout
    assert "not run: every test of this target was skipped" in result.stdout


def test_a_skipped_module_counts_as_not_run(workspace: Path) -> None:
    source = "import pytest\npytest.skip('no wine', allow_module_level=True)"
    result = run(workspace, source)
    assert result.returncode == 0
    assert "not run: no wine (test_it.py)" in result.stdout
    assert "not run: every test of this target was skipped" in result.stdout


def test_one_skip_among_passes_is_listed_with_its_reason(workspace: Path) -> None:
    source = (
        "import pytest\n"
        "def test_it(): pass\n"
        "@pytest.mark.skipif(True, reason='no qemu')\n"
        "def test_other(): pass"
    )
    result = run(workspace, source)
    assert "not run: no qemu (test_it.py::test_other)" in result.stdout
    assert "every test" not in result.stdout


def test_bazel_sees_test_cases(workspace: Path) -> None:
    report = workspace / "test.xml"
    run(workspace, "def test_it(): pass\ndef test_b(): pass", {"XML_OUTPUT_FILE": str(report)})
    assert [case.get("name") for case in ET.parse(report).iter("testcase")] == ["test_it", "test_b"]


def test_bazel_does_not_count_a_skip_as_a_pass(workspace: Path) -> None:
    report = workspace / "test.xml"
    source = "import pytest\ndef test_it(): pass\ndef test_b(): pytest.skip('no wine')"
    run(workspace, source, {"XML_OUTPUT_FILE": str(report)})
    assert [case.get("status") for case in ET.parse(report).iter("testcase")] == [None, "notrun"]
