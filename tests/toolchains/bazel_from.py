"""Bazel's bootstrap with an archive that a test made instead of Debian's.

    python3 bazel_from.py SITE CACHE [BAZEL'S ARGUMENTS]

A program, because the bootstrap ends by becoming Bazel, and so that it can be killed.
"""

import functools
import sys
from pathlib import Path
from unittest import mock

from toolchains.bazel import bootstrap
from toolchains.debian import apt


def main(site: str, cache: str, *arguments: str) -> None:
    """Become the Bazel of the archive at `site`."""
    open_archive = functools.partial(apt.open_archive, sites=[site], trust="trusted=yes")
    with (
        mock.patch.object(apt, "open_archive", open_archive),
        mock.patch.object(bootstrap, "user_cache", lambda: Path(cache)),
    ):
        bootstrap.main(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
