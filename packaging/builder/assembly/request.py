"""Requests: the JSON file from which a tool reads its inputs, outputs and options."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from builder.assembly.errors import UsageError


def from_command_line() -> dict[str, Any]:
    """Reads the request whose path is the tool's only argument.

    Raises:
      UsageError: the argument is missing, or the file is not a JSON object.
    """
    if len(sys.argv) != 2:
        raise UsageError(f"usage: {Path(sys.argv[0]).name} REQUEST.json")
    path = Path(sys.argv[1])
    try:
        request = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a readable request ({error})") from error
    if not isinstance(request, dict):
        raise UsageError(f"{path}: a request must be a JSON object")
    return cast(dict[str, Any], request)
