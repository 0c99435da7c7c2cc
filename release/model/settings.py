"""Settings: decisions that a project makes once, in release/settings.toml."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from release.model.errors import UsageError

DEFAULT = Path(__file__).parents[1] / "settings.toml"

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class TagSettings:
    """Which commit becomes a candidate."""

    branch: str
    maximum_age_days: int
    required_checks: tuple[str, ...] | None = None
    """Names of checks; None: the checks that the branch protection requires."""


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """How a release is published."""

    uploads: int
    """The number of parallel uploads."""
    registry_file_limit_mib: int
    snapshot_branch: str

    @property
    def registry_file_limit(self) -> int:
        """Bytes of the largest wheel that the registry accepts."""
        return self.registry_file_limit_mib << 20


@dataclass(frozen=True, slots=True)
class PromoteSettings:
    """When a candidate may be promoted."""

    minimum_age_days: int
    blocker_label: str


@dataclass(frozen=True, slots=True)
class PurgeSettings:
    """Which releases are kept, and for how long."""

    after_days: int
    drafts_after_days: int
    keep_last: int
    pinned: tuple[str, ...] = ()
    """Tags."""


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """When a condition that is normal for a while becomes a finding."""

    draft_after_hours: int = 12
    missing_after_days: int = 7
    """Days without a tolerated platform."""
    nightly_after_days: int = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings."""

    tag: TagSettings
    publish: PublishSettings
    promote: PromoteSettings
    purge: PurgeSettings
    doctor: DoctorSettings


def read(path: Path | None = None) -> Settings:
    """Reads settings.

    Args:
      path: the file; release/settings.toml when left out.

    Raises:
      UsageError: the file cannot be read, or has an unknown or invalid setting.
    """
    path = path or DEFAULT
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: cannot read the settings ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML ({error})") from error
    sections = {field.name: field.type for field in fields(Settings)}
    _only_known(path, "", data, sections)
    hints = get_type_hints(Settings)
    return Settings(
        **{name: _section(path, name, data.get(name, {}), hints[name]) for name in sections}
    )


def _section(path: Path, name: str, data: Any, into: type[Section]) -> Section:
    if not isinstance(data, dict):
        raise UsageError(f"{path}: {name} must be a table, [{name}]")
    known = {field.name: field for field in fields(into)}  # type: ignore[arg-type]
    _only_known(path, f"{name}.", data, known)
    values = {}
    for key, field in known.items():
        if key in data:
            values[key] = _value(path, f"{name}.{key}", data[key], str(field.type))
        elif field.default is MISSING:
            raise UsageError(f"{path}: {name}.{key} is missing")
    return into(**values)


def _value(path: Path, name: str, value: Any, kind: str) -> Any:
    if kind == "int":
        valid = isinstance(value, int) and not isinstance(value, bool) and value > 0
        expected = "a positive integer"
    elif kind == "str":
        valid, expected = isinstance(value, str) and bool(value), "a non-empty string"
    else:
        valid = isinstance(value, list) and all(isinstance(item, str) for item in value)
        expected = "a list of strings"
    if not valid:
        raise UsageError(f"{path}: {name} must be {expected}, not {value!r}")
    return tuple(value) if isinstance(value, list) else value


def _only_known(path: Path, prefix: str, data: dict[str, Any], known: object) -> None:
    for name in data:
        if name not in known:  # type: ignore[operator]
            raise UsageError(
                f"{path}: {prefix}{name}: unknown setting; expected one of "
                + ", ".join(f"{prefix}{one}" for one in known)  # type: ignore[attr-defined]
            )
