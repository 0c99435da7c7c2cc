"""What every workflow keeps to: thin, pinned, and with no more rights than it needs."""

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
MAY = {
    "nightly.yml/tag": {"contents": "write", "checks": "read", "statuses": "read"},
    "publish.yml/publish": {"contents": "write"},
    "index.yml/index": {"contents": "read", "pages": "write", "id-token": "write"},
    "purge.yml/purge": {"contents": "write", "pages": "write", "id-token": "write"},
    "promote.yml/promote": {"contents": "write", "issues": "read"},
    "turbine.yml/push": {"contents": "read", "id-token": "write"},
}
"""The rights of jobs, and of those that call them; every other reads contents alone."""
DEBIAN_LACKS = "ca-certificates git openssl python3-pip python3-venv xz-utils"
BESIDES_BAZELW = {
    "pull_request.yml/bazelisk": (
        "bazelisk version",
        'test ! -e "$HOME/.cache/iree-release/bazel"',
    ),
    "pull_request.yml/bootstrap": (
        "apt-get update",
        f"apt-get install --yes --no-install-recommends {DEBIAN_LACKS}",
        "! command -v bazelisk",
        "! command -v bazel",
        'ls -d "$HOME/.cache/iree-release/bazel"',
    ),
}
"""Commands of jobs that show which Bazel bazelw runs."""


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(job.get("steps", []))


def secret_names(content: object) -> set[str]:
    return set(re.findall(r"secrets\.(\w+)|(github\.token)", str(content)))


def test_all_of_them_are_looked_at() -> None:
    assert set(WORKFLOWS) == {
        *("build.yml", "index.yml", "main.yml", "nightly.yml", "promote.yml", "publish.yml"),
        *("pull_request.yml", "purge.yml", "turbine.yml"),
    }


@pytest.mark.parametrize("job", JOBS)
def test_a_step_is_one_command_of_bazel_or_a_pinned_action(job: str) -> None:
    """Catches: logic in YAML, which nobody can run at a desk."""
    for step in steps(JOBS[job]):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step
        elif step["run"] not in BESIDES_BAZELW.get(job, ()):
            assert re.match(r"\./bazelw (build|run|test) --config=ci ", step["run"]), step
            assert not re.search(r"[;&|<>`\n]|\$\(|\$\{\{", step["run"]), step


@pytest.mark.parametrize("job", JOBS)
def test_a_job_may_do_no_more_than_it_does(job: str) -> None:
    content = JOBS[job]
    called = content.get("uses", "").rpartition("/")[2]
    if called:
        # The last of its jobs is what the others are for.
        job = f"{called}/{list(WORKFLOWS[called]['jobs'])[-1]}"
    assert content["permissions"] == MAY.get(job, {"contents": "read"})


@pytest.mark.parametrize("job", JOBS)
def test_what_was_built_is_run_where_nothing_may_be_written(job: str) -> None:
    """Catches: a wheel's code beside a token that may publish."""
    runs = re.search(r"//release:(validate|turbine|verify_published|nightly)", str(JOBS[job]))
    assert not runs or JOBS[job]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_allowed_by_default(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize("job", [job for job, content in JOBS.items() if "steps" in content])
def test_a_job_ends_some_time(job: str) -> None:
    assert JOBS[job]["timeout-minutes"]


@pytest.mark.parametrize("name", [name for name in WORKFLOWS if name != "build.yml"])
def test_of_two_at_once_one_waits(name: str) -> None:
    """A build changes nothing but the cache, and the families' jobs run side by side."""
    assert WORKFLOWS[name]["concurrency"]["group"]
    assert WORKFLOWS[name]["concurrency"]["cancel-in-progress"] is (name == "pull_request.yml")


def test_a_pull_request_sees_no_secret() -> None:
    content = WORKFLOWS["pull_request.yml"]
    assert not secret_names(content)
    assert set(content["on"]) == {"pull_request", "merge_group"}
    assert not any("pull_request_target" in str(one["on"]) for one in WORKFLOWS.values())
    assert all("environment" not in job for job in content["jobs"].values())


@pytest.mark.parametrize("job", JOBS)
def test_the_clone_keeps_no_token(job: str) -> None:
    for step in steps(JOBS[job]):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_pull_requests_and_main_run_the_same_check() -> None:
    """By its name, main's protection and `tag` require it."""
    tests = [WORKFLOWS[name]["jobs"]["test"] for name in ("pull_request.yml", "main.yml")]
    assert [one["name"] for one in tests] == ["Test", "Test"]
    mine, theirs = ([step["run"] for step in steps(one) if "run" in step] for one in tests)
    assert theirs == [run.replace("=remote_cache ", "=remote_cache_push ") for run in mine]


def scripts(job: str) -> list[str]:
    return [step["run"] for step in steps(JOBS[job]) if "run" in step]


def test_one_job_builds_with_bazelisk_and_one_with_the_bootstrap() -> None:
    """Catches: modules that only Debian has, or only the public registry."""
    build = "./bazelw build --config=ci --config=remote_cache //packaging:all"
    bazelisk, bootstrap = "pull_request.yml/bazelisk", "pull_request.yml/bootstrap"
    for job in (bazelisk, bootstrap):
        assert build in scripts(job)
        assert set(BESIDES_BAZELW[job]) < set(scripts(job))
    # Each shows it where it counts: before the build, and after.
    shown, unmade = (scripts(bazelisk).index(one) for one in BESIDES_BAZELW[bazelisk])
    assert shown < scripts(bazelisk).index(build) < unmade
    *before, made = (scripts(bootstrap).index(one) for one in BESIDES_BAZELW[bootstrap])
    assert max(before) < scripts(bootstrap).index(build) < made
    assert all(step.get("env", {"BAZEL": ""}).get("BAZEL") == "" for step in steps(JOBS[bazelisk]))


def test_containers_are_pinned_by_digest() -> None:
    images = {
        job: content["container"]["image"]
        for job, content in JOBS.items()
        if "container" in content
    }
    assert set(images) == {"pull_request.yml/bootstrap"}
    assert all(re.fullmatch(r"debian:[a-z-]+@sha256:[0-9a-f]{64}", one) for one in images.values())


def test_a_machine_that_is_kept_keeps_its_disk_cache_within_its_bound() -> None:
    for name in ("pull_request.yml", "main.yml"):
        last = steps(WORKFLOWS[name]["jobs"]["test"])[-1]
        assert last["run"] == "./bazelw run --config=ci //toolchains/cache:trim"
        assert last["if"] == "${{ !cancelled() }}"
