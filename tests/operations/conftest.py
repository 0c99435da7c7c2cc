"""A checkout with a store, in which something went wrong."""

from __future__ import annotations

from tests.github.fixtures import github, github_server
from tests.night.conftest import checkout, gate

__all__ = ["checkout", "gate", "github", "github_server"]
