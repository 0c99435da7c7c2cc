"""Reading the JSON documents of a release, checked at the edge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from release.model.errors import UsageError

Parsed = TypeVar("Parsed")


class DocumentError(UsageError):
    """A document is absent or not what it must be."""


def read(path: Path, kind: str, parse: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """Reads a JSON document and hands it to `parse`.

    Args:
      path: the file.
      kind: what the document is, for messages.
      parse: makes typed data of it; a KeyError, TypeError or ValueError says that it is malformed.

    Raises:
      DocumentError: the file cannot be read, or `parse` did not take it.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{path}: the {kind} cannot be read ({error.strerror})") from error
    return loads(text, str(path), kind, parse)


def loads(
    text: bytes, where: str, kind: str, parse: Callable[[Mapping[str, Any]], Parsed]
) -> Parsed:
    """Hands a JSON document to `parse`.

    Args:
      text: the document.
      where: where it comes from, for messages.
      kind: as for `read`.
      parse: as for `read`.

    Raises:
      DocumentError: it is no JSON, or `parse` did not take it.
    """
    try:
        return parse(json.loads(text))
    except KeyError as error:
        raise DocumentError(f"{where}: not a {kind}: it has no {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{where}: not a {kind} ({error})") from error


def dumps(content: object) -> bytes:
    """A JSON document as all of ours are written."""
    return json.dumps(content, indent=2).encode() + b"\n"
