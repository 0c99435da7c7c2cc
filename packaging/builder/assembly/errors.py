"""Errors of the packaging tools, and the exit codes that they lead to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn


class PackagingError(Exception):
    """An input is invalid.

    The message is one sentence for the user: the file or flag, the cause and, if possible, the fix.
    """


class UsageError(PackagingError):
    """A flag or a configuration file is invalid, so the inputs were not read."""


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a tool's `main` and exits, with 1 for an invalid input and 2 for invalid usage."""
    try:
        main()
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except PackagingError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"error: {name}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)
