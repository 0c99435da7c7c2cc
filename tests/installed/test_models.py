"""On each Python, installed IREE compiles models, runs them and gets NumPy's numbers.

Three ways into the compiler and two into the runtime, for a native and a portable backend: each
goes through other files of the wheels (bindings, console scripts, tools, the linker).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.installed.environment import Environment
from tests.installed.model_runs import compile_models, run_models


@pytest.mark.parametrize("backend", ["llvm-cpu", "vmvx"])
@pytest.mark.parametrize("compiled_through", ["session", "function", "tool"])
def test_the_numbers_are_those_of_numpy(
    environment: Environment, tmp_path: Path, compiled_through: str, backend: str
) -> None:
    """Catches: a wheel that installs and answers --help, but cannot compile, load or compute."""
    compile_models(environment, tmp_path, through=compiled_through, backend=backend)
    for ran_through in ("runtime", "tool"):
        run_models(environment, tmp_path, through=ran_through)
