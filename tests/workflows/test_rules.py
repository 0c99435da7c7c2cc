"""Rules for every workflow: single commands, pinned actions, and minimal permissions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.workflows import runner

FILES = sorted((Path(__file__).parents[2] / ".github" / "workflows").iterdir())
WORKFLOWS = {path.name: runner.read(path) for path in FILES}
JOBS = {
    f"{name}/{key}": job
    for name, content in WORKFLOWS.items()
    for key, job in content["jobs"].items()
}
PERMISSIONS = {
    "nightly.yml/tag": {"contents": "write", "checks": "read", "statuses": "read"},
    "publish.yml/publish": {"contents": "write"},
    "index.yml/index": {"contents": "read", "pages": "write", "id-token": "write"},
    "purge.yml/purge": {"contents": "write", "pages": "write", "id-token": "write"},
    "promote.yml/promote": {"contents": "write", "issues": "read"},
    "turbine.yml/push": {"contents": "read", "id-token": "write"},
}
"""The permissions of jobs and of their callers; all other jobs only read contents."""
DEBIAN_PACKAGES = "ca-certificates git openssl python3-pip python3-venv xz-utils"
OTHER_COMMANDS = {
    "pull_request.yml/bazelisk": (
        "bazelisk version",
        'test ! -e "$HOME/.cache/iree-release/bazel"',
    ),
    "pull_request.yml/bootstrap": (
        "apt-get update",
        f"apt-get install --yes --no-install-recommends {DEBIAN_PACKAGES}",
        "! command -v bazelisk",
        "! command -v bazel",
        'ls -d "$HOME/.cache/iree-release/bazel"',
    ),
}
"""Commands other than bazelw, in jobs that check which Bazel it runs."""


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job.get("steps", []))


def secret_names(content: object) -> set[str]:
    return set(re.findall(r"secrets\.(\w+)|(github\.token)", str(content)))


def test_all_workflows_are_checked() -> None:
    assert set(WORKFLOWS) == {
        *("build.yml", "index.yml", "main.yml", "nightly.yml", "promote.yml", "publish.yml"),
        *("pull_request.yml", "purge.yml", "turbine.yml"),
    }


@pytest.mark.parametrize("job", JOBS)
def test_a_step_is_one_bazelw_command_or_a_pinned_action(job: str) -> None:
    """Catches: logic in YAML, which developers cannot run locally."""
    for step in steps(JOBS[job]):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step
        elif step["run"] not in OTHER_COMMANDS.get(job, ()):
            assert re.match(r"\./bazelw (build|run|test) --config=ci ", step["run"]), step
            assert not re.search(r"[;&|<>`\n]|\$\(|\$\{\{", step["run"]), step


@pytest.mark.parametrize("job", JOBS)
def test_a_job_has_only_the_permissions_that_it_needs(job: str) -> None:
    content = JOBS[job]
    called = content.get("uses", "").rpartition("/")[2]
    if called:
        # The last job of a workflow has the most permissions.
        job = f"{called}/{list(WORKFLOWS[called]['jobs'])[-1]}"
    assert content["permissions"] == PERMISSIONS.get(job, {"contents": "read"})


@pytest.mark.parametrize("job", JOBS)
def test_jobs_that_run_built_files_have_no_write_permissions(job: str) -> None:
    """Catches: a wheel's code with access to a token that may publish."""
    runs = re.search(r"//release:(validate|turbine|verify_published|nightly)", str(JOBS[job]))
    assert not runs or JOBS[job]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_have_no_default_permissions(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize("job", [job for job, content in JOBS.items() if "steps" in content])
def test_a_job_has_a_timeout(job: str) -> None:
    assert JOBS[job]["timeout-minutes"]


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if name != "build.yml"])
def test_runs_of_a_workflow_do_not_overlap(name: str) -> None:
    """Builds may overlap: they change only the cache, and families of a nightly run in parallel."""
    assert WORKFLOWS[name]["concurrency"]["group"]
    assert WORKFLOWS[name]["concurrency"]["cancel-in-progress"] is (name == "pull_request.yml")


def test_a_pull_request_gets_no_secrets() -> None:
    content = WORKFLOWS["pull_request.yml"]
    assert not secret_names(content)
    assert set(content["on"]) == {"pull_request", "merge_group"}
    assert not any("pull_request_target" in str(other["on"]) for other in WORKFLOWS.values())
    assert all("environment" not in job for job in content["jobs"].values())


@pytest.mark.parametrize("job", JOBS)
def test_the_checkout_does_not_store_the_token(job: str) -> None:
    for step in steps(JOBS[job]):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_pull_requests_and_main_run_the_same_check() -> None:
    """The branch protection of main and the command `tag` require the check by this name."""
    tests = [WORKFLOWS[name]["jobs"]["test"] for name in ("pull_request.yml", "main.yml")]
    assert [test["name"] for test in tests] == ["Test", "Test"]
    pull_request, main = ([step["run"] for step in steps(test) if "run" in step] for test in tests)
    assert main == [run.replace("=remote_cache ", "=remote_cache_push ") for run in pull_request]


def scripts(job: str) -> list[str]:
    return [step["run"] for step in steps(JOBS[job]) if "run" in step]


def test_one_job_builds_with_bazelisk_and_one_with_the_bootstrap() -> None:
    """Catches: modules that only Debian or only the public registry has."""
    build = "./bazelw build --config=ci --config=remote_cache //packaging:all"
    bazelisk, bootstrap = "pull_request.yml/bazelisk", "pull_request.yml/bootstrap"
    for job in (bazelisk, bootstrap):
        assert build in scripts(job)
        assert set(OTHER_COMMANDS[job]) < set(scripts(job))
    # Each checks its Bazel before the build, and again after it.
    first, last = (scripts(bazelisk).index(command) for command in OTHER_COMMANDS[bazelisk])
    assert first < scripts(bazelisk).index(build) < last
    *before, after = (scripts(bootstrap).index(command) for command in OTHER_COMMANDS[bootstrap])
    assert max(before) < scripts(bootstrap).index(build) < after
    assert all(step.get("env", {"BAZEL": ""}).get("BAZEL") == "" for step in steps(JOBS[bazelisk]))


def test_containers_are_pinned_by_digest() -> None:
    images = {
        job: content["container"]["image"]
        for job, content in JOBS.items()
        if "container" in content
    }
    assert set(images) == {"pull_request.yml/bootstrap"}
    assert all(
        re.fullmatch(r"debian:[a-z-]+@sha256:[0-9a-f]{64}", image) for image in images.values()
    )


def test_persistent_runners_trim_their_disk_cache() -> None:
    for name in ("pull_request.yml", "main.yml"):
        last = steps(WORKFLOWS[name]["jobs"]["test"])[-1]
        assert last["run"] == "./bazelw run --config=ci //toolchains/cache:trim"
        assert last["if"] == "${{ !cancelled() }}"
