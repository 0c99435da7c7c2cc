"""Which steps of the workflows run when others fail, on a machine that only records them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.runner import JobResult, Runner, Step, StepError

ROOT = Path(__file__).parents[2]
GITHUB = {
    "repository": "iree-org/iree",
    "run_id": 7,
    "server_url": "https://github.example",
    "sha": "a" * 40,
    "ref": "refs/heads/main",
    "token": "of-the-job",
}
TAGGED = {"tag": "candidate-20261126.1", "version": "20261126.1", "commit": "b" * 40}
PUBLISH = "Build from the cache and publish"
OTHERS = {
    "linux": "windows_x86_64,macos_arm64",
    "windows": "linux_x86_64,linux_aarch64,macos_arm64",
    "macos": "linux_x86_64,linux_aarch64,windows_x86_64",
}


@dataclass(slots=True)
class Recorder:
    """Records steps instead of running them, and fails some."""

    broken: tuple[str, ...] = ()
    """Values of WITHOUT, or names of steps, that fail."""
    steps: list[Step] = field(default_factory=list)

    def begin(self) -> None:
        """Does nothing, since steps leave no files."""

    def step(self, step: Step) -> Mapping[str, str]:
        """Records a step."""
        self.steps.append(step)
        if step.name in self.broken or (
            step.workflow == "build.yml" and step.environment.get("WITHOUT") in self.broken
        ):
            raise StepError(step.name)
        return TAGGED if "--outputs" in (step.run or "") else {}

    def scripts(self, workflow: str) -> list[Step]:
        """The recorded scripts of a workflow."""
        return [step for step in self.steps if step.workflow == workflow and step.run]


def run(name: str, recorder: Recorder, **inputs: Any) -> dict[str, JobResult]:
    return Runner(ROOT, recorder, GITHUB, {}, {"REMOTE_CACHE_TOKEN": "s"}).run(name, inputs)


def test_a_successful_nightly_builds_publishes_and_deploys() -> None:
    recorder = Recorder()
    jobs = run("nightly.yml", recorder)
    assert {job.result for job in jobs.values()} == {"success"}
    assert {step.environment["VERSION"] for step in recorder.scripts("build.yml")} == {"20261126.1"}
    assert {step.environment["WITHOUT"] for step in recorder.scripts("publish.yml")} == {","}
    assert recorder.steps[-1].uses == "actions/deploy-pages"
    (publish,) = (step for step in recorder.steps if step.name == PUBLISH)
    assert publish.environment["SNAPSHOT"] == "yes"
    checkouts = {
        (step.workflow, step.options.get("ref"))
        for step in recorder.steps
        if step.uses == "actions/checkout"
    }
    assert checkouts == {
        ("nightly.yml", None),
        ("build.yml", TAGGED["commit"]),
        ("publish.yml", TAGGED["commit"]),
        ("index.yml", None),
    }


@pytest.mark.parametrize(
    ("broken", "without"),
    [
        (("windows",), "windows_x86_64,"),
        (("macos",), ",macos_arm64"),
        (("windows", "macos"), "windows_x86_64,macos_arm64"),
    ],
)
def test_a_tolerated_family_that_fails_is_left_out(broken: tuple[str, ...], without: str) -> None:
    """Catches: a nightly without a release because a runner got stuck."""
    recorder = Recorder(tuple(OTHERS[family] for family in broken))
    jobs = run("nightly.yml", recorder)
    assert {key for key, job in jobs.items() if job.result != "success"} == set(broken)
    assert {step.environment["WITHOUT"] for step in recorder.scripts("publish.yml")} == {without}
    (publish,) = (step for step in recorder.steps if step.name == PUBLISH)
    assert publish.environment["WHY"].endswith(
        "https://github.example/iree-org/iree/actions/runs/7"
    )


def test_without_linux_nothing_is_published() -> None:
    recorder = Recorder((OTHERS["linux"],))
    jobs = run("nightly.yml", recorder)
    assert (jobs["publish"].result, jobs["index"].result) == ("skipped", "skipped")
    assert not recorder.scripts("publish.yml")


@pytest.mark.parametrize("broken", ["Tag the newest green commit", "Validate"])
def test_only_tagged_and_validated_releases_are_published(broken: str) -> None:
    recorder = Recorder((broken,))
    jobs = run("nightly.yml", recorder)
    assert "success" not in {jobs["publish"].result, jobs["index"].result}
    assert PUBLISH not in {step.name for step in recorder.steps}


def test_verdicts_of_a_failed_validation_are_uploaded() -> None:
    recorder = Recorder(("Validate",))
    run("nightly.yml", recorder)
    assert [step.name for step in recorder.steps][-1] == "Upload the verdicts"


def test_nothing_is_purged_before_the_index_is_deployed() -> None:
    recorder = Recorder(("Deploy the index",))
    assert run("purge.yml", recorder)["purge"].result == "failure"
    assert [step.name for step in recorder.steps if step.run] == [
        "Write the index without the removed releases"
    ]


def test_a_wheelhouse_that_failed_its_tests_is_not_pushed() -> None:
    recorder = Recorder(("Fill and smoke-test the wheelhouse",))
    jobs = run("turbine.yml", recorder, core_version="3.14.0", core_release="v3.14.0")
    assert (jobs["push"].result, jobs["verify"].result) == ("skipped", "skipped")


def test_only_the_listed_secrets_reach_a_called_workflow() -> None:
    recorder = Recorder()
    run("nightly.yml", recorder)
    tokens = {step.workflow for step in recorder.steps if "s" in step.environment.values()}
    assert tokens == {"build.yml"}
