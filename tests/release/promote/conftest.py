"""The tool that restamps files, and a gate that only looks for missing files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from release.gate import examination
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts
from tests.release.products import declare
from tests.release.promote.samples import restamp_tool
from tests.release.publish.samples import sample_product, verdicts_for
from tests.servers.github.fixtures import github, github_server

__all__ = ["github", "github_server"]


@pytest.fixture(autouse=True)
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product of the small releases, as the build declares it."""
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", sample_product()))


@pytest.fixture(autouse=True)
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool that gives files another version."""
    monkeypatch.setenv("RESTAMP", str(restamp_tool(tmp_path / "restamp")))


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """A gate that only looks for missing files; returns the list of its calls."""
    calls: list[Mapping[str, Any]] = []

    def examine(release: ReleaseDirectory, options: object, **more: Any) -> Verdicts:
        calls.append({"release": release, "options": options, **more})
        return verdicts_for(release, more["day"])

    monkeypatch.setattr(examination, "examine", examine)
    return calls
