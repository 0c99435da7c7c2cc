"""Every Starlark file is formatted, and buildifier has nothing to warn of."""

import pytest

from tests.lint import programs


def test_files_are_formatted_and_without_warnings() -> None:
    findings = programs.buildifier("--mode=check", "--lint=warn")
    if not findings.clean:
        pytest.fail(f"{findings.text}Mend some with: ./bazelw run //:format", pytrace=False)
