"""The output of a program that the repository rule `debian_repository` runs."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache


def print_result(create: Callable[[Path], Mapping[str, object]]) -> int:
    """Call `create` with the user's cache and print its result as JSON; return the exit code.

    The exit code is 2 if this machine cannot have the result, and 75 if a download failed; the
    reason is then the only line on standard error.
    """
    try:
        print(json.dumps(create(user_cache())))
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
