"""The workspace builds with the public registry's modules, and produces the same files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.modules import outside
from tests.workspace import root

VARIABLES = ("IREE_RELEASE_REGISTRY", "IREE_RELEASE_MODULES")


def test_builds_outside_and_inside_are_the_same() -> None:
    paths = [Path(os.environ[name]) for name in VARIABLES if os.environ.get(name)]
    if len(paths) < len(VARIABLES):
        pytest.skip(f"not run: {' and '.join(VARIABLES)} are not set")
    assert outside.run(root(), *paths, others={}, tests=outside.EVERYTHING, keep=False) == 0
