"""Runs the program model_set.py in an environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from release.gate.smoke.environment import Environment
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.process import ProcessResult

PROGRAM = Path(__file__).with_name("model_set.py").absolute()
MODELS = ("collatz", "elementwise", "matmul")
"""The models that need a verdict, independent of model_set.py."""
BACKENDS = ("llvm-cpu", "vmvx")
"""A native and a portable backend."""
COMPILER_INTERFACES = ("session", "function", "tool")
"""The interfaces of the compiler: each uses other files of its wheel."""
RUNTIME_INTERFACES = ("runtime", "tool")
"""The interfaces of the runtime."""


def compile_models(environment: Environment, modules: Path, *, through: str, backend: str) -> None:
    """Compiles all models into `modules`.

    Raises:
      SmokeTestError: the compiler fails; with the end of its output.
    """
    _call(
        environment,
        *("compile", "--through", through, "--backend", backend, "--modules", str(modules)),
    ).expect()


def run_models(
    environment: Environment,
    modules: Path,
    *,
    through: str,
    compiled: int = len(MODELS),
) -> None:
    """Runs all compiled models of a directory.

    Args:
      environment: has the runtime.
      modules: the directory.
      through: one of RUNTIME_INTERFACES.
      compiled: the number of compiled models, which all need a verdict.

    Raises:
      SmokeTestError: one does not run, or its results differ from NumPy's.
    """
    check_verdicts(
        _call(environment, "run", "--through", through, "--modules", str(modules)), compiled
    )


def check_verdicts(result: ProcessResult, compiled: int) -> None:
    """Checks the result of `model_set.py run`.

    Args:
      result: its exit code and output.
      compiled: the number of compiled models, which all need a verdict.

    Raises:
      SmokeTestError: one does not run, or its results differ from NumPy's.
    """
    if result.exit_code not in (0, 1) or not result.stdout:
        raise SmokeTestError(f"{result.expect().program} prints no verdicts")
    verdicts: list[dict[str, Any]] = json.loads(result.stdout)
    for verdict in verdicts:
        if verdict["right"] is not True:
            raise SmokeTestError(
                f"{verdict['model']} for {verdict['backend']}: results differ from NumPy's "
                f"(largest relative error {verdict['error']:.3g})"
            )
    models = {verdict["model"] for verdict in verdicts}
    if len(verdicts) != compiled or models != set(MODELS):
        raise SmokeTestError(
            f"{len(verdicts)} of {compiled} compiled models ran: {', '.join(sorted(models))}"
        )
    result.expect()


def _call(environment: Environment, *arguments: str) -> ProcessResult:
    # Isolated: else modules of this directory would shadow those of the environment.
    return environment.run("python", "-I", str(PROGRAM), *arguments)
