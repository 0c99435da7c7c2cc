"""Runs the workflows of .github like GitHub: each job after those that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ruamel.yaml import YAML

from tests.workflows import expression

Result = Literal["success", "failure", "skipped"]


class StepError(Exception):
    """A step failed; the message says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step with evaluated expressions."""

    workflow: str
    job: str
    name: str
    run: str | None
    """A bash script; None for an action."""
    uses: str | None
    """OWNER/NAME of an action; None for a script."""
    options: Mapping[str, Any]
    """`with` of an action."""
    environment: Mapping[str, str]


class Machine(Protocol):
    """Runs steps."""

    def begin(self) -> None:
        """Prepares for a job: removes the files of previous jobs."""

    def step(self, step: Step) -> Mapping[str, str]:
        """Runs a step; returns its outputs.

        Raises:
          StepError: it failed.
        """


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of a job."""

    result: Result
    outputs: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> dict[str, Any]:
    """The content of a workflow, as YAML 1.2, in which `on` is a string instead of a boolean."""
    content: dict[str, Any] = YAML(typ="safe").load(path)
    return content


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs workflows on a machine."""

    root: Path
    """The workspace with `.github/workflows`."""
    machine: Machine
    github: Mapping[str, Any]
    """The context `github`."""
    variables: Mapping[str, str]
    """The context `vars` of the repository; other variables are empty."""
    secrets: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> dict[str, JobResult]:
        """Runs a workflow to its end, even if jobs fail.

        Args:
          name: name of its file, such as nightly.yml.
          inputs: its inputs.
          secrets: its secrets; all by default.

        Returns:
          The results by job key.
        """
        content = read(self.root / ".github" / "workflows" / name)
        contexts: dict[str, Any] = {
            "github": self.github,
            "inputs": _with_defaults(content["on"], inputs or {}),
            "vars": _Configured(self.variables),
            "secrets": _Configured(self.secrets if secrets is None else secrets),
        }
        contexts["env"] = self._values(content.get("env"), contexts)
        results: dict[str, JobResult] = {}
        for key, job in _in_order(content["jobs"]):
            needs = {needed: results[needed] for needed in _needs(job)}
            job_contexts = contexts | {
                "needs": {
                    needed: {"result": result.result, "outputs": result.outputs}
                    for needed, result in needs.items()
                }
            }
            succeeded = all(result.result == "success" for result in needs.values())
            if not expression.condition(job.get("if"), job_contexts, _status(succeeded)):
                results[key] = JobResult("skipped")
            elif "uses" in job:
                results[key] = self._called_workflow(job, job_contexts)
            else:
                results[key] = self._job(name, key, job, job_contexts)
        return results

    def _called_workflow(self, job: Mapping[str, Any], contexts: Mapping[str, Any]) -> JobResult:
        """Runs a job that calls another workflow."""
        inputs = self._raw_values(job.get("with"), contexts)
        secrets = self._values(job.get("secrets"), contexts)
        results = self.run(job["uses"].removeprefix("./.github/workflows/"), inputs, secrets)
        failed = any(result.result == "failure" for result in results.values())
        return JobResult("failure" if failed else "success")

    def _job(
        self, workflow: str, key: str, job: Mapping[str, Any], contexts: Mapping[str, Any]
    ) -> JobResult:
        """Runs the steps of a job."""
        self.machine.begin()
        steps: dict[str, dict[str, Any]] = {}
        job_contexts = {**contexts, "steps": steps}
        job_contexts["env"] = job_contexts["env"] | self._values(job.get("env"), job_contexts)
        succeeded = True
        for number, step in enumerate(job["steps"]):
            if not expression.condition(step.get("if"), job_contexts, _status(succeeded)):
                continue
            outputs: Mapping[str, str] = {}
            try:
                outputs = self.machine.step(
                    Step(
                        workflow=workflow,
                        job=key,
                        name=step.get("name", step.get("uses", "")),
                        run=step.get("run"),
                        uses=step["uses"].partition("@")[0] if "uses" in step else None,
                        options=self._raw_values(step.get("with"), job_contexts),
                        environment=job_contexts["env"]
                        | self._values(step.get("env"), job_contexts),
                    )
                )
            except StepError:
                succeeded = False
            steps[step.get("id", str(number))] = {"outputs": outputs}
        return JobResult(
            "success" if succeeded else "failure",
            self._values(job.get("outputs"), job_contexts) if succeeded else {},
        )

    def _raw_values(
        self, values: Mapping[str, Any] | None, contexts: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            name: expression.substitute(value, contexts, {}) if isinstance(value, str) else value
            for name, value in (values or {}).items()
        }

    def _values(
        self, values: Mapping[str, Any] | None, contexts: Mapping[str, Any]
    ) -> dict[str, str]:
        return {name: str(value) for name, value in self._raw_values(values, contexts).items()}


class _Configured(dict[str, str]):
    """Variables or secrets; unset ones are empty."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> str:
        return ""


def _status(succeeded: bool) -> expression.Functions:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: not succeeded,
        "success": lambda: succeeded,
    }


def _with_defaults(triggers: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a workflow, with defaults for those that are not given.

    Raises:
      expression.ExpressionError: an input is unknown, or a required one is missing.
    """
    declared: dict[str, Any] = {}
    for trigger in ("workflow_call", "workflow_dispatch"):
        if isinstance(triggers, Mapping):
            declared |= (triggers.get(trigger) or {}).get("inputs", {})
    for name in given.keys() - declared.keys():
        raise expression.ExpressionError(f"unknown input {name}")
    for name in declared.keys() - given.keys():
        if declared[name].get("required"):
            raise expression.ExpressionError(f"missing input {name}")
    return {
        name: given.get(name, definition.get("default", ""))
        for name, definition in declared.items()
    }


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _in_order(jobs: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields jobs, each after those that it needs."""
    remaining = dict(jobs)
    while remaining:
        ready = [key for key, job in remaining.items() if not set(_needs(job)) & remaining.keys()]
        for key in ready:
            yield key, remaining.pop(key)
