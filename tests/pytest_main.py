"""Runs pytest as the main program of every Bazel test made by `pytest_test`.

Arguments are pytest's own; the macro puts the test files first. What Bazel's test encyclopedia asks
of a runner comes from the environment: XML_OUTPUT_FILE (single cases for Bazel's summary),
TESTBRIDGE_TEST_ONLY (`--test_filter`, given to pytest as `-k`), TEST_TMPDIR, and the shard of a
target with `shard_count` (TEST_TOTAL_SHARDS, TEST_SHARD_INDEX, TEST_SHARD_STATUS_FILE).

Exit codes are pytest's. A run that finds or selects no test fails (5). A run in which every test
was skipped exits 0, because the machine and not the code is at fault, but its log ends with a line
"not run: REASON" per test and a sentence that says that nothing was tested, and Bazel counts none
of its cases as passed.
"""

import importlib.util
import os
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path


def _installed_at(directory: Path) -> Path:
    """Where a directory of runfiles really lies: there, with what was compiled beside its files."""
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
    """A pytest plugin that ends the log with the reason of every test that was not run."""

    def __init__(self) -> None:
        self._reasons: list[tuple[str, str]] = []
        self._ran = 0

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts the tests that ran, and keeps the reasons of those that did not."""
        self._add(report)
        if report.when == "call" and not report.skipped:
            self._ran += 1

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps the reason of a module that was skipped as a whole."""
        self._add(report)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Writes the lines."""
        for line in self.lines():
            terminalreporter.write_line(line, yellow=True)

    def lines(self) -> Iterator[str]:
        """Yields what the log says about the tests that were not run."""
        for test, reason in self._reasons:
            yield f"{_PREFIX}{reason} ({test})"
        if self._reasons and not self._ran:
            yield f"{_PREFIX}every test of this target was skipped, so it shows nothing."

    def _add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            # A skip's longrepr is (file, line, "Skipped: reason").
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            text = str(reason).removeprefix("Skipped: ").removeprefix(_PREFIX)
            self._reasons.append((report.nodeid, text))


class Shard:
    """A pytest plugin that runs one part of the tests, of so many as Bazel starts side by side.

    Parts are of neighbours, which share fixtures, and differ by one test at most.
    """

    def __init__(self, index: int, total: int) -> None:
        self._index = index
        self._total = total
        self.empty = False
        """Whether there are tests, of which this part has none: `--test_filter` left so few."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leaves the tests of this part."""
        first, end = (len(items) * n // self._total for n in (self._index, self._index + 1))
        own = items[first:end]
        self.empty = bool(items) and not own
        config.hook.pytest_deselected(items=items[:first] + items[end:])
        items[:] = own


def shard(environ: Mapping[str, str]) -> Shard | None:
    """The part of a target that this run is, if it is not all; tells Bazel that it knows of it."""
    if "TEST_TOTAL_SHARDS" not in environ:
        return None
    Path(environ["TEST_SHARD_STATUS_FILE"]).touch()
    return Shard(int(environ["TEST_SHARD_INDEX"]), int(environ["TEST_TOTAL_SHARDS"]))


def pytest_arguments(arguments: list[str], environ: Mapping[str, str]) -> list[str]:
    """Returns pytest's arguments for a run under Bazel.

    `arguments` are the program's own, `environ` the environment that Bazel made for the test.
    """
    options = [
        "--config-file=pyproject.toml",
        "--rootdir=.",
        # Import paths are what the targets declare, nothing more.
        "--override-ini=pythonpath=",
        "-pno:cacheprovider",
    ]
    if temporary := environ.get("TEST_TMPDIR"):
        options.append(f"--basetemp={Path(temporary, 'pytest')}")
    if report := environ.get("XML_OUTPUT_FILE"):
        options.append(f"--junit-xml={report}")
    if wanted := environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", wanted]
    if importlib.util.find_spec("hypothesis"):
        # The same examples in every run: else a cached verdict would say little about the next.
        options.append("--hypothesis-profile=ci")
    return options + arguments


def _mark_not_run(report: Path) -> None:
    # Bazel passes over <skipped>, and counts a case as passed unless its status is this.
    tree = ET.parse(report)
    for case in tree.iter("testcase"):
        if case.find("skipped") is not None:
            case.set("status", "notrun")
    tree.write(report, encoding="utf-8", xml_declaration=True)


def main(arguments: list[str]) -> int:
    """Runs pytest and returns the exit code."""
    # Below runfiles, __pycache__ would be litter in the output tree.
    sys.dont_write_bytecode = True
    # Programs that tests start import what the tests do, and nothing more.
    os.environ.update(child_python.environment() | {"PYTHONDONTWRITEBYTECODE": "1"})
    not_run = NotRun()
    part = shard(os.environ)
    plugins = [not_run, part] if part else [not_run]
    code = int(pytest.main(pytest_arguments(arguments, os.environ), plugins=plugins))
    if (report := os.environ.get("XML_OUTPUT_FILE")) and Path(report).exists():
        _mark_not_run(Path(report))
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        if part and part.empty:
            return 0
        if any(not_run.lines()):  # A module that was skipped as a whole has no tests to collect.
            return 0
        wanted = os.environ.get("TESTBRIDGE_TEST_ONLY")
        cause = f"no test matches --test_filter={wanted}" if wanted else "no test was collected"
        print(f"{' '.join(arguments)}: {cause}.", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
