"""Reading and writing the JSON documents of a release."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from release.model.errors import UsageError
from release.model.record import FormError, SchemaError

Parsed = TypeVar("Parsed")


class DocumentError(UsageError):
    """A document cannot be read, or is malformed."""


def read(path: Path, kind: str, parse: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """Reads a JSON document.

    Args:
      path: the file.
      kind: what the document is, for messages.
      parse: makes typed data of it; a KeyError, TypeError or ValueError means that it is malformed.

    Raises:
      DocumentError: the file cannot be read, or is malformed.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: cannot read the {kind} ({error.strerror})") from error
    return loads(text, str(path), kind, parse)


def loads(
    text: bytes, where: str, kind: str, parse: Callable[[Mapping[str, Any]], Parsed]
) -> Parsed:
    """Parses a JSON document.

    Args:
      text: the document.
      where: where it comes from, for messages.
      kind: as for `read`.
      parse: as for `read`.

    Raises:
      DocumentError: it is malformed.
    """
    try:
        return parse(json.loads(text))
    except SchemaError as error:
        raise DocumentError(
            f"{where}: not a {kind} of a known schema: {error}; use a newer version of these tools"
        ) from error
    except FormError as error:
        raise DocumentError(f"{where}: not a {kind}: {error}") from error
    except KeyError as error:
        raise DocumentError(f"{where}: not a {kind}: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{where}: not a {kind} ({error})") from error


def dumps(content: object) -> bytes:
    """A JSON document as all of ours are written."""
    return json.dumps(content, indent=2).encode() + b"\n"
