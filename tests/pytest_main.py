"""Runs pytest as the main program of each `pytest_test`.

Arguments are passed to pytest; the macro puts the test files first. The runner supports these
variables of Bazel's test encyclopedia: XML_OUTPUT_FILE (test cases for Bazel's summary),
TESTBRIDGE_TEST_ONLY (`--test_filter`, passed to pytest as `-k`), TEST_TMPDIR, and the shard of a
target with `shard_count` (TEST_TOTAL_SHARDS, TEST_SHARD_INDEX, TEST_SHARD_STATUS_FILE).

Exit codes are pytest's. A run that finds or selects no test fails (5). A run in which all tests are
skipped exits with 0, since the machine causes the skips and not the code, but its log ends with a
line "not run: REASON" per test and a line that says that nothing was tested, and Bazel counts none
of its test cases as passed.
"""

import importlib.util
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path


def _installed_at(directory: Path) -> Path:
    """The real path of a directory in runfiles, which also has the compiled modules."""
    for file in directory.rglob("*"):
        if file.is_file():
            depth = len(file.relative_to(directory).parts)
            return file.resolve().parents[depth - 1]
    return directory


# Before anything else is imported.
sys.path[:] = [
    str(_installed_at(Path(path))) if path.endswith("/site-packages") else path for path in sys.path
]

import pytest  # noqa: E402

from toolchains import child_python  # noqa: E402

_PREFIX = "not run: "


class NotRun:
    """A pytest plugin that lists skipped tests with their reasons at the end of the log."""

    def __init__(self) -> None:
        self._reasons: list[tuple[str, str]] = []
        self._ran = 0

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts the tests that ran, and records why others were skipped."""
        self._add(report)
        if report.when == "call" and not report.skipped:
            self._ran += 1

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Records why an entire module was skipped."""
        self._add(report)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Writes the lines."""
        for line in self.lines():
            terminalreporter.write_line(line, yellow=True)

    def lines(self) -> Iterator[str]:
        """Yields the lines about skipped tests."""
        for test, reason in self._reasons:
            yield f"{_PREFIX}{reason} ({test})"
        if self._reasons and not self._ran:
            yield f"{_PREFIX}every test of this target was skipped, so nothing was tested."

    def _add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            # A skip's longrepr is (file, line, "Skipped: reason").
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            text = str(reason).removeprefix("Skipped: ").removeprefix(_PREFIX)
            self._reasons.append((report.nodeid, text))


class Shard:
    """A pytest plugin that runs one shard of the tests.

    A shard has consecutive tests, which share fixtures. The sizes of shards differ by at most one.
    """

    def __init__(self, index: int, total: int) -> None:
        self._index = index
        self._total = total
        self.empty = False
        """Whether this shard has no tests because `--test_filter` leaves too few."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Selects the tests of this shard."""
        first, end = (len(items) * n // self._total for n in (self._index, self._index + 1))
        selected = items[first:end]
        self.empty = bool(items) and not selected
        config.hook.pytest_deselected(items=items[:first] + items[end:])
        items[:] = selected


def shard(environ: Mapping[str, str]) -> Shard | None:
    """The shard to run, or None for all tests; reports to Bazel that shards are supported."""
    if "TEST_TOTAL_SHARDS" not in environ:
        return None
    Path(environ["TEST_SHARD_STATUS_FILE"]).touch()
    return Shard(int(environ["TEST_SHARD_INDEX"]), int(environ["TEST_TOTAL_SHARDS"]))


def pytest_arguments(arguments: list[str], environ: Mapping[str, str]) -> list[str]:
    """Returns pytest's arguments for a run under Bazel.

    `arguments` are those of this program, `environ` is the environment that Bazel sets for tests.
    """
    options = [
        "--config-file=pyproject.toml",
        "--rootdir=.",
        # Only the import paths that targets declare.
        "--override-ini=pythonpath=",
        "-pno:cacheprovider",
    ]
    if temporary := environ.get("TEST_TMPDIR"):
        options.append(f"--basetemp={Path(temporary, 'pytest')}")
    if report := environ.get("XML_OUTPUT_FILE"):
        options.append(f"--junit-xml={report}")
    if selection := environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", selection]
    if importlib.util.find_spec("hypothesis"):
        # The same examples in every run, so that cached results are meaningful.
        options.append("--hypothesis-profile=ci")
    return options + arguments


def _mark_not_run(report: Path) -> None:
    # Bazel ignores <skipped>, and counts a test case as passed unless it has this status.
    tree = ET.parse(report)
    for case in tree.iter("testcase"):
        if case.find("skipped") is not None:
            case.set("status", "notrun")
    tree.write(report, encoding="utf-8", xml_declaration=True)


def main(arguments: list[str]) -> int:
    """Runs pytest; returns the exit code."""
    # Do not write __pycache__ into runfiles.
    sys.dont_write_bytecode = True
    # Programs that tests start have the import path of the tests.
    os.environ.update(child_python.environment() | {"PYTHONDONTWRITEBYTECODE": "1"})
    not_run = NotRun()
    own_shard = shard(os.environ)
    plugins = [not_run, own_shard] if own_shard else [not_run]
    code = int(pytest.main(pytest_arguments(arguments, os.environ), plugins=plugins))
    if (report := os.environ.get("XML_OUTPUT_FILE")) and Path(report).exists():
        _mark_not_run(Path(report))
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        if own_shard and own_shard.empty:
            return 0
        if any(not_run.lines()):  # A module that is skipped entirely has no tests to collect.
            return 0
        selection = os.environ.get("TESTBRIDGE_TEST_ONLY")
        cause = (
            f"no test matches --test_filter={selection}" if selection else "no test was collected"
        )
        print(f"{' '.join(arguments)}: {cause}.", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
