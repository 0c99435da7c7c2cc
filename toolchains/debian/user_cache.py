"""The directory for files that all clones of this project share."""

import os
from collections.abc import Mapping
from pathlib import Path

from toolchains.debian.errors import UnavailableError


def user_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """The cache directory: IREE_RELEASE_CACHE, else `iree-release` in the user's XDG cache
    directory.

    Raises:
        UnavailableError: the environment names no directory, or one that Bazel's sandbox hides.
    """
    if chosen := environ.get("IREE_RELEASE_CACHE"):
        cache = Path(chosen)
    elif xdg := environ.get("XDG_CACHE_HOME"):
        cache = Path(xdg) / "iree-release"
    elif home := environ.get("HOME"):
        cache = Path(home) / ".cache" / "iree-release"
    else:
        raise UnavailableError(
            "no cache directory: set HOME, or set IREE_RELEASE_CACHE to a directory"
        )
    if not cache.is_absolute():
        raise UnavailableError(
            f"the cache directory {cache} is not absolute: "
            "set IREE_RELEASE_CACHE to an absolute path"
        )
    if Path("/tmp") in cache.parents:
        # linux-sandbox mounts an empty /tmp, so actions cannot see tools there.
        raise UnavailableError(
            f"the cache directory {cache} is in /tmp, which Bazel's sandbox hides: "
            "set IREE_RELEASE_CACHE to another directory"
        )
    return cache
