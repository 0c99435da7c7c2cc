"""What all commands share: options, error messages and exit codes."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console

from release.hosting import address, catalogue
from release.hosting.store import Store
from release.model import plan, products, settings, terminal
from release.model.errors import CommandError, UsageError
from release.model.plan import Plan
from release.model.product import Product
from release.model.products import DeclaredProduct
from release.model.release_dir import where
from release.model.settings import Settings

SECRETS = ("GITHUB_TOKEN", "TWINE_PASSWORD")
"""Environment variables whose values are never printed."""

Parameters = ParamSpec("Parameters")

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="STORE",
        help="Store of the releases: directory:PATH or github:OWNER/REPO",
    ),
]
OwnStoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        help="Store of the releases: directory:PATH or github:OWNER/REPO [default: the directory "
        "store/ of this checkout]",
    ),
]
GithubApiOption = Annotated[
    str | None,
    typer.Option(
        "--github-api",
        metavar="URL",
        help="URL of GitHub's API [default: $GITHUB_API_URL, else github.com's]",
    ),
]
ProductOption = Annotated[
    str | None,
    typer.Option("--product", metavar="NAME", help="Product [default: the first of products/]"),
]
PushedProductOption = Annotated[
    str | None,
    typer.Option(
        "--product",
        metavar="NAME",
        help="Product [default: that of the release in --from, else the first of products/]",
    ),
]
ReleaseProductOption = Annotated[
    str | None,
    typer.Option(
        "--product",
        metavar="NAME",
        help="Product [default: that of the release]",
    ),
]
SettingsOption = Annotated[
    str | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="TOML file with settings that override the product's",
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="Repository of the commits: github:OWNER/REPO or the path of a checkout [default: the "
        "store's repository for GitHub, else this checkout]",
    ),
]
SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        help="Directory of the index to update [default: PATH/site of directory:PATH]",
    ),
]
IndexOption = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="URL",
        help="URL of the registry's simple index [default: derived from --registry]",
    ),
]
RegistryOption = Annotated[
    str | None,
    typer.Option("--registry", metavar="URL", help="Upload URL of the registry, as for twine"),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="Run as if it were this day, UTC [default: today]",
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done, but change nothing")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON")]
OutputsOption = Annotated[
    Path | None,
    typer.Option(
        "--outputs",
        metavar="FILE",
        help="Append the result to this file as NAME=VALUE lines, such as $GITHUB_OUTPUT",
    ),
]


def new() -> typer.Typer:
    """Makes the application of one command."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def product_of(name: str | None) -> DeclaredProduct:
    """The product that a command is about, by default the first that the build declares.

    Raises:
      UsageError: no product has that name.
      document.DocumentError: the description of a product is missing or malformed.
    """
    return products.named(name)


def product_of_plan(planned: Plan, name: str | None) -> DeclaredProduct | None:
    """The product of a planned release, as its plan describes it, with the files that belong to it.

    Args:
      planned: the plan of the release.
      name: what the user passed with --product.

    Returns:
      None: the build declares no product of that name, so that there are no files of it.

    Raises:
      UsageError: --product names another product.
    """
    _check_name(planned, name)
    known = products.declared().get(planned.product.name)
    return replace(known, product=planned.product) if known else None


def _check_name(planned: Plan, name: str | None) -> None:
    """Checks that --product, if it was passed, names the product of a planned release.

    Raises:
      UsageError: it names another product.
    """
    own = planned.product.name
    if name is not None and name != own:
        raise UsageError(
            f"--product {name}: {planned.version} is a release of {own}; omit the option, or "
            f"name a release of {name}"
        )


def product_of_directory(directory: Path | None, name: str | None) -> Product:
    """The product of wheels: that of the release in a directory, or the chosen one.

    Args:
      directory: a release or a wheelhouse, if there is one.
      name: what the user passed with --product.

    Raises:
      UsageError: --product names another product than that of the release, or none that exists.
      document.DocumentError: the plan of the release cannot be read.
    """
    if directory and (directory / "plan.json").exists():
        planned = plan.read(directory / "plan.json")
        _check_name(planned, name)
        # The projects may have changed since the build.
        known = products.declared().get(planned.product.name)
        return known.product if known else planned.product
    return product_of(name).product


def store_of(product: Product, text: str | None, *, api: str | None) -> Store:
    """Opens the store of a product's releases; by default the directory store/ of this checkout.

    Raises:
      UsageError: the address is malformed, or cannot be opened.
      Refused: the store belongs to another product.
      RemoteError: the store cannot be read now.
    """
    store = address.open_own(text, api=api)
    catalogue.check_product(store, product)
    return store


def settings_of(product: Product, file: str | None) -> Settings:
    """The settings of a product, with those of a file instead.

    Raises:
      UsageError: the file cannot be read, or is invalid.
    """
    own = product.settings
    return settings.override(own, where(Path(file))) if file else own


def now(day: datetime | None = None) -> datetime:
    """The time of a run, UTC: noon of the given day, or the current time.

    A command reads the clock once and passes the time on.
    """
    return day.replace(hour=12, tzinfo=UTC) if day else datetime.now(UTC)


def append_outputs(file: Path, result: Mapping[str, str]) -> None:
    """Appends a result to a file as NAME=VALUE lines.

    Raises:
      OSError: it cannot be written.
    """
    with where(file).open("a", encoding="utf-8") as lines:
        lines.writelines(f"{name}={value}\n" for name, value in result.items())


def main(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Makes a function report errors as all commands do: one sentence and an exit code.

    Only an internal error prints a traceback, with the values of SECRETS hidden.
    """

    @functools.wraps(function)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except CommandError as error:
            print_error(str(error))
            raise typer.Exit(error.exit_code) from None
        except OSError as error:
            print_error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            raise typer.Exit(2) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception:
            sys.stderr.write(without_secrets(traceback.format_exc()))
            print_error("internal error; please report it with the traceback above")
            raise typer.Exit(1) from None

    return wrapper


def print_error(message: str) -> None:
    """Prints an error message to stderr."""
    terminal.say(Console(stderr=True), f"error: {without_secrets(message)}", "red")


def without_secrets(text: str) -> str:
    """The text with the values of SECRETS replaced by their names."""
    for name in SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"${name}")
    return text
