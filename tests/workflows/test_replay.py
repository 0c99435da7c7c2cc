"""Runs the commands of the workflows in order, from a green commit to a verified registry.

The clone of this workspace, its bazelw, and all that it builds and runs are real; GitHub is the
fake one for tests, and the registry is a devpi. For the nightly, the matrix of the clone is reduced
to one Python per platform, and nothing is emulated, which halves the number of wheels but runs the
same commands. Unlike a real nightly, jobs share a machine instead of a remote cache (see
tests/remote), and a password replaces trusted publishing (see tests/release/registry).
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
from tests.output_base import STARTUP, outer_output_base, output_base
from tests.servers.github import server as github
from tests.servers.github.server import GitHub
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER, EmptyRegistry
from tests.workflows.machine import Workstation
from tests.workflows.runner import JobResult, Runner, Step
from tests.workspace import copy_workspace, root

STABLE = "3.14.0"


@dataclass(frozen=True, slots=True)
class Scene:
    """The servers and the machine of the workflows."""

    github: GitHub
    repository: str
    commit: str
    """The only green commit."""
    place: EmptyRegistry
    machine: Workstation
    runner: Runner

    def run(self, name: str, **inputs: str) -> dict[str, JobResult]:
        """Runs a workflow; asserts that all jobs succeed."""
        jobs = self.runner.run(name, inputs)
        assert {key: job.result for key, job in jobs.items()} == dict.fromkeys(jobs, "success"), (
            "\n".join(self.machine.log)
        )
        return jobs


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("scene")
    workspace = directory / "workspace"
    copy_workspace(root(), workspace)
    configure(workspace / ".bazelrc", directory / "output")
    git(workspace, "init", "--quiet", "--initial-branch=main")
    git(workspace, "add", ".")
    git(workspace, "commit", "--quiet", "--message", "All of it")
    for name in ("storage", "devpi"):
        (directory / name).mkdir()
    try:
        with (
            output_base(directory / "output", fetched=outer_output_base()),
            github.serve(described=False) as served,
            servers.serve("devpi", directory / "devpi") as registry,
        ):
            repository = served.repository()
            commit = served.commit(repository, "Compile faster")
            served.check_run(repository, commit, "Test", "success", at="2026-11-26T01:00:00Z")
            served.require(repository, ["Test"])
            place = registry.empty_registry()
            machine = Workstation(
                workspace,
                directory / "storage",
                {
                    "GITHUB_ACTOR": "ada",
                    "GITHUB_API_URL": served.url,
                    "GITHUB_REPOSITORY": repository,
                    "TWINE_PASSWORD": PASSWORD,
                    "TWINE_USERNAME": USER,
                },
                script_of,
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
    """Reduces every platform to its oldest Python."""
    platforms = re.compile(r'^( {4}"\w+": \["[^"]+"), .+\],$', re.MULTILINE)
    text, number = platforms.subn(r"\1],", matrix.read_text())
    assert number == text.count("],\n") > 1
    matrix.write_text(text)


def configure(rc: Path, base: Path) -> None:
    """Makes all Bazel commands use an output base of the test."""
    options = [f"--output_base={base}", *STARTUP]
    rc.write_text(rc.read_text() + "".join(f"startup {option}\n" for option in options))


def script_of(step: Step) -> str:
    """The script to run for a step.

    Tests are only analyzed, since running them would run this test again. Commands other than
    bazelw are skipped, since they check or prepare GitHub's runners.
    """
    script = step.run or ""
    if not script.startswith("./bazelw "):
        return ":"
    # tests/release/gate/emulated tests emulated platforms.
    if "//release:validate" in script:
        return f"{script.rstrip()} --no-emulate"
    if "//release:promote" in script:
        return f"{script.rstrip()} --override 'verdicts=nothing was emulated'"
    if script.startswith("./bazelw test "):
        # --config=quick exists only for `test`.
        return script.replace("test", "build --nobuild", 1).replace(" --config=quick", "")
    return script


@pytest.mark.parametrize("name", ["pull_request.yml", "main.yml"])
def test_the_workflows_that_test_a_commit_succeed(scene: Scene, name: str) -> None:
    scene.run(name)


@pytest.fixture(scope="module")
def nightly(scene: Scene) -> str:
    """The tag of a nightly."""
    workspace = scene.machine.workspace
    reduce(workspace / "platforms/matrix.bzl")
    git(workspace, "commit", "--quiet", "--all", "--message", "Fewer Pythons")
    return scene.run("nightly.yml")["tag"].outputs["tag"]


def test_a_nightly_publishes_the_green_commit(scene: Scene, nightly: str) -> None:
    (release,) = scene.github.snapshot(scene.repository)["releases"]
    assert (release["tag"], release["draft"], release["prerelease"]) == (nightly, False, True)
    names = set(release["assets"])
    assert {"manifest.json", "plan.json", "evidence.json", "SHA256SUMS"} <= names
    plan = json.loads((scene.machine.workspace / "bazel-bin/products/iree/plan.json").read_text())
    assert {cell["wheel"] for cell in plan["cells"]} <= names
    assert {dist["archive"] for dist in plan["dists"]} <= names
    assert "which is tolerated" not in release["notes"]
    refs = scene.github.snapshot(scene.repository)["refs"]
    assert refs[f"refs/tags/{nightly}"] == refs["refs/heads/latest-snapshot"] == scene.commit


def test_the_verdicts_are_uploaded_and_the_index_is_deployed(scene: Scene, nightly: str) -> None:
    version = nightly.removeprefix("candidate-")
    assert (scene.machine.storage / "artifacts" / f"verdicts-{version}" / "junit.xml").exists()
    assert nightly.removeprefix("candidate-") in (scene.machine.pages / "index.html").read_text()


def test_recent_releases_are_not_purged(scene: Scene, nightly: str) -> None:
    before = scene.github.snapshot(scene.repository)
    scene.run("purge.yml")
    assert scene.github.snapshot(scene.repository) == before
    assert nightly.removeprefix("candidate-") in (scene.machine.pages / "index.html").read_text()


@pytest.fixture(scope="module")
def promoted(scene: Scene, nightly: str) -> str:
    """The tag of the release that the nightly was promoted to."""
    reason = "age=it was made a minute ago, for this test"
    scene.run("promote.yml", candidate=nightly, version=STABLE, override=reason)
    return f"v{STABLE}"


def test_the_nightly_is_promoted_to_a_stable_release(scene: Scene, promoted: str) -> None:
    snapshot = scene.github.snapshot(scene.repository)
    releases = {release["tag"]: release for release in snapshot["releases"]}
    assert not releases[promoted]["prerelease"]
    assert STABLE in (scene.machine.pages / "index.html").read_text()


def test_turbine_is_pushed_with_the_release_and_verified(
    scene: Scene, promoted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.run("turbine.yml", core_version=STABLE, core_release=promoted)
    with capsys.disabled():
        print("", *scene.machine.log, sep="\n")
    for project in ("iree-turbine", "shark-turbine", "iree-compiler", "iree-runtime"):
        page = httpx.get(f"{scene.place.index}{project}/", follow_redirects=True)
        assert f"-{STABLE}-" in page.raise_for_status().text
