"""Runs the workflows of .github as GitHub does: a job after those that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ruamel.yaml import YAML

from tests.workflows import expression

Result = Literal["success", "failure", "skipped"]


class StepError(Exception):
    """A step failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is about to be run; its expressions are evaluated."""

    workflow: str
    job: str
    name: str
    run: str | None
    """A script of bash; None if it is an action."""
    uses: str | None
    """OWNER/NAME of an action."""
    options: Mapping[str, Any]
    """`with` of an action."""
    environment: Mapping[str, str]


class Machine(Protocol):
    """What steps run on."""

    def begin(self) -> None:
        """A job begins: nothing is left of those before."""

    def step(self, step: Step) -> Mapping[str, str]:
        """Runs a step, and returns its outputs.

        Raises:
          StepError: it failed.
        """


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a job."""

    result: Result
    outputs: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> dict[str, Any]:
    """The content of a workflow, as YAML 1.2 has it: `on` is a word there, and no truth."""
    content: dict[str, Any] = YAML(typ="safe").load(path)
    return content


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs workflows on a machine."""

    root: Path
    """The workspace, which has `.github/workflows`."""
    machine: Machine
    github: Mapping[str, Any]
    """The context `github`."""
    variables: Mapping[str, str]
    """The context `vars`: what the repository is configured with; others are empty."""
    secrets: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> dict[str, Ran]:
        """Runs a workflow to its end, whatever fails.

        Args:
          name: of its file, such as nightly.yml.
          inputs: what it is started with.
          secrets: what it knows; all that there are, if left out.

        Returns:
          What came of each job, by the job's key.
        """
        content = read(self.root / ".github" / "workflows" / name)
        contexts: dict[str, Any] = {
            "github": self.github,
            "inputs": _with_defaults(content["on"], inputs or {}),
            "vars": _Configured(self.variables),
            "secrets": _Configured(self.secrets if secrets is None else secrets),
        }
        contexts["env"] = self._values(content.get("env"), contexts)
        ran: dict[str, Ran] = {}
        for key, job in _in_order(content["jobs"]):
            needs = {one: ran[one] for one in _needs(job)}
            known = contexts | {
                "needs": {
                    one: {"result": done.result, "outputs": done.outputs}
                    for one, done in needs.items()
                }
            }
            fine = all(done.result == "success" for done in needs.values())
            if not expression.condition(job.get("if"), known, _status(fine)):
                ran[key] = Ran("skipped")
            elif "uses" in job:
                ran[key] = self._called(job, known)
            else:
                ran[key] = self._job(name, key, job, known)
        return ran

    def _called(self, job: Mapping[str, Any], contexts: Mapping[str, Any]) -> Ran:
        """Runs a job that is another workflow."""
        inputs = self._raw_values(job.get("with"), contexts)
        secrets = self._values(job.get("secrets"), contexts)
        ran = self.run(job["uses"].removeprefix("./.github/workflows/"), inputs, secrets)
        failed = any(one.result == "failure" for one in ran.values())
        return Ran("failure" if failed else "success")

    def _job(
        self, workflow: str, key: str, job: Mapping[str, Any], contexts: Mapping[str, Any]
    ) -> Ran:
        """Runs the steps of a job."""
        self.machine.begin()
        done: dict[str, dict[str, Any]] = {}
        known = {**contexts, "steps": done}
        known["env"] = known["env"] | self._values(job.get("env"), known)
        fine = True
        for number, step in enumerate(job["steps"]):
            if not expression.condition(step.get("if"), known, _status(fine)):
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
                        options=self._raw_values(step.get("with"), known),
                        environment=known["env"] | self._values(step.get("env"), known),
                    )
                )
            except StepError:
                fine = False
            done[step.get("id", str(number))] = {"outputs": outputs}
        return Ran(
            "success" if fine else "failure",
            self._values(job.get("outputs"), known) if fine else {},
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
    """Variables or secrets: what is not set is empty."""

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, _: str) -> str:
        return ""


def _status(fine: bool) -> expression.Functions:
    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: not fine,
        "success": lambda: fine,
    }


def _with_defaults(triggers: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a workflow is started with; what it requires must be given, and nothing else can be.

    Raises:
      expression.ExpressionError: it cannot be started like that.
    """
    declared: dict[str, Any] = {}
    for trigger in ("workflow_call", "workflow_dispatch"):
        if isinstance(triggers, Mapping):
            declared |= (triggers.get(trigger) or {}).get("inputs", {})
    for name in given.keys() - declared.keys():
        raise expression.ExpressionError(f"there is no input {name}")
    for name in declared.keys() - given.keys():
        if declared[name].get("required"):
            raise expression.ExpressionError(f"the input {name} is missing")
    return {name: given.get(name, one.get("default", "")) for name, one in declared.items()}


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _in_order(jobs: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Jobs, each after what it needs."""
    left = dict(jobs)
    while left:
        ready = [key for key, job in left.items() if not set(_needs(job)) & left.keys()]
        for key in ready:
            yield key, left.pop(key)
