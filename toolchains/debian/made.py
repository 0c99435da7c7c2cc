"""How a program that fills the user's cache answers the repository rule `made`, which runs it."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache


def answer(make: Callable[[Path], Mapping[str, object]]) -> int:
    """Print what `make` made below the user's cache as JSON, or why nothing; return the exit code.

    The exit code is 2 when this machine cannot have it, 75 when a download failed; the reason is
    then the only line on standard error.
    """
    try:
        print(json.dumps(make(user_cache())))
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
