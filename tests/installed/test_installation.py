"""On each Python, the built wheels install from exactly their files and are what they say.

The wheels are those that plan.json names for this Python, in the bytes that manifest.json states.
The fault behind it: a gate that tested another release, which an index happened to offer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

from tests.installed.environment import Environment
from tests.installed.subject import BINARY_PACKAGES, PURE_PACKAGES, Subject
from tests.installed.wheel_files import changed_files


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """How a console script is called, and what shows that the right program answered."""

    arguments: tuple[str, ...]
    says: str
    exit_code: int = 0


HELP = ("--help",)
PROGRAMS = {
    "iree-as-module": Answer(HELP, "IREE: iree-as-module"),
    "iree-benchmark-executable": Answer(HELP, "IREE: iree-benchmark-executable"),
    "iree-benchmark-module": Answer(HELP, "IREE: iree-benchmark-module"),
    "iree-benchmark-replay": Answer(HELP, "IREE: iree-benchmark-replay"),
    "iree-build": Answer((), "arguments are required: build_module", exit_code=2),
    "iree-c-embed-data": Answer(HELP, "Unrecognized command line argument", exit_code=100),
    "iree-compile": Answer(("--version",), "IREE compiler version"),
    "iree-convert-parameters": Answer(HELP, "IREE: iree-convert-parameters"),
    "iree-cpuinfo": Answer((), "sse4.2"),
    "iree-create-parameters": Answer(HELP, "IREE: iree-create-parameters"),
    "iree-dump-module": Answer(HELP, "IREE: iree-dump-module"),
    "iree-dump-parameters": Answer(HELP, "IREE: iree-dump-parameters"),
    "iree-dump-replay": Answer(HELP, "IREE: iree-dump-replay"),
    "iree-flatcc-cli": Answer(HELP, "FlatBuffers schema compiler"),
    # It needs the extra `onnx`, which is not installed here, and says so.
    "iree-import-onnx": Answer(HELP, "requires that the `onnx` Python package", exit_code=1),
    "iree-ir-tool": Answer(HELP, "IREE IR Tool"),
    "iree-link": Answer(HELP, "IREE module linker"),
    "iree-opt": Answer(HELP, "IREE modular optimizer driver"),
    "iree-profile": Answer(HELP, "IREE: iree-profile"),
    "iree-profile-render": Answer(HELP, "usage: iree-profile-render"),
    "iree-run-module": Answer(("--list_drivers",), "local-task: "),
    "iree-run-replay": Answer(HELP, "IREE: iree-run-replay"),
    "iree-tracy-capture": Answer((), "Usage: capture -o output.tracy", exit_code=1),
}


def test_the_environment_runs_the_python_under_test(
    subject: Subject, environment: Environment
) -> None:
    """Catches: an interpreter of another version under the right name."""
    done = environment.run("python", "-I", "--version").expect()
    assert done.stdout.startswith(f"Python {subject.python}.")


@pytest.mark.parametrize("package", BINARY_PACKAGES)
def test_what_is_installed_comes_from_the_planned_file(
    subject: Subject, environment: Environment, package: str
) -> None:
    """Catches: another wheel taken for this Python; bytes changed between wheel and disk.

    The installer has held the file against the manifest's digest; what is left is that every
    file on disk is as the wheel's RECORD states.
    """
    wheel = subject.wheel(package)
    distribution = environment.distributions()[package]
    source = json.loads(distribution.read_text("direct_url.json") or "{}")
    assert source["url"] == wheel.path.as_uri()
    assert changed_files(environment, wheel) == []


@pytest.mark.parametrize("package", BINARY_PACKAGES)
def test_a_wheel_with_other_bytes_is_not_installed(
    subject: Subject, new_environment: Callable[[], Environment], package: str
) -> None:
    """Catches: an installer that was not told to check, which would void the test above."""
    wheel = dataclasses.replace(subject.wheel(package), sha256="0" * 64)
    empty = new_environment()
    done = empty.install_alone([wheel]).expect(1)
    assert "Hash mismatch" in done.stderr
    assert package not in empty.distributions()


def test_the_requirements_are_declared(environment: Environment) -> None:
    """Catches: a requirement that is only satisfied because somebody installed it beside.

    The environment got the two wheels and nothing but what their metadata asks for.
    """
    others = ("ml_dtypes", "mpmath", "numpy", "sympy")
    assert set(environment.distributions()) == {*BINARY_PACKAGES, *others}
    environment.check().expect()


@pytest.mark.parametrize("package", BINARY_PACKAGES)
def test_all_say_the_same_version(subject: Subject, environment: Environment, package: str) -> None:
    """Catches: a version module or METADATA left at upstream's version."""
    module = package.replace("-", ".")
    ask = f"import {module}.version as v; print(v.VERSION)"
    done = environment.run("python", "-I", "-c", ask).expect()
    assert done.stdout.strip() == subject.version
    assert environment.distributions()[package].version == subject.version


def test_every_console_script_has_an_expected_answer(environment: Environment) -> None:
    """Catches: a program that went missing, and a new one that nobody tries."""
    distributions = environment.distributions()
    declared = {
        script.name
        for package in BINARY_PACKAGES
        for script in distributions[package].entry_points.select(group="console_scripts")
    }
    assert declared == set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_console_script_answers(environment: Environment, name: str) -> None:
    """Catches: a script without its module, a native program that is absent or does not load."""
    answer = PROGRAMS[name]
    done = environment.run(name, *answer.arguments).expect(answer.exit_code)
    assert answer.says in done.stdout + done.stderr


@pytest.mark.parametrize("package", PURE_PACKAGES)
def test_a_pure_wheel_declares_tensorflow(
    subject: Subject, new_environment: Callable[[], Environment], package: str
) -> None:
    """Catches: the requirement that upstream forgot, forgotten by us as well.

    TensorFlow itself is not installed: it has no wheels for every Python of the plan. So the
    importers are not run here.
    """
    alone = new_environment()
    alone.install_alone([subject.wheel(package)]).expect()
    assert alone.distributions()[package].version == subject.version
    assert (alone.scripts / package.replace("iree-tools-", "iree-import-")).is_file()
    assert "`tensorflow`" in alone.check().expect(1).stderr
