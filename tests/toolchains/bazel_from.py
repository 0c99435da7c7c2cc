"""Bazel's bootstrap with the archive of a test instead of Debian's.

    python3 bazel_from.py SITE CACHE [BAZEL'S ARGUMENTS]

A program, because the bootstrap replaces its process with Bazel, and so that a test can kill it.
"""

import functools
import sys
from pathlib import Path
from unittest import mock

from toolchains.bazel import bootstrap
from toolchains.debian import apt


def main(site: str, cache: str, *arguments: str) -> None:
    """Replace this process with the Bazel from the archive at `site`."""
    open_archive = functools.partial(apt.open_archive, sites=[site], trust="trusted=yes")
    with (
        mock.patch.object(apt, "open_archive", open_archive),
        mock.patch.object(bootstrap, "user_cache", lambda: Path(cache)),
    ):
        bootstrap.main(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
