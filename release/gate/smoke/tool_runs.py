"""Running the native tools of a release without Python, through the runner of their platform.

The tools read and write files; the gate's own process compares the results with NumPy's, so that
the platform's Python is not needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from release.gate.smoke import model_set
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.probes import Probe
from release.gate.smoke.process import TIMEOUT, ProcessResult, run
from release.gate.smoke.runner import Runner
from release.gate.smoke.smoke_test import step

_ATTEMPTS = 3


def call_tool(
    runner: Runner, program: Path, *arguments: str, timeout: float = TIMEOUT
) -> ProcessResult:
    """Runs a tool to its end; again where only the runner failed.

    Raises:
      SmokeTestError: it does not start, or times out.
    """
    for _ in range(_ATTEMPTS):
        result = run(
            runner.command(program, *arguments),
            environment=runner.environment,
            timeout=timeout,
            name=program.name,
        )
        if not runner.should_retry(result):
            break
    return result


def check_tools(
    tools: Mapping[str, Path],
    probes: Mapping[str, Probe],
    runner: Runner,
    timeout: float = TIMEOUT,
) -> None:
    """Calls every tool and checks its output.

    Args:
      tools: the path of each tool, by its name without a suffix.
      probes: the call and the expected output of each.
      runner: starts them.
      timeout: seconds that each may take.

    Raises:
      SmokeTestError: one fails its probe, is missing, or has no probe.
    """
    if unknown := sorted(tools.keys() - probes.keys()):
        raise SmokeTestError(f"{', '.join(unknown)}: unknown tool; add a probe to probes.py")
    for name, probe in probes.items():
        if name not in tools:
            raise SmokeTestError(f"{name} is missing")
        probe.check(call_tool(runner, tools[name], *probe.arguments, timeout=timeout))


def compile_and_run(
    compiler: Path,
    run_module: Path,
    modules: Path,
    runner: Runner,
    *,
    backends: Sequence[str] = model_set.BACKENDS,
    flags: Sequence[str] = (),
    device: str = "local-task",
    timeout: float = TIMEOUT,
) -> int:
    """Compiles the model set with one tool, runs it with another, and checks the results.

    Args:
      compiler: `iree-compile`.
      run_module: `iree-run-module`.
      modules: an existing directory for compiled models and results.
      runner: starts both.
      backends: what to compile for.
      flags: additional flags of the compiler.
      device: what to run on.
      timeout: seconds that each call may take.

    Returns:
      The number of compiled models, which all gave NumPy's results.

    Raises:
      SmokeTestError: a tool fails, or results differ from NumPy's.
    """
    count = 0
    for backend in backends:
        for model in model_set.model_set():
            module = modules / f"{model.name}.{backend}.vmfb"
            with step(f"compiling {model.name} for {backend}"):
                arguments = [
                    *model_set.backend_flags(backend),
                    *flags,
                    runner.path(model.source),
                    "-o",
                    runner.path(module),
                ]
                call_tool(runner, compiler, *arguments, timeout=timeout).expect()
            with step(f"running {model.name} for {backend}"):
                arguments = model_set.run_arguments(module, model, device, runner.path)
                call_tool(runner, run_module, *arguments, timeout=timeout).expect()
                error, right = model_set.judge(model, model_set.load_result(module))
                if not right:
                    raise SmokeTestError(
                        f"results differ from NumPy's (largest relative error {error:.3g})"
                    )
            count += 1
    return count
