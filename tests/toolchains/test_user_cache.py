"""The directory of the user's cache."""

from pathlib import Path

import pytest

from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache


@pytest.mark.parametrize(
    ("environ", "cache"),
    [
        ({"HOME": "/h/me"}, "/h/me/.cache/iree-release"),
        ({"HOME": "/h/me", "XDG_CACHE_HOME": "/var/c"}, "/var/c/iree-release"),
        ({"XDG_CACHE_HOME": "/var/c", "IREE_RELEASE_CACHE": "/big/disk"}, "/big/disk"),
        ({"HOME": "/h/me", "XDG_CACHE_HOME": ""}, "/h/me/.cache/iree-release"),
    ],
)
def test_the_environment_selects_the_directory(environ: dict[str, str], cache: str) -> None:
    assert user_cache(environ) == Path(cache)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "no cache directory: set HOME, or set IREE_RELEASE_CACHE to a directory"),
        ({"IREE_RELEASE_CACHE": "cache"}, "the cache directory cache is not absolute"),
        ({"HOME": "/tmp/me"}, "is in /tmp, which Bazel's sandbox hides"),
    ],
)
def test_an_unusable_directory_is_rejected(environ: dict[str, str], message: str) -> None:
    with pytest.raises(UnavailableError, match=message):
        user_cache(environ)
