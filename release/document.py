"""Reading the JSON documents of a release, checked at the edge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Parsed = TypeVar("Parsed")


class DocumentError(Exception):
    """A document is absent or not what it must be; the message is one sentence for the user."""


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
        return parse(json.loads(path.read_bytes()))
    except OSError as error:
        raise DocumentError(f"{path}: the {kind} cannot be read ({error.strerror})") from error
    except KeyError as error:
        raise DocumentError(f"{path}: not a {kind}: it has no {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{path}: not a {kind} ({error})") from error
