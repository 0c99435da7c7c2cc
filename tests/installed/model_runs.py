"""Starts model_set.py inside an environment, from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.installed.environment import Environment

PROGRAM = Path(__file__).with_name("model_set.py").absolute()
MODELS = ("collatz", "elementwise", "matmul")
"""What there must be a verdict on, whatever model_set.py thinks."""


def compile_models(environment: Environment, modules: Path, *, through: str, backend: str) -> None:
    """Compiles all models into `modules`; raises AssertionError with what the compiler said."""
    _call(
        environment,
        *("compile", "--through", through, "--backend", backend, "--modules", str(modules)),
    )


def run_models(environment: Environment, modules: Path, *, through: str) -> None:
    """Runs all models of `modules`; raises AssertionError unless every number is NumPy's."""
    printed = _call(environment, "run", "--through", through, "--modules", str(modules))
    verdicts: list[Mapping[str, Any]] = json.loads(printed)
    assert [verdict["model"] for verdict in verdicts] == list(MODELS), verdicts
    assert all(verdict["right"] for verdict in verdicts), verdicts


def _call(environment: Environment, *arguments: str) -> str:
    # Isolated: else this folder would be searched for modules before the environment.
    return environment.run("python", "-I", str(PROGRAM), *arguments).expect().stdout
