"""The request of a build action: the one JSON file that tells a tool its inputs and outputs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from assembly.errors import UsageError


def from_command_line() -> dict[str, Any]:
    """The request whose path is the tool's only argument.

    Raises:
      UsageError: there is no such argument, or the file is not a JSON object.
    """
    if len(sys.argv) != 2:
        raise UsageError(f"usage: {Path(sys.argv[0]).name} REQUEST.json")
    path = Path(sys.argv[1])
    try:
        request = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read as a request ({error})") from error
    if not isinstance(request, dict):
        raise UsageError(f"{path}: a request is a JSON object")
    return cast(dict[str, Any], request)
