"""JSON objects as frozen dataclasses: read with their types checked, written back key by key.

The fields of a `Record` are the keys of its object. Reading and writing an object gives the same
object: keys keep their order, a key that was absent stays absent, and keys that this version of the
tools does not know are kept.

The metadata of a field may have these entries:

- `key`: the key, if it is not the name of the field; None for a field that is not in the object
- `required`: the key must exist, although the field has a default
- `schema`: the version of the document's schema; any other is refused
- `by`: the attribute of the items by which a list becomes a mapping
- `spelling`: what the document has instead of some values

A field with `init=False` is derived from the others: it is written, and checked when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

_NAMES: Mapping[Any, str] = {
    NoneType: "null",
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "an integer",
    list: "a list",
    str: "a string",
}


class FormError(ValueError):
    """A JSON value does not have its declared type; the message names the key."""


class SchemaError(FormError):
    """A document has a schema that this program does not read."""

    def __init__(self, found: object, known: int) -> None:
        """Names the schema that was found and the one that is known."""
        super().__init__(f"it has schema {found!r}, and this program reads schema {known}")


class OpenEnum(StrEnum):
    """Named values to which a newer version may add: an unknown value is kept as it is."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object of a JSON document."""

    extra: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What was read under unknown keys."""
    keys: tuple[str, ...] | None = field(default=None, compare=False, repr=False)
    """The keys to write, in their order; None: all fields, in the order of their declaration."""

    @classmethod
    def from_json(cls, data: Any, where: str = "") -> Self:
        """Reads a JSON object.

        Args:
          data: the object.
          where: its place in the document, for messages.

        Raises:
          FormError: a key is missing or has a value of another type.
        """
        if not isinstance(data, dict):
            raise FormError(f"{where or 'it'} must be an object, not {_name(data)}")
        values: dict[str, Any] = {}
        derived: dict[Key, Any] = {}
        known = keys_of(cls)
        for key in known:
            place = f"{where}.{key.name}" if where else key.name
            if key.name not in data:
                if key.required:
                    raise FormError(f"{place} is missing")
            elif key.derived:
                derived[key] = data[key.name]
            else:
                values[key.attribute] = key.read(data[key.name], place)
        names = {key.name for key in known}
        extra = {name: value for name, value in data.items() if name not in names}
        made = cls(**values, extra=extra, keys=tuple(data))
        for key, found in derived.items():
            if (expected := getattr(made, key.attribute)) != found:
                place = f"{where}.{key.name}" if where else key.name
                raise FormError(f"{place} is {found!r}, and the rest of it gives {expected!r}")
        return made

    def to_json(self) -> dict[str, Any]:
        """The JSON object, as it was read and with what was changed since."""
        known = {key.name: key for key in keys_of(type(self))}
        found: dict[str, Any] = {}
        for name in known if self.keys is None else self.keys:
            if name in known:
                found[name] = known[name].written(self)
            elif name in self.extra:
                found[name] = self.extra[name]
        for name, key in known.items():
            if name not in found and not key.is_default(self):
                found[name] = key.written(self)
        return {**found, **{name: value for name, value in self.extra.items() if name not in found}}

    def changed(self, **changes: Any) -> Self:
        """The record with other values, which are written even where they are null."""
        if self.keys is None:
            return replace(self, **changes)
        names = {key.attribute: key.name for key in keys_of(type(self))}
        keys = dict.fromkeys((*self.keys, *(names[attribute] for attribute in changes)))
        return replace(self, **changes, keys=tuple(keys))


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an object, and the attribute that holds its value."""

    name: str
    attribute: str
    hint: Any
    """The type of the attribute."""
    required: bool
    """Whether an object without it is malformed."""
    derived: bool
    """Whether the value follows from the others; it is checked and not read."""
    by: str | None
    """The attribute of its items by which a list becomes a mapping."""
    schema: int | None
    """The only valid value, for the schema of a document."""
    spelling: tuple[tuple[str, str], ...]
    """What stands in the document instead of some values."""
    field: Field[Any]

    def read(self, value: Any, where: str) -> Any:
        """The attribute for a JSON value."""
        if self.schema is not None and value != self.schema:
            raise SchemaError(value, self.schema)
        if self.by is not None:
            return _mapping(self.hint, self.by, value, where)
        if self.spelling:
            return _spelled(self.hint, {found: own for own, found in self.spelling}, value, where)
        return _read(self.hint, value, where)

    def written(self, record: Record) -> Any:
        """The JSON value of a record."""
        value = getattr(record, self.attribute)
        if self.by is not None:
            value = tuple(value.values())
        return _write(dict(self.spelling).get(value, value) if self.spelling else value)

    def is_default(self, record: Record) -> bool:
        """Whether the attribute of a record has its default."""
        if self.field.default_factory is not MISSING:
            return bool(getattr(record, self.attribute) == self.field.default_factory())
        default = self.field.default
        return default is not MISSING and bool(getattr(record, self.attribute) == default)


