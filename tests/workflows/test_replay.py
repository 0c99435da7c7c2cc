"""The workflows' own commands, one after the other, from a green commit to a verified registry.

A clone of this workspace, its bazelw and everything that that builds and runs are real; GitHub is
the one for tests, and the registry a devpi. From the night on, the clone's matrix has one Python
for each platform, and nothing is emulated: the commands and what they go through are the same, with
half of the wheels. What a real night has and this has not: machines of their own for jobs, with a
remote cache between them (tests/remote), and the registry's trust in a job's identity, for which a
password stands here (tests/release/registry).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.git import git
from tests.output_base import STARTUP, of_this_test, output_base
from tests.servers.github import server as github
from tests.servers.github.server import GitHub
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, Place
from tests.workflows.machine import Workstation
from tests.workflows.runner import Ran, Runner, Step
from tests.workspace import copy_workspace, root

STABLE = "3.14.0"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the workflows are run."""

    github: GitHub
    repository: str
    commit: str
    """The only green one."""
    place: Place
    machine: Workstation
    runner: Runner

    def run(self, name: str, **inputs: str) -> dict[str, Ran]:
        """Runs a workflow; every job of it succeeds."""
        ran = self.runner.run(name, inputs)
        assert {key: one.result for key, one in ran.items()} == dict.fromkeys(ran, "success"), (
            "\n".join(self.machine.log)
        )
        return ran


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("scene")
    workspace = directory / "workspace"
    copy_workspace(root(), workspace)
    configure(workspace / ".bazelrc", directory / "output")
    git(workspace, "init", "--quiet", "--initial-branch=main")
    git(workspace, "add", ".")
    git(workspace, "commit", "--quiet", "--message", "All of it")
    for name in ("kept", "devpi"):
        (directory / name).mkdir()
    try:
        with (
            output_base(directory / "output", fetched=of_this_test()),
            github.serve(described=False) as served,
            servers.serve("devpi", directory / "devpi") as registry,
        ):
            repository = served.repository()
            commit = served.commit(repository, "Compile faster")
            served.check_run(repository, commit, "Test", "success", at="2026-11-26T01:00:00Z")
            served.require(repository, ["Test"])
            place = registry.place()
            machine = Workstation(
                workspace,
                directory / "kept",
                {
                    "GITHUB_ACTOR": "ada",
                    "GITHUB_API_URL": served.url,
                    "GITHUB_REPOSITORY": repository,
                    "TWINE_PASSWORD": PASSWORD,
                    "TWINE_USERNAME": USER,
                },
                amend,
            )
            runner = Runner(
                workspace,
                machine,
                {
                    "ref": "refs/heads/main",
                    "repository": repository,
                    "run_id": 1,
                    "server_url": served.url,
                    "sha": commit,
                    "token": github.TOKEN,
                },
                {"REGISTRY": place.upload, "REGISTRY_INDEX": place.index},
            )
            yield Scene(served, repository, commit, place, machine, runner)
    except github.NotRun as why:
        pytest.skip(f"not run: {why}")


def reduce(matrix: Path) -> None:
    """Leaves every platform the oldest of its Pythons."""
    platforms = re.compile(r'^( {4}"\w+": \["[^"]+"), .+\],$', re.MULTILINE)
    text, number = platforms.subn(r"\1],", matrix.read_text())
    assert number == text.count("],\n") > 1
    matrix.write_text(text)


def configure(rc: Path, base: Path) -> None:
    """Has Bazel build in an output base of the test, whatever command calls it."""
    options = [f"--output_base={base}", *STARTUP]
    rc.write_text(rc.read_text() + "".join(f"startup {option}\n" for option in options))


def amend(step: Step) -> str:
    """What is run in place of a step.

    All tests within a test would be without end: they are only analysed. Which Bazel it is, and
    what is installed, is the real machine's affair.
    """
    script = step.run or ""
    if not script.startswith("./bazelw "):
        return ":"
    # Emulated platforms are tests/release/gate/emulated's.
    if "//release:validate" in script:
        return f"{script.rstrip()} --no-emulate"
    if "//release:promote" in script:
        return f"{script.rstrip()} --override 'verdicts=nothing was emulated'"
    if script.startswith("./bazelw test "):
        # Which tests are quick is a matter of `test` alone.
        return script.replace("test", "build --nobuild", 1).replace(" --config=quick", "")
    return script


@pytest.mark.parametrize("name", ["pull_request.yml", "main.yml"])
def test_what_a_commit_is_tested_by_can_be_built(scene: Scene, name: str) -> None:
    scene.run(name)


@pytest.fixture(scope="module")
def night(scene: Scene) -> str:
    """The tag of a night's candidate."""
    workspace = scene.machine.workspace
    reduce(workspace / "platforms/matrix.bzl")
    git(workspace, "commit", "--quiet", "--all", "--message", "Fewer Pythons")
    return scene.run("nightly.yml")["tag"].outputs["tag"]


def test_a_night_publishes_what_is_green(scene: Scene, night: str) -> None:
    (release,) = scene.github.snapshot(scene.repository)["releases"]
    assert (release["tag"], release["draft"], release["prerelease"]) == (night, False, True)
    names = set(release["assets"])
    assert {"manifest.json", "plan.json", "evidence.json", "SHA256SUMS"} <= names
    plan = json.loads((scene.machine.workspace / "bazel-bin/packaging/plan.json").read_text())
    assert {cell["wheel"] for cell in plan["cells"]} <= names
    assert {dist["archive"] for dist in plan["dists"]} <= names
    assert "which is tolerated" not in release["notes"]
    refs = scene.github.snapshot(scene.repository)["refs"]
    assert refs[f"refs/tags/{night}"] == refs["refs/heads/latest-snapshot"] == scene.commit


def test_its_verdicts_and_its_index_are_kept(scene: Scene, night: str) -> None:
    version = night.removeprefix("candidate-")
    assert (scene.machine.kept / "artifacts" / f"verdicts-{version}" / "junit.xml").exists()
    assert night.removeprefix("candidate-") in (scene.machine.pages / "index.html").read_text()


def test_nothing_is_old_enough_to_be_purged(scene: Scene, night: str) -> None:
    before = scene.github.snapshot(scene.repository)
    scene.run("purge.yml")
    assert scene.github.snapshot(scene.repository) == before
    assert night.removeprefix("candidate-") in (scene.machine.pages / "index.html").read_text()


@pytest.fixture(scope="module")
def promoted(scene: Scene, night: str) -> str:
    """The tag of the release that the candidate became."""
    reason = "age=it was made a minute ago, for this test"
    scene.run("promote.yml", candidate=night, version=STABLE, override=reason)
    return f"v{STABLE}"


def test_the_candidate_becomes_a_release(scene: Scene, promoted: str) -> None:
    releases = {one["tag"]: one for one in scene.github.snapshot(scene.repository)["releases"]}
    assert not releases[promoted]["prerelease"]
    assert STABLE in (scene.machine.pages / "index.html").read_text()


def test_turbine_is_pushed_with_it_and_works_from_the_registry(
    scene: Scene, promoted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.run("turbine.yml", core_version=STABLE, core_release=promoted)
    with capsys.disabled():
        print("", *scene.machine.log, sep="\n")
    for project in ("iree-turbine", "shark-turbine", "iree-compiler", "iree-runtime"):
        page = httpx.get(f"{scene.place.index}{project}/", follow_redirects=True)
        assert f"-{STABLE}-" in page.raise_for_status().text
