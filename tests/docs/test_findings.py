"""docs/reference/findings.md lists what the gate can report."""

from __future__ import annotations

import re

import pytest

from docs import findings
from release.model.finding import Check


def test_the_document_is_what_the_table_of_checks_says() -> None:
    """Catches: a check that is added or redefined unseen."""
    if problem := findings.DOCUMENT.problem("the gate's checks"):
        pytest.fail(problem, pytrace=False)


def test_every_check_has_a_meaning() -> None:
    """Catches: a check without a comment, which the document would lack."""
    listed = re.findall(r"^\| `([a-z0-9_.]+)` \| [A-Z]", findings.rendered(), re.MULTILINE)
    assert listed == [check.value for check in Check]
