"""The JSON Schemas in docs/reference/schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry, Resource

NAMES = ("evidence", "manifest", "plan", "verdicts", "wheelhouse")


def schema(name: str) -> dict[str, Any]:
    """The schema of a document."""
    path = Path("docs/reference/schemas", f"{name}.schema.json")
    loaded: dict[str, Any] = json.loads(path.read_bytes())
    return loaded


def validate(name: str, document: Mapping[str, Any]) -> None:
    """Validates a document.

    Raises:
      jsonschema.ValidationError: it does not match its schema.
    """
    registry: Registry[Any] = Registry().with_resources(
        (f"{one}.schema.json", Resource.from_contents(schema(one))) for one in NAMES
    )
    jsonschema.Draft202012Validator(
        schema(name),
        registry=registry,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    ).validate(document)
