"""Where the cache lies."""

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
def test_the_environment_chooses(environ: dict[str, str], cache: str) -> None:
    assert user_cache(environ) == Path(cache)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "no place for the cache: set HOME, or IREE_RELEASE_CACHE to a directory"),
        ({"IREE_RELEASE_CACHE": "cache"}, "the cache cache is no absolute path"),
        ({"HOME": "/tmp/me"}, "lies in /tmp, which Bazel's sandbox hides"),
    ],
)
def test_a_place_that_cannot_serve_is_refused(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnavailableError, match=sentence):
        user_cache(environ)
