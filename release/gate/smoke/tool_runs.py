"""The native tools of a release, used by themselves: on this machine or through a runner.

The tools read and write files; their numbers are compared with NumPy's here, in the gate's own
process, so that no Python of the platform is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from release.gate.smoke import model_set
from release.gate.smoke.answers import Answer
from release.gate.smoke.attempt import step
from release.gate.smoke.native import Runner
from release.gate.smoke.process import TIMEOUT, Done, SmokeTestError, run

_TRIES = 3


def call(runner: Runner, program: Path, *arguments: str, timeout: float = TIMEOUT) -> Done:
    """Runs a tool to its end.

    Raises:
      SmokeTestError: it does not start, or takes too long.
    """
    for _ in range(_TRIES):
        done = run(
            runner.command(program, *arguments),
            environment=runner.environment,
            timeout=timeout,
            name=program.name,
        )
        if not runner.stumbled(done):
            break
    return done


def check_answers(
    tools: Mapping[str, Path],
    answers: Mapping[str, Answer],
    runner: Runner,
    timeout: float = TIMEOUT,
) -> None:
    """Calls every tool.

    Args:
      tools: where each tool lies, by its name without a suffix.
      answers: what each of them must answer.
      runner: starts them.
      timeout: seconds that each may take.

    Raises:
      SmokeTestError: one does not answer as it should, one is missing, or one is new.
    """
    if unknown := sorted(tools.keys() - answers.keys()):
        raise SmokeTestError(f"{', '.join(unknown)}: nobody knows what it should answer")
    for name, answer in answers.items():
        if name not in tools:
            raise SmokeTestError(f"{name} is not there")
        answer.hold(call(runner, tools[name], *answer.arguments, timeout=timeout))


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
    """Compiles the model set with one tool, runs it with another, and compares the numbers.

    Args:
      compiler: `iree-compile`.
      run_module: `iree-run-module`.
      modules: an existing directory for what is compiled and computed.
      runner: starts both.
      backends: what to compile for.
      flags: further flags of the compiler.
      device: what to run on.
      timeout: seconds that each call may take.

    Returns:
      How many compiled models gave NumPy's numbers.

    Raises:
      SmokeTestError: a tool fails, or a number is wrong.
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
                call(runner, compiler, *arguments, timeout=timeout).expect()
            with step(f"running {model.name} for {backend}"):
                arguments = model_set.run_arguments(module, model, device, runner.path)
                call(runner, run_module, *arguments, timeout=timeout).expect()
                error, right = model_set.judge(model, model_set.load_result(module))
                if not right:
                    raise SmokeTestError(
                        f"its numbers are not NumPy's (largest relative error {error:.3g})"
                    )
            count += 1
    return count
