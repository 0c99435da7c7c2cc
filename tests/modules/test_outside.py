"""The workspace builds on the public registry's modules, and makes the same files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.modules import outside
from tests.workspace import root

GIVEN = ("IREE_RELEASE_REGISTRY", "IREE_RELEASE_MODULES")


def test_outside_is_as_inside() -> None:
    given = [Path(os.environ[name]) for name in GIVEN if os.environ.get(name)]
    if len(given) < len(GIVEN):
        pytest.skip(f"not run: no registry and module trees are given ({', '.join(GIVEN)})")
    assert outside.run(root(), *given, others={}, tests=outside.EVERYTHING, keep=False) == 0
