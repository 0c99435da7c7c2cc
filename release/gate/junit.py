"""The verdicts as JUnit XML, for tools that collect test results."""

from __future__ import annotations

from xml.etree import ElementTree

from release.model.state import CellState, RunState
from release.model.verdicts import Verdicts

_ELEMENTS = {
    RunState.PASSED: "",
    RunState.INSTALLED: "",
    RunState.FAILED: "failure",
    RunState.NOT_RUN: "skipped",
}
"""The element of a smoke test's case, by how the test ended."""


def render(verdicts: Verdicts) -> bytes:
    """A test suite with a case for each cell, each smoke test, and each fault outside the cells.

    Tolerated missing files and smoke tests that were not run are skipped cases with the reason.
    """
    suite = ElementTree.Element("testsuite", name=f"release {verdicts.version}")
    counts = {"failure": 0, "skipped": 0}
    cases = 0

    def case(
        group: str,
        name: str,
        outcome: str = "",
        message: str = "",
        time: float = 0,
        output: str = "",
    ) -> None:
        nonlocal cases
        cases += 1
        element = ElementTree.SubElement(
            suite, "testcase", classname=group, name=_clean(name), time=f"{time:.3f}"
        )
        if output:
            ElementTree.SubElement(element, "system-out").text = _clean(output)
        if outcome:
            counts[outcome] += 1
            ElementTree.SubElement(element, outcome, message=_clean(message))

    for cell in verdicts.cells:
        if cell.state is CellState.WRONG:
            case("cell", cell.name, "failure", "; ".join(cell.why))
        elif cell.state is CellState.MISSING:
            case("cell", cell.name, "skipped", f"missing and tolerated since {cell.since}")
        else:
            case("cell", cell.name, output=f"{cell.run}: {cell.run_detail}")
    for test in verdicts.outcomes:
        name = " ".join(filter(None, (test.platform, test.kind, test.python)))
        outcome = _ELEMENTS[test.status]
        case("smoke_test", name, outcome, test.detail, test.seconds, test.engine)
    files = {cell.file for cell in verdicts.cells}
    for finding in verdicts.faults:
        if finding.file not in files:
            case("file", finding.file, "failure", str(finding))
    suite.set("tests", str(cases))
    suite.set("failures", str(counts["failure"]))
    suite.set("skipped", str(counts["skipped"]))
    ElementTree.indent(suite)
    rendered: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return rendered + b"\n"


def _clean(text: str) -> str:
    """Replaces characters that XML does not allow; a hostile file name may contain them."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
