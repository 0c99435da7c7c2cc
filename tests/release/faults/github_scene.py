"""Repositories on the GitHub for tests, and verbs that work on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.release.faults.victim import Ended, Running, Verb
from tests.release.publish.samples import WINDOWS, make_release, write_verdicts
from tests.servers.github import server
from tests.servers.github.server import TOKEN, GitHub
from tests.servers.remote.front import PATIENCE

VERBS = ("publish", "tag", "purge")


class Scene:
    """Repositories in a known state, and verbs that work on them."""

    def __init__(self, directory: Path, github: GitHub) -> None:
        """Makes the release that is published."""
        self.directory = directory
        self.github = github
        made = make_release(directory / "release", "20261122.2", missing=[WINDOWS])
        verdicts = write_verdicts(made, directory / "verdicts")
        self._publish = ["--from", str(made), "--verdicts", str(verdicts), "--uploads", "1"]
        self._count = 0

    def fresh(self, name: str) -> str:
        """A repository that a verb has work in."""
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

    def verb(self, name: str, repository: str, patience: str = PATIENCE) -> Verb:
        """A verb on a repository."""
        more = {
            "tag": ["--date", "2026-11-22", "--maximum-age-days", "9999"],
            "publish": [*self._publish, "--commit", self.github.head(repository)],
            "purge": ["--yes", "--keep-last", "1", "--date", "2027-11-25"],
        }[name]
        store = ["--store", f"github:{repository}", "--github-api", self.github.url]
        environment = {"GITHUB_TOKEN": TOKEN, "IREE_RELEASE_PATIENCE": patience}
        return Verb(name, [*store, *more], environment)

    def start(self, verb: Verb) -> Running:
        """Starts a verb."""
        self._count += 1
        return Running(verb, self.directory / f"log{self._count}")

    def state(self, repository: str) -> dict[str, Any]:
        """What a repository has, with names that are the same in all of them."""
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
        """Runs a verb that nobody disturbs, and says what there is then."""
        self.github.front.calm()
        ended = self.start(self.verb(name, repository)).wait()
        assert ended.code == 0, ended.output
        return self.state(repository)


def _named(release: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    def named(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    assets = {
        # When it was chosen is another time in each run.
        name: (state, named(data.decode(errors="replace")) if name != "evidence.json" else "")
        for name, (state, data) in release["assets"].items()
    }
    return {**release, "notes": named(release["notes"]), "assets": assets}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Repositories; calls are not held against GitHub's description, which costs time."""
    try:
        with server.serve(described=False) as github:
            yield Scene(tmp_path_factory.mktemp("scene"), github)
    except server.NotRun as why:
        pytest.skip(f"not run: {why}")


@pytest.fixture(scope="module")
def expected(scene: Scene) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """Of each verb the state that it leaves undisturbed, and the shapes of its requests."""
    found = {}
    for name in VERBS:
        repository = scene.fresh(name)
        verb = scene.verb(name, repository)
        scene.github.front.calm()
        ended = scene.start(verb).wait()
        assert ended.code == 0, ended.output
        shapes = [seen.shape for seen in scene.github.front.seen]
        found[name] = (scene.state(repository), shapes)
    return found


def harmless(ended: Ended) -> None:
    """Holds what a person sees against what nobody should see."""
    assert TOKEN not in ended.output
    assert "Traceback" not in ended.output, ended.output
