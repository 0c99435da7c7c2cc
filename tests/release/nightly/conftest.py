"""A checkout with a replacement for Bazel, and a gate that accepts small releases."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from release.gate import examination
from release.model.release_dir import ReleaseDirectory
from release.model.verdicts import Verdicts
from tests.git import git
from tests.release.products import declare
from tests.release.publish.samples import sample_product, verdicts_for
from tests.servers.github.fixtures import github, github_server

__all__ = ["checkout", "gate", "github", "github_server", "products"]


@pytest.fixture(autouse=True)
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product of the small releases, as the build declares it."""
    monkeypatch.setenv("PRODUCTS", declare(tmp_path / "products", sample_product()))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one commit and no uncommitted changes."""
    directory = tmp_path / "checkout"
    directory.mkdir()
    git(directory, "init", "--quiet", "--initial-branch=main")
    script = directory / "bazelw"
    path = os.pathsep.join(sys.path)
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" '
        '-m tests.release.nightly.builder "$@"\n'
    )
    script.chmod(0o755)
    (directory / "unfetchable").write_text("")
    (directory / "salt").write_text("")
    (directory / ".gitignore").write_text("/out/\n/calls\n/store/\n/site/\n/verdicts/\n")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message", "Compile faster")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(directory))
    monkeypatch.setenv("IREE_RELEASE_CACHE", str(tmp_path / "cache"))
    return directory


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that only checks for required files; the real gate has its own tests."""

    def examine(release: ReleaseDirectory, _: object, *, day: Any, **__: object) -> Verdicts:
        return verdicts_for(release, day)

    monkeypatch.setattr(examination, "examine", examine)
