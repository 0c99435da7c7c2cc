"""Fixtures: a checkout and a GitHub server, as for the nightly."""

from __future__ import annotations

from tests.release.nightly.conftest import checkout, gate, products
from tests.servers.github.fixtures import github, github_server

__all__ = ["checkout", "gate", "github", "github_server", "products"]
