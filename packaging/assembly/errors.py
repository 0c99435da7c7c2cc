"""What a packaging tool says when it refuses its input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn


class PackagingError(Exception):
    """An input was refused.

    The message is one sentence for the user: the file or flag, the cause and, where there is
    one, the mend.
    """


class UsageError(PackagingError):
    """A flag or a configuration file is wrong; nothing was read beyond it."""


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a tool's `main` and exits: 0 done, 1 refused, 2 bad usage; never a traceback."""
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
