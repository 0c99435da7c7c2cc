"""projects.toml: our projects on the registry."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from packaging.utils import canonicalize_name

from release.model.errors import UsageError

TABLE = Path(__file__).with_name("projects.toml")
DISPLAY_PATH = "release/registry/projects.toml"
"""The path of TABLE in this repository, for messages."""

State = Literal["managed", "transitional", "deprecated"]

FILE_LIMIT_MIB = 100
TOTAL_LIMIT_GIB = 10
"""Default limits of the registry for a project."""


@dataclass(frozen=True, slots=True)
class Project:
    """One of our projects."""

    name: str
    """Normalised."""
    state: State
    successor: str | None = None
    """The project that replaces it."""
    file_limit: int = FILE_LIMIT_MIB << 20
    """Maximum size of a file, in bytes."""
    total_limit: int = TOTAL_LIMIT_GIB << 30
    """Maximum size of all files together, in bytes."""


def read(path: Path = TABLE) -> Mapping[str, Project]:
    """The projects by name, in file order.

    Raises:
      UsageError: the file cannot be read, or is invalid.
    """
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: invalid TOML ({error})") from error
    projects = [_project(path, name, values) for name, values in data.items()]
    for project in projects:
        if project.successor is not None and project.successor not in data:
            raise UsageError(
                f"{path}: {project.name}.successor must be the name of another project in the file"
            )
    return {project.name: project for project in projects}


def _project(path: Path, name: str, values: Any) -> Project:
    if not isinstance(values, dict):
        raise UsageError(f"{path}: {name} must be a table")
    if canonicalize_name(name) != name:
        raise UsageError(f"{path}: {name} must be a normalised project name, such as iree-runtime")
    limits = {"file_limit_mib": FILE_LIMIT_MIB, "total_limit_gib": TOTAL_LIMIT_GIB}
    keys = ("state", "successor", *limits)
    if unknown := values.keys() - set(keys):
        raise UsageError(
            f"{path}: {name}.{min(unknown)}: unknown key; expected one of {', '.join(keys)}"
        )
    if values.get("state") not in get_args(State):
        raise UsageError(f"{path}: {name}.state must be one of {', '.join(get_args(State))}")
    for limit, default in limits.items():
        number = values.get(limit, default)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise UsageError(f"{path}: {name}.{limit} must be a positive integer")
        limits[limit] = number
    return Project(
        name,
        values["state"],
        values.get("successor"),
        limits["file_limit_mib"] << 20,
        limits["total_limit_gib"] << 30,
    )
