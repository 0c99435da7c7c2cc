"""All Python files are formatted, and ruff has no findings."""

import pytest

from tests.lint import programs


def test_files_are_formatted() -> None:
    findings = programs.ruff("format", "--check", "--quiet")
    if not findings.clean:
        pytest.fail(f"{findings.text}Fix these with: ./bazelw run //:format", pytrace=False)


def test_ruff_has_no_findings() -> None:
    findings = programs.ruff("check", "--output-format=concise")
    if not findings.clean:
        pytest.fail(f"{findings.text}Fix some of these with: ./bazelw run //:format", pytrace=False)
