"""Our projects on the registry: projects.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from packaging.utils import canonicalize_name

from release.model.errors import UsageError

TABLE = Path(__file__).with_name("projects.toml")
SHOWN = "release/registry/projects.toml"
"""Where that is, for a person."""

State = Literal["managed", "transitional", "deprecated"]

FILE_LIMIT_MIB = 100
TOTAL_LIMIT_GIB = 10
"""What the registry takes of a project for which it has not been asked for more."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project of ours."""

    name: str
    """Normalised."""
    state: State
    successor: str | None = None
    """What took its place."""
    file_limit: int = FILE_LIMIT_MIB << 20
    """Bytes of a file."""
    total_limit: int = TOTAL_LIMIT_GIB << 30
    """Bytes of all its files."""


def read(path: Path = TABLE) -> Mapping[str, Project]:
    """The projects by name, in the table's order.

    Raises:
      UsageError: the table cannot be read, or is not of its form.
    """
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: the projects cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML ({error})") from error
    projects = [_project(path, name, values) for name, values in data.items()]
    for project in projects:
        if project.successor is not None and project.successor not in data:
            raise UsageError(f"{path}: {project.name}.successor must be one of the projects")
    return {project.name: project for project in projects}


def _project(path: Path, name: str, values: Any) -> Project:
    if not isinstance(values, dict) or canonicalize_name(name) != name:
        raise UsageError(f"{path}: {name} must be a table named as projects are, in small letters")
    limits = {"file_limit_mib": FILE_LIMIT_MIB, "total_limit_gib": TOTAL_LIMIT_GIB}
    if unknown := values.keys() - limits.keys() - {"state", "successor"}:
        raise UsageError(f"{path}: {name}.{min(unknown)} is nothing that a project has")
    if values.get("state") not in get_args(State):
        raise UsageError(f"{path}: {name}.state must be {', '.join(get_args(State))}")
    for limit, usual in limits.items():
        number = values.get(limit, usual)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise UsageError(f"{path}: {name}.{limit} must be a whole number above 0")
        limits[limit] = number
    return Project(
        name,
        values["state"],
        values.get("successor"),
        limits["file_limit_mib"] << 20,
        limits["total_limit_gib"] << 30,
    )
