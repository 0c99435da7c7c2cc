"""What the workflows do when something fails, on a machine that runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.runner import Ran, Runner, Step, StepError

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
PUBLISH = "Build, from the cache, and publish"
OTHERS = {
    "linux": "windows_x86_64,macos_arm64",
    "windows": "linux_x86_64,linux_aarch64,macos_arm64",
    "macos": "linux_x86_64,linux_aarch64,windows_x86_64",
}


@dataclass(slots=True)
class Recorder:
    """Runs nothing, fails what it is told, and remembers."""

    broken: tuple[str, ...] = ()
    """Values of WITHOUT, or names of steps."""
    steps: list[Step] = field(default_factory=list)

    def begin(self) -> None:
        """Nothing has to be made anew."""

    def step(self, step: Step) -> Mapping[str, str]:
        """Remembers a step."""
        self.steps.append(step)
        if step.name in self.broken or (
            step.workflow == "build.yml" and step.environment.get("WITHOUT") in self.broken
        ):
            raise StepError(step.name)
        return TAGGED if "--outputs" in (step.run or "") else {}

    def scripts(self, workflow: str) -> list[Step]:
        """The scripts of a workflow that were run."""
        return [one for one in self.steps if one.workflow == workflow and one.run]


def run(name: str, recorder: Recorder, **inputs: Any) -> dict[str, Ran]:
    return Runner(ROOT, recorder, GITHUB, {}, {"REMOTE_CACHE_TOKEN": "s"}).run(name, inputs)


def test_a_night_in_which_all_goes_well() -> None:
    recorder = Recorder()
    ran = run("nightly.yml", recorder)
    assert {one.result for one in ran.values()} == {"success"}
    assert {one.environment["VERSION"] for one in recorder.scripts("build.yml")} == {"20261126.1"}
    assert {one.environment["WITHOUT"] for one in recorder.scripts("publish.yml")} == {","}
    assert recorder.steps[-1].uses == "actions/deploy-pages"
    (publish,) = (one for one in recorder.steps if one.name == PUBLISH)
    assert publish.environment["SNAPSHOT"] == "yes"
    checkouts = {
        (one.workflow, one.options.get("ref"))
        for one in recorder.steps
        if one.uses == "actions/checkout"
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
    """Catches: a night that ends without a release since a runner got stuck."""
    recorder = Recorder(tuple(OTHERS[one] for one in broken))
    ran = run("nightly.yml", recorder)
    assert {key for key, one in ran.items() if one.result != "success"} == set(broken)
    assert {one.environment["WITHOUT"] for one in recorder.scripts("publish.yml")} == {without}
    (publish,) = (one for one in recorder.steps if one.name == PUBLISH)
    assert publish.environment["WHY"].endswith(
        "https://github.example/iree-org/iree/actions/runs/7"
    )


def test_without_linux_nothing_is_published() -> None:
    recorder = Recorder((OTHERS["linux"],))
    ran = run("nightly.yml", recorder)
    assert (ran["publish"].result, ran["index"].result) == ("skipped", "skipped")
    assert not recorder.scripts("publish.yml")


@pytest.mark.parametrize("broken", ["Tag the newest green commit", "Validate"])
def test_nothing_is_published_that_was_not_tagged_and_validated(broken: str) -> None:
    recorder = Recorder((broken,))
    ran = run("nightly.yml", recorder)
    assert "success" not in {ran["publish"].result, ran["index"].result}
    assert PUBLISH not in {one.name for one in recorder.steps}


def test_verdicts_are_kept_of_a_release_that_was_refused() -> None:
    recorder = Recorder(("Validate",))
    run("nightly.yml", recorder)
    assert [one.name for one in recorder.steps][-1] == "Keep the verdicts"


def test_nothing_is_purged_before_the_index_without_it_is_served() -> None:
    recorder = Recorder(("Serve it",))
    assert run("purge.yml", recorder)["purge"].result == "failure"
    assert [one.name for one in recorder.steps if one.run] == ["Write the index without what goes"]


def test_a_wheelhouse_that_failed_its_tests_is_not_pushed() -> None:
    recorder = Recorder(("Fill the wheelhouse, and try it",))
    ran = run("turbine.yml", recorder, core_version="3.14.0", core_release="v3.14.0")
    assert (ran["push"].result, ran["verify"].result) == ("skipped", "skipped")


def test_only_what_a_job_names_reaches_a_workflow_that_it_calls() -> None:
    recorder = Recorder()
    run("nightly.yml", recorder)
    tokens = {one.workflow for one in recorder.steps if "s" in one.environment.values()}
    assert tokens == {"build.yml"}
