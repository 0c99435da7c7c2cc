"""All Starlark files are formatted, and buildifier has no warnings."""

import pytest

from tests.lint import programs


def test_files_are_formatted_and_without_warnings() -> None:
    findings = programs.buildifier("--mode=check", "--lint=warn")
    if not findings.clean:
        pytest.fail(f"{findings.text}Fix some of these with: ./bazelw run //:format", pytrace=False)
