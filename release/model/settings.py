"""Settings: decisions that a product makes once, which `--settings FILE` overrides for a run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from release.model.errors import UsageError
from release.model.record import Record

Section = TypeVar("Section", bound=Record)


@dataclass(frozen=True, slots=True)
class TagSettings(Record):
    """Which commit becomes a candidate."""

    branch: str
    maximum_age_days: int
    required_checks: tuple[str, ...] | None
    """Names of checks; None: the checks that the branch protection requires."""


@dataclass(frozen=True, slots=True)
class PublishSettings(Record):
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
class PromoteSettings(Record):
    """When a candidate may be promoted."""

    minimum_age_days: int
    blocker_label: str
    installed_is_enough: bool
    """Whether files that were installed, but not tested by a smoke program, may be promoted."""


@dataclass(frozen=True, slots=True)
class PurgeSettings(Record):
    """Which releases are kept, and for how long."""

    after_days: int
    drafts_after_days: int
    keep_last: int
    pinned: tuple[str, ...]
    """Tags."""


@dataclass(frozen=True, slots=True)
class DoctorSettings(Record):
    """When a condition that is normal for a while becomes a finding."""

    draft_after_hours: int
    missing_after_days: int
    """Days without a tolerated platform."""
    nightly_after_days: int


@dataclass(frozen=True, slots=True)
class Settings(Record):
    """All settings."""

    tag: TagSettings
    publish: PublishSettings
    promote: PromoteSettings
    purge: PurgeSettings
    doctor: DoctorSettings


def override(settings: Settings, path: Path) -> Settings:
    """The settings, with those of a TOML file instead.

    Args:
      settings: the product's.
      path: the file: a table for each section, with the settings to change.

    Raises:
      UsageError: the file cannot be read, or has an unknown or invalid setting.
    """
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path}: cannot read the settings ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML ({error})") from error
    sections = _names(settings)
    _only_known(path, "", data, sections)
    changes = {name: _overridden(path, name, data[name], getattr(settings, name)) for name in data}
    return replace(settings, **changes)


def _overridden(path: Path, name: str, data: Any, section: Section) -> Section:
    if not isinstance(data, dict):
        raise UsageError(f"{path}: {name} must be a table, [{name}]")
    hints = get_type_hints(type(section))
    _only_known(path, f"{name}.", data, _names(section))
    changes: dict[str, Any] = {
        key: _value(path, f"{name}.{key}", value, hints[key]) for key, value in data.items()
    }
    return replace(section, **changes)


def _value(path: Path, name: str, value: Any, kind: Any) -> Any:
    if kind is int:
        valid = isinstance(value, int) and not isinstance(value, bool) and value > 0
        expected = "a positive integer"
    elif kind is bool:
        valid, expected = isinstance(value, bool), "true or false"
    elif kind is str:
        valid, expected = isinstance(value, str) and bool(value), "a non-empty string"
    else:
        valid = isinstance(value, list) and all(isinstance(item, str) for item in value)
        expected = "a list of strings"
    if not valid:
        raise UsageError(f"{path}: {name} must be {expected}, not {value!r}")
    return tuple(value) if isinstance(value, list) else value


def _names(record: Record) -> list[str]:
    """The names of a record's own fields."""
    return [field.name for field in fields(record) if field.name not in ("extra", "keys")]


def _only_known(path: Path, prefix: str, data: dict[str, Any], known: list[str]) -> None:
    for name in data:
        if name not in known:
            raise UsageError(
                f"{path}: {prefix}{name}: unknown setting; expected one of "
                + ", ".join(f"{prefix}{one}" for one in known)
            )
