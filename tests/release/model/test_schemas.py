"""The JSON Schemas: valid for all documents, with exactly the keys of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import jsonschema
import pytest

from release.model.record import Key, OpenEnum, Record, keys_of
from tests.release.model import documents, schemas
from tests.release.model.documents import MODELS


def records(hint: Any) -> Iterator[type[Record]]:
    """The objects in values of a type."""
    if isinstance(hint, type) and issubclass(hint, Record):
        yield hint
    for argument in get_args(hint):
        yield from records(argument)


def objects() -> dict[str, tuple[type[Record], Mapping[str, Any]]]:
    """Each object of each document, by its place: its class and its schema."""
    found: dict[str, tuple[type[Record], Mapping[str, Any]]] = {}
    for name, model in MODELS.items():
        root = schemas.schema(name)
        found[name] = (model, root)
        left = [model]
        while left:
            for key in keys_of(left.pop()):
                for record in records(key.hint):
                    place = f"{name}/{record.__name__}"
                    if record.__name__ in root.get("$defs", {}) and place not in found:
                        found[place] = (record, root["$defs"][record.__name__])
                        left.append(record)
    return found


OBJECTS = objects()


def test_every_object_of_the_model_has_a_schema() -> None:
    """Catches: a class of objects that no schema describes."""
    described = {model for model, _ in OBJECTS.values()}
    left = list(MODELS.values())
    reached = set(left)
    while left:
        for key in keys_of(left.pop()):
            new = set(records(key.hint)) - reached
            reached |= new
            left.extend(new)
    assert described == reached


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_schema_is_valid_and_describes_only_objects_of_the_model(name: str) -> None:
    schema = schemas.schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    known = {place.partition("/")[2] for place in OBJECTS if place.startswith(f"{name}/")}
    assert set(schema.get("$defs", {})) == known


@pytest.mark.parametrize("place", OBJECTS)
def test_a_schema_has_exactly_the_keys_of_the_model(place: str) -> None:
    """Catches: a key that is added to the model and not to the schema, or the reverse."""
    model, schema = OBJECTS[place]
    keys = keys_of(model)
    assert set(schema["properties"]) == {key.name for key in keys}
    assert set(schema["required"]) == {key.name for key in keys if key.required}
    for key in keys:
        described = schema["properties"][key.name]
        assert described["description"], f"{place}.{key.name} has no description"
        if key.schema is not None:
            assert described["const"] == key.schema
        if (values := closed_values(key)) is not None:
            assert described["enum"] == values


def closed_values(key: Key) -> list[str] | None:
    """The only values of a key, if it has such."""
    hints = [hint for hint in (key.hint, *get_args(key.hint)) if hint is not NoneType]
    for hint in hints:
        if get_origin(hint) is Literal:
            return list(get_args(hint))
        if isinstance(hint, type) and issubclass(hint, StrEnum) and not issubclass(hint, OpenEnum):
            spelling = dict(key.spelling)
            return [spelling.get(value, value.value) for value in hint]
    return None


def test_the_documents_of_a_release_are_valid(tmp_path: Path) -> None:
    for name, (kind, content) in documents.samples(tmp_path).items():
        try:
            schemas.validate(kind, content)
        except jsonschema.ValidationError as error:
            pytest.fail(f"{name}: {error.json_path}: {error.message}")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("manifest", {"schema": 2}),
        ("manifest", {"artifacts": [{}]}),
        ("manifest", {"examined": "today"}),
        ("manifest", {"evidence": {}}),
        ("manifest", {"notes": [{}]}),
        ("plan", {"cells": [{}]}),
        ("plan", {"schema": 1}),
        ("plan", {"product": {}}),
        ("verdicts", {"right": None}),
    ],
)
def test_invalid_documents_are_refused(
    tmp_path: Path, kind: str, changes: Mapping[str, Any]
) -> None:
    """Catches: a schema that accepts anything, or that does not follow its references."""
    content = next(content for own, content in documents.samples(tmp_path).values() if own == kind)
    with pytest.raises(jsonschema.ValidationError):
        schemas.validate(kind, {**content, **changes})
