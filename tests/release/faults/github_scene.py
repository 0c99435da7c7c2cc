"""Repositories on the GitHub for tests, and commands to run on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.release.faults.killable import Command, Completed, Running
from tests.release.products import declare
from tests.release.publish.samples import (
    WINDOWS,
    make_release,
    sample_product,
    write_verdicts,
)
from tests.servers.github import server
from tests.servers.github.server import TOKEN, GitHub
from tests.servers.remote.proxy import RETRY_SETTINGS

COMMANDS = ("publish", "tag", "purge")


class Scene:
    """Repositories in a known state, and commands to run on them."""

    def __init__(self, directory: Path, github: GitHub) -> None:
        """Makes the release to publish."""
        self.directory = directory
        self.github = github
        self.products = declare(directory / "products", sample_product())
        release = make_release(directory / "release", "20261122.2", missing=[WINDOWS])
        verdicts = write_verdicts(release, directory / "verdicts")
        self._publish = ["--from", str(release), "--verdicts", str(verdicts), "--uploads", "1"]
        self._count = 0

    def fresh(self, name: str) -> str:
        """Creates a repository in which a command has something to do."""
        github = self.github
        repository = github.repository()
        head = github.head(repository)
        if name == "tag":
            github.check_run(repository, head, "ci", "success", at="2026-11-22T10:00:00Z")
            github.require(repository, ["ci"])
        if name == "purge":
            for number in (1, 2, 3):
                tag = f"candidate-2026010{number}.1"
                github.release(repository, tag, {"a.whl": b"bytes"}, draft=number == 3)
        return repository

    def command(self, name: str, repository: str, retry_settings: str = RETRY_SETTINGS) -> Command:
        """The command line of a command on a repository."""
        more = {
            "tag": ["--date", "2026-11-22", "--maximum-age-days", "9999"],
            "publish": [*self._publish, "--commit", self.github.head(repository)],
            "purge": ["--yes", "--keep-last", "1", "--date", "2027-11-25"],
        }[name]
        store = ["--store", f"github:{repository}", "--github-api", self.github.url]
        environment = {
            "GITHUB_TOKEN": TOKEN,
            "IREE_RELEASE_PATIENCE": retry_settings,
            "PRODUCTS": self.products,
        }
        return Command(name, [*store, *more], environment)

    def start(self, command: Command) -> Running:
        """Starts a command."""
        self._count += 1
        return Running(command, self.directory / f"log{self._count}")

    def state(self, repository: str) -> dict[str, Any]:
        """The content of a repository, with names that are the same in all repositories."""
        names = {repository: "OWNER/REPO", self.github.head(repository): "HEAD"}
        found = self.github.snapshot(repository)
        for release in found["releases"]:
            manifest = release["assets"].get("manifest.json", ("", b""))[1]
            names[hashlib.sha256(manifest).hexdigest()] = "DIGEST OF MANIFEST"
        return {
            "refs": {ref: names.get(sha, sha) for ref, sha in found["refs"].items()},
            "releases": [_named(release, names) for release in found["releases"]],
        }

    def finish(self, name: str, repository: str) -> dict[str, Any]:
        """Runs a command undisturbed, and returns the state of the repository."""
        self.github.proxy.reset()
        completed = self.start(self.command(name, repository)).wait()
        assert completed.code == 0, completed.output
        return self.state(repository)


def _named(release: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    def named(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    assets = {
        # evidence.json contains the time of the run.
        name: (state, named(data.decode(errors="replace")) if name != "evidence.json" else "")
        for name, (state, data) in release["assets"].items()
    }
    return {**release, "notes": named(release["notes"]), "assets": assets}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Repositories; requests are not validated against GitHub's description, which takes time."""
    try:
        with server.serve(described=False) as github:
            yield Scene(tmp_path_factory.mktemp("scene"), github)
    except server.NotRun as reason:
        pytest.skip(f"not run: {reason}")


@pytest.fixture(scope="module")
def expected(scene: Scene) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """For each command, the state after an undisturbed run, and the shapes of its requests."""
    found = {}
    for name in COMMANDS:
        repository = scene.fresh(name)
        command = scene.command(name, repository)
        scene.github.proxy.reset()
        completed = scene.start(command).wait()
        assert completed.code == 0, completed.output
        shapes = [seen.shape for seen in scene.github.proxy.seen]
        found[name] = (scene.state(repository), shapes)
    return found


def check_output(completed: Completed) -> None:
    """Checks that the output has neither the token nor a traceback."""
    assert TOKEN not in completed.output
    assert "Traceback" not in completed.output, completed.output
