"""docs/reference/findings.md lists what the gate can report."""

from __future__ import annotations

import re

import pytest

from docs import findings
from release.model.finding import Check


def test_the_document_is_what_the_table_of_checks_says() -> None:
    """Catches: a check that is added or redefined unseen."""
    if findings.DOCUMENT.read_text(encoding="utf-8") != findings.rendered():
        pytest.fail(
            f"{findings.DOCUMENT} differs from the gate's checks; run {findings.COMMAND} and "
            "review the change",
            pytrace=False,
        )


def test_every_check_has_a_meaning() -> None:
    """Catches: a check without a comment, which the document would lack."""
    listed = re.findall(r"^\| `([a-z0-9_.]+)` \| [A-Z]", findings.rendered(), re.MULTILINE)
    assert listed == [check.value for check in Check]
