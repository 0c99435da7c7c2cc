"""What all commands share: options, error messages and exit codes."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from release.model import settings, terminal
from release.model.errors import CommandError
from release.model.release_dir import where
from release.model.settings import Settings

SECRETS = ("GITHUB_TOKEN", "TWINE_PASSWORD")
"""Variables of the environment whose values are never printed."""

Parameters = ParamSpec("Parameters")

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="STORE",
        help="directory:PATH or github:OWNER/REPO.",
    ),
]
OwnStoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        help="directory:PATH or github:OWNER/REPO; the directory store/ of this checkout when left "
        "out.",
    ),
]
GithubApiOption = Annotated[
    str | None,
    typer.Option(
        "--github-api",
        metavar="URL",
        help="GitHub's API, if it is another server's than GITHUB_API_URL names.",
    ),
]
SettingsOption = Annotated[
    str | None,
    typer.Option("--settings", metavar="FILE", help="Settings instead of release/settings.toml."),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="Where commits come from: github:OWNER/REPO or a checkout; the store's repository, or "
        "this checkout, when left out.",
    ),
]
IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index", metavar="URL", help="The registry's simple index, if not below --registry."
    ),
]
RegistryOption = Annotated[
    str | None,
    typer.Option("--registry", metavar="URL", help="The registry, by where twine uploads to."),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="The day; today, UTC, if left out.",
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and touch nothing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="Append the result as NAME=VALUE lines, by which a CI hands it to the next job.",
    ),
]


def new() -> typer.Typer:
    """A program with one verb."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def settings_of(file: str | None) -> Settings:
    """The settings that a user names, or the project's own.

    Raises:
      UsageError: they cannot be read, or are not of their form.
    """
    return settings.read(where(Path(file)) if file else None)


def now(day: datetime | None = None) -> datetime:
    """The time of a run, UTC: the one reading of the clock, or the noon of a given day."""
    return day.replace(hour=12, tzinfo=UTC) if day else datetime.now(UTC)


def append_outputs(file: Path, result: Mapping[str, str]) -> None:
    """Appends a result to a file of NAME=VALUE lines.

    Raises:
      OSError: it cannot be written.
    """
    with where(file).open("a", encoding="utf-8") as lines:
        lines.writelines(f"{name}={value}\n" for name, value in result.items())


def main(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Makes a function end as every verb ends: a sentence and an exit code, never a traceback.

    A fault of the program itself is told with its traceback, the values of SECRETS hidden.
    """

    @functools.wraps(function)
    def ended(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except CommandError as error:
            complain(str(error))
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            raise typer.Exit(2) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception:
            sys.stderr.write(without_secrets(traceback.format_exc()))
            complain("this is a fault of the program, not of yours")
            raise typer.Exit(1) from None

    return ended


def complain(sentence: str) -> None:
    """Prints what went wrong to stderr."""
    terminal.say(Console(stderr=True), f"error: {without_secrets(sentence)}", "red")


def without_secrets(text: str) -> str:
    """The text, with the values of SECRETS hidden."""
    for name in SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"${name}")
    return text
