"""Every Python file is formatted, and ruff finds no fault in it."""

import pytest

from tests.lint import programs


def test_files_are_formatted() -> None:
    findings = programs.ruff("format", "--check", "--quiet")
    if not findings.clean:
        pytest.fail(f"{findings.text}Mend with: ./bazelw run //:format", pytrace=False)


def test_there_is_no_fault() -> None:
    findings = programs.ruff("check", "--output-format=concise")
    if not findings.clean:
        pytest.fail(f"{findings.text}Mend some with: ./bazelw run //:format", pytrace=False)
