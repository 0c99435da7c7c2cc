"""Prints the verdicts on a terminal: a grid of packages, platforms and Pythons, then findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from release.model.finding import Finding
from release.model.state import CellState, RunState
from release.model.text import mib
from release.model.verdicts import CellVerdict, Verdicts, summary

_LEGEND = "✔ right and run   ○ right, not run   - missing, tolerated   ✘ wrong"
_INSTALLED = "◐ right and installed, but not tested: no smoke program, or installed alone"
_MARKS = {
    RunState.PASSED: Text("✔", style="green"),
    RunState.INSTALLED: Text("◐", style="green"),
}


def show(verdicts: Verdicts, console: Console) -> None:
    """Prints the grid, the findings, and a summary line."""
    console.print(_grid(verdicts.cells))
    console.print(Text(_LEGEND, style="dim"))
    if any(cell.run is RunState.INSTALLED for cell in verdicts.cells):
        console.print(Text(_INSTALLED, style="dim"))
    _print_missing(verdicts.cells, console)
    _print_not_run(verdicts, console)
    _print_findings(verdicts, console)
    style = "bold green" if verdicts.right else "bold red"
    console.print(Text(summary_line(verdicts), style=style), soft_wrap=True)


def summary_line(verdicts: Verdicts) -> str:
    """Whether the release passed the gate, and the counts of cells, findings and files."""
    counts = summary(verdicts.cells)
    total = sum(size.size for size in verdicts.sizes)
    result = "passed the gate" if verdicts.right else "failed the gate"
    return (
        f"{verdicts.version} {result}: {counts[CellState.BUILT]} cells right, "
        f"{counts[CellState.MISSING]} missing and tolerated, {counts[CellState.WRONG]} wrong; "
        f"{len(verdicts.faults)} faults and {len(verdicts.notes)} notes in "
        f"{len(verdicts.sizes)} files ({mib(total)})."
    )


def _grid(cells: Sequence[CellVerdict]) -> Table:
    pythons: dict[str, list[str]] = {}
    for cell in cells:
        column = pythons.setdefault(cell.platform, [])
        if cell.python and cell.python not in column:
            column.append(cell.python)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("\npackage, Python 3.", no_wrap=True)
    for platform, versions in pythons.items():
        # Two digits each, so that the grid fits 80 columns.
        table.add_column(f"{platform}\n{' '.join(map(_short, versions))}", no_wrap=True)
    for package in dict.fromkeys(cell.package for cell in cells):
        row = [Text(package or "dist")]
        for platform, versions in pythons.items():
            marks = {
                cell.python: _mark(cell)
                for cell in cells
                if (cell.package, cell.platform) == (package, platform)
            }
            each = [None] if None in marks else versions
            row.append(
                Text(" ").join(
                    Text.assemble(marks.get(version, " "), " " * (len(_short(version)) - 1))
                    for version in each
                )
            )
        table.add_row(*row)
    return table


def _short(version: str | None) -> str:
    """14 of 3.14."""
    return version.split(".")[1] if version else " "


def _mark(cell: CellVerdict) -> Text:
    if cell.state is CellState.WRONG:
        return Text("✘", style="bold red")
    if cell.state is CellState.MISSING:
        return Text("-", style="yellow")
    return _MARKS.get(cell.run, Text("○", style="cyan"))


def _print_missing(cells: Sequence[CellVerdict], console: Console) -> None:
    missing = [cell for cell in cells if cell.state is CellState.MISSING]
    for file in dict.fromkeys(cell.file for cell in missing):
        since = min(cell.since for cell in missing if cell.file == file and cell.since)
        console.print(
            Text(f"missing since {since} (tolerated): {file}", style="yellow"), soft_wrap=True
        )


def _print_not_run(verdicts: Verdicts, console: Console) -> None:
    for outcome in verdicts.outcomes:
        if outcome.status is RunState.NOT_RUN:
            what = " ".join(filter(None, (outcome.platform, outcome.kind, outcome.python)))
            console.print(Text(f"not run: {what}: {outcome.detail}", style="cyan"), soft_wrap=True)


def _print_findings(verdicts: Verdicts, console: Console) -> None:
    """Prints a line per kind of note and per kind of fault in a file; verdicts.json has all."""
    for note, more in _grouped(verdicts.notes, lambda finding: (finding.check,)):
        console.print(Text(f"note: {note}{more}", style="dim"), soft_wrap=True)
    # The example after `such as` differs in every member.
    groups = _grouped(
        verdicts.faults, lambda f: (f.file, f.check, f.message.partition(", such as ")[0])
    )
    for fault, more in groups:
        console.print(Text.assemble(("wrong: ", "bold red"), f"{fault}{more}"), soft_wrap=True)


def _grouped(
    findings: Sequence[Finding], key: Callable[[Finding], tuple[str, ...]]
) -> list[tuple[Finding, str]]:
    """The first finding of each group, with the number of similar ones."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return [
        (group[0], f" (and {len(group) - 1} similar)" if len(group) > 1 else "")
        for group in groups.values()
    ]
