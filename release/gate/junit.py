"""The verdicts as JUnit XML, for whatever collects test results."""

from __future__ import annotations

from xml.etree import ElementTree

from release.model.verdicts import Verdicts


def render(verdicts: Verdicts) -> bytes:
    """A test suite with a case for each cell, each trial, and each fault that has no cell.

    What is missing and tolerated, and what was not run, is skipped and says why.
    """
    suite = ElementTree.Element("testsuite", name=f"release {verdicts.version}")
    counts = {"failure": 0, "skipped": 0}
    cases = 0

    def case(
        group: str, name: str, outcome: str = "", message: str = "", time: float = 0, said: str = ""
    ) -> None:
        nonlocal cases
        cases += 1
        element = ElementTree.SubElement(
            suite, "testcase", classname=group, name=_clean(name), time=f"{time:.3f}"
        )
        if said:
            ElementTree.SubElement(element, "system-out").text = _clean(said)
        if outcome:
            counts[outcome] += 1
            ElementTree.SubElement(element, outcome, message=_clean(message))

    for cell in verdicts.cells:
        if cell.state == "wrong":
            case("cell", cell.name, "failure", "; ".join(cell.why))
        elif cell.state == "missing":
            case("cell", cell.name, "skipped", f"missing and tolerated since {cell.since}")
        else:
            case("cell", cell.name, said=f"{cell.run}: {cell.run_detail}")
    for trial in verdicts.outcomes:
        name = " ".join(filter(None, (trial.platform, trial.kind, trial.python)))
        outcome = {"passed": "", "failed": "failure", "not run": "skipped"}[trial.status]
        case("trial", name, outcome, trial.detail, trial.seconds, trial.engine)
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
    """Without what XML cannot hold: a hostile file name may have it."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
