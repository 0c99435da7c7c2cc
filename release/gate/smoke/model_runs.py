"""Starts model_set.py inside an environment, from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from release.gate.smoke.environment import Environment
from release.gate.smoke.process import Done, SmokeTestError

PROGRAM = Path(__file__).with_name("model_set.py").absolute()
MODELS = ("collatz", "elementwise", "matmul")
"""What there must be a verdict on, whatever model_set.py thinks."""
BACKENDS = ("llvm-cpu", "vmvx")
"""A native and a portable one."""
COMPILED_THROUGH = ("session", "function", "tool")
"""The ways into the compiler: each goes through other files of its wheel."""
RAN_THROUGH = ("runtime", "tool")
"""The ways into the runtime."""


def compile_models(environment: Environment, modules: Path, *, through: str, backend: str) -> None:
    """Compiles all models into `modules`.

    Raises:
      SmokeTestError: the compiler fails; with what it said.
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
      environment: where the runtime is.
      modules: the directory.
      through: one of RAN_THROUGH.
      compiled: how many compiled models there must be a verdict on.

    Raises:
      SmokeTestError: one does not run, or one of its numbers is not NumPy's.
    """
    check_verdicts(
        _call(environment, "run", "--through", through, "--modules", str(modules)), compiled
    )


def check_verdicts(done: Done, compiled: int) -> None:
    """Holds what `model_set.py run` says.

    Args:
      done: how it ended.
      compiled: how many compiled models there must be a verdict on.

    Raises:
      SmokeTestError: one does not run, or one of its numbers is not NumPy's.
    """
    if done.exit_code not in (0, 1) or not done.stdout:
        raise SmokeTestError(f"{done.expect().program} gives no verdicts")
    verdicts: list[dict[str, Any]] = json.loads(done.stdout)
    for verdict in verdicts:
        if verdict["right"] is not True:
            raise SmokeTestError(
                f"{verdict['model']} for {verdict['backend']}: its numbers are not NumPy's "
                f"(largest relative error {verdict['error']:.3g})"
            )
    tried = {verdict["model"] for verdict in verdicts}
    if len(verdicts) != compiled or tried != set(MODELS):
        raise SmokeTestError(f"{len(verdicts)} of {compiled} compiled models ran: {sorted(tried)}")
    done.expect()


def _call(environment: Environment, *arguments: str) -> Done:
    # Isolated: else this directory would be searched for modules before the environment.
    return environment.run("python", "-I", str(PROGRAM), *arguments)
