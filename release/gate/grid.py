"""The verdicts for a terminal: a grid of packages, platforms and Pythons, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from release.model.finding import Finding
from release.model.verdicts import CellVerdict, Verdicts, summary

_LEGEND = "✔ right and run   ○ right, not run   - missing, tolerated   ✘ wrong"
_MIB = 1 << 20


def show(verdicts: Verdicts, console: Console) -> None:
    """Prints the grid, the reasons, and one line that says it all."""
    console.print(_grid(verdicts.cells))
    console.print(Text(_LEGEND, style="dim"))
    _missing(verdicts.cells, console)
    _not_run(verdicts, console)
    _findings(verdicts, console)
    style = "bold green" if verdicts.right else "bold red"
    console.print(Text(closing(verdicts), style=style), soft_wrap=True)


def closing(verdicts: Verdicts) -> str:
    """The line that says whether the release may go out."""
    counts = summary(verdicts.cells)
    said = [f"{counts['right']} cells right", f"{counts['missing']} missing and tolerated"]
    said.append(f"{counts['wrong']} wrong")
    total = sum(size.size for size in verdicts.sizes) / _MIB
    verdict = "may go out" if verdicts.right else "must not go out"
    return (
        f"{verdicts.version} {verdict}: {', '.join(said)}; {len(verdicts.faults)} faults, "
        f"{len(verdicts.notes)} notes in {len(verdicts.sizes)} files ({total:.1f} MiB)."
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
        # Two digits each: the whole grid fits a terminal of 80 columns.
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
    if cell.state == "wrong":
        return Text("✘", style="bold red")
    if cell.state == "missing":
        return Text("-", style="yellow")
    return Text("✔", style="green") if cell.run == "passed" else Text("○", style="cyan")


def _missing(cells: Sequence[CellVerdict], console: Console) -> None:
    missing = [cell for cell in cells if cell.state == "missing"]
    for file in dict.fromkeys(cell.file for cell in missing):
        since = min(cell.since for cell in missing if cell.file == file and cell.since)
        console.print(
            Text(f"missing, tolerated, since {since}: {file}", style="yellow"), soft_wrap=True
        )


def _not_run(verdicts: Verdicts, console: Console) -> None:
    for outcome in verdicts.outcomes:
        if outcome.status == "not run":
            what = " ".join(filter(None, (outcome.platform, outcome.kind, outcome.python)))
            console.print(Text(f"not run: {what}: {outcome.detail}", style="cyan"), soft_wrap=True)


def _findings(verdicts: Verdicts, console: Console) -> None:
    """A line for each kind of note, and for each fault of a file; verdicts.json has all."""
    for note, more in _grouped(verdicts.notes, lambda finding: (finding.check,)):
        console.print(Text(f"note: {note}{more}", style="dim"), soft_wrap=True)
    # What follows `such as` is an example, another one in every member.
    groups = _grouped(
        verdicts.faults, lambda f: (f.file, f.check, f.message.partition(", such as ")[0])
    )
    for fault, more in groups:
        console.print(Text.assemble(("wrong: ", "bold red"), f"{fault}{more}"), soft_wrap=True)


def _grouped(
    findings: Sequence[Finding], key: Callable[[Finding], tuple[str, ...]]
) -> list[tuple[Finding, str]]:
    """The first finding of each group, and words that tell of the others."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return [
        (group[0], f" (and {len(group) - 1} more like it)" if len(group) > 1 else "")
        for group in groups.values()
    ]
