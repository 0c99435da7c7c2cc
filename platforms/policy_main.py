"""`bazel run //platforms:policy`: compares the matrix with the policy on a day."""

import json
import sys
from datetime import date
from typing import Annotated

import typer

from platforms import data, policy

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _usage_error(message: str) -> typer.Exit:
    print(message, file=sys.stderr)
    return typer.Exit(2)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _usage_error(f"--date {text}: not a date; expected the form YYYY-MM-DD.") from None


@app.command()
def main(
    date_: Annotated[
        str | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help="The day. Defaults to today."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prints the Pythons that are due on a day, and how platforms/matrix.bzl differs."""
    day = date.today() if date_ is None else _day(date_)
    try:
        known = data.load()
        due = policy.due(day, known)
    except ValueError as error:
        raise _usage_error(str(error)) from None
    found = policy.differences(known.matrix, due)
    note = policy.staleness(day, known.pythons)
    if as_json:
        print(_json(day, due, known, found, note))
    else:
        _print_table(day, due, known, found, note)


def _json(
    day: date,
    due: dict[str, tuple[str, ...]],
    known: data.Data,
    found: list[policy.Difference],
    note: str | None,
) -> str:
    return json.dumps(
        {
            "date": day.isoformat(),
            "due": due,
            "matrix_date": known.matrix_date.isoformat(),
            "differences": [
                {
                    "platform": difference.platform,
                    "committed": difference.committed,
                    "due": difference.due,
                    "fix": difference.fix,
                }
                for difference in found
            ],
            "note": note,
        },
        indent=2,
    )


def _print_table(
    day: date,
    due: dict[str, tuple[str, ...]],
    known: data.Data,
    found: list[policy.Difference],
    note: str | None,
) -> None:
    row = "{:<16}{:<11}{:<32}{}".format
    print(row("platform", "", f"due on {day}", f"matrix of {known.matrix_date}"))
    for platform in known.platforms:
        committed = known.matrix.get(platform.name, ())
        if platform.name in due or committed:
            print(
                row(
                    platform.name,
                    "required" if platform.required else "tolerated",
                    " ".join(due.get(platform.name, ())),
                    " ".join(committed),
                )
            )
    print()
    if found:
        print("The matrix does not match the policy:")
        for difference in found:
            print(f"  {difference.fix}")
        print(f'  platforms/matrix.bzl: set MATRIX_DATE = "{day}"')
    else:
        print("The matrix matches the policy.")
    if note:
        print(f"Note: {note}")


if __name__ == "__main__":
    app(prog_name="policy")