_KEYS: dict[type[Record], tuple[Key, ...]] = {}
"""The keys of each class, because type hints are slow to resolve."""


def keys_of(cls: type[Record]) -> tuple[Key, ...]:
    """The keys of a class of objects, in the order of its fields."""
    if cls in _KEYS:
        return _KEYS[cls]
    hints = get_type_hints(cls)
    found = []
    for one in fields(cls):
        name = one.metadata.get("key", one.name)
        if one.name in ("extra", "keys") or name is None:
            continue
        default = one.default is not MISSING or one.default_factory is not MISSING
        found.append(
            Key(
                name=name,
                attribute=one.name,
                hint=hints[one.name],
                required=not default or "schema" in one.metadata or "required" in one.metadata,
                derived=not one.init,
                by=one.metadata.get("by"),
                schema=one.metadata.get("schema"),
                spelling=tuple(one.metadata.get("spelling", {}).items()),
                field=one,
            )
        )
    return _KEYS.setdefault(cls, tuple(found))


def _read(kind: Any, value: Any, where: str) -> Any:
    """A value of a type, made of JSON."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        (kind,) = (one for one in arguments if one is not NoneType)
        return _read(kind, value, where)
    if origin is tuple:
        return tuple(
            _read(arguments[0], one, f"{where}[{index}]")
            for index, one in enumerate(_checked(list, value, where))
        )
    if origin is Mapping:
        return {
            name: _read(arguments[1], one, f"{where}.{name}")
            for name, one in _checked(dict, value, where).items()
        }
    if origin is Literal:
        if value not in arguments:
            raise FormError(f"{where} must be one of {', '.join(arguments)}, not {value!r}")
        return value
    if issubclass(kind, Record):
        return kind.from_json(value, where)
    if issubclass(kind, StrEnum):
        return _member(kind, _checked(str, value, where), where)
    if kind is date:
        return _day(_checked(str, value, where), where)
    return _checked(kind, value, where)


def _checked(kind: type, value: Any, where: str) -> Any:
    """The value, if JSON has it in that type."""
    number = kind is float and type(value) is int
    if type(value) is not kind and not number:
        raise FormError(f"{where} must be {_NAMES[kind]}, not {_name(value)}")
    return value


def _member(kind: type[StrEnum], value: str, where: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError as error:
        raise FormError(f"{where} must be one of {', '.join(kind)}, not {value!r}") from error


def _day(value: str, where: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise FormError(f"{where} must be a date such as 2026-11-22, not {value!r}")
    return day


def _mapping(kind: Any, by: str, value: Any, where: str) -> dict[str, Any]:
    """The items of a list by one of their attributes."""
    found: dict[str, Any] = {}
    item = get_args(kind)[1]
    for index, one in enumerate(_checked(list, value, where)):
        made = _read(item, one, f"{where}[{index}]")
        name = getattr(made, by)
        if name in found:
            raise FormError(f"{where}[{index}] repeats {by} {name}")
        found[name] = made
    return found


def _spelled(kind: Any, spelling: Mapping[str, str], value: Any, where: str) -> Any:
    known = {**{str(one): one for one in kind if one not in spelling.values()}, **spelling}
    if value not in known:
        raise FormError(f"{where} must be one of {', '.join(known)}, not {value!r}")
    return known[value]


def _write(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_write(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _write(one) for name, one in value.items()}
    return value


def _name(value: object) -> str:
    """What a JSON value is, in words."""
    return _NAMES.get(type(value), type(value).__name__)
