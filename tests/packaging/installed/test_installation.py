"""On each Python, the built wheels install from exactly their files, and do what they should.

The wheels are those that plan.json names for this Python, in the bytes that manifest.json states.
The fault behind it: a gate that tested another release, which an index happened to offer.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke import installed
from release.gate.smoke.candidate import TestableRelease
from release.gate.smoke.environment import Environment, ExactWheel, Requirements
from release.gate.smoke.process import SmokeTestError
from release.gate.smoke.wheels import WheelTest, try_native, try_pure

PURE = ("iree-tools-tf", "iree-tools-tflite")


@contextmanager
def taken_away(path: Path) -> Iterator[None]:
    """A file is not there for as long as the with statement lasts."""
    hidden = path.with_name(path.name + ".hidden")
    path.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(path)


def in_site(environment: Environment, path: str) -> Path:
    """Where a file of the wheels lies that are installed."""
    return Path(str(environment.distributions()["iree-compiler"].locate_file(path)))


def test_the_trial_passes(
    subject: WheelTest, wheels: Sequence[ExactWheel], requirements: Requirements, scratch: Path
) -> None:
    """Catches: a wheel that does not install, whose programs do not answer, or whose models do not
    compile, run and give NumPy's numbers, by whichever way in."""
    outcome = try_native(subject, wheels, requirements, scratch)
    assert (outcome.status, outcome.detail) == (
        "passed",
        "installed; 23 console scripts answer; 18 compiled models compute rightly",
    )
    assert outcome.files == tuple(wheel.path.name for wheel in wheels)


@pytest.mark.parametrize("package", PURE)
def test_a_pure_wheel_installs_and_asks_for_tensorflow(
    subject: WheelTest, candidate: TestableRelease, scratch: Path, package: str
) -> None:
    """Catches: the requirement that upstream forgot, forgotten by us as well."""
    pure = {wheel.package: wheel for wheel in candidate.pure_wheels("linux_x86_64", subject.python)}
    outcome = try_pure(subject, pure[package], scratch)
    assert outcome.status == "passed", outcome.detail
    alone = subject.environment(scratch)
    alone.install_alone([pure[package]]).expect()
    assert (alone.scripts / package.replace("iree-tools-", "iree-import-")).is_file()
    assert "`tensorflow`" in alone.check().expect(1).stderr


def test_what_is_installed_comes_from_the_planned_file(
    environment: Environment, wheels: Sequence[ExactWheel]
) -> None:
    """Catches: another wheel taken for this Python."""
    for wheel in wheels:
        distribution = environment.distributions()[wheel.package]
        source = json.loads(distribution.read_text("direct_url.json") or "{}")
        assert source["url"] == wheel.path.as_uri()


def test_the_requirements_are_declared(environment: Environment) -> None:
    """Catches: a requirement that is only satisfied because somebody installed it beside.

    The environment got the two wheels and nothing but what their metadata asks for.
    """
    others = ("ml_dtypes", "mpmath", "numpy", "sympy")
    assert set(environment.distributions()) == {"iree-compiler", "iree-runtime", *others}


def test_a_wheel_with_other_bytes_is_not_installed(
    subject: WheelTest, wheels: Sequence[ExactWheel], requirements: Requirements, scratch: Path
) -> None:
    """Catches: an installer that was not told to check digests, which would void the trial."""
    others = [dataclasses.replace(wheel, sha256="0" * 64) for wheel in wheels]
    outcome = try_native(subject, others, requirements, scratch)
    assert outcome.status == "failed"
    assert outcome.detail.startswith("installing: ")
    assert "Hash mismatch" in outcome.detail


def test_another_python_than_planned_is_refused(subject: WheelTest, scratch: Path) -> None:
    """Catches: an interpreter of another version under the right name."""
    with pytest.raises(SmokeTestError, match=r"is Python 3\.\d+\.\d+, not Python 3\.10"):
        dataclasses.replace(subject, python="3.10").environment(scratch)


def test_a_changed_file_is_named(environment: Environment, wheels: Sequence[ExactWheel]) -> None:
    """Catches: bytes changed between wheel and disk."""
    file = "iree/compiler/api/ctypes_dl.py"
    with (
        taken_away(in_site(environment, file)),
        pytest.raises(SmokeTestError, match=f"^iree-compiler: not as its RECORD states: {file}$"),
    ):
        installed.check_installed(environment, wheels, "0")


def test_a_missing_native_tool_is_named(
    environment: Environment, wheels: Sequence[ExactWheel]
) -> None:
    """Catches: a console script whose native program is absent."""
    with (
        taken_away(in_site(environment, "iree/compiler/_mlir_libs/iree-opt")),
        pytest.raises(SmokeTestError, match=r"iree-opt exits with 127: .*package iree-compiler is"),
    ):
        installed.check_scripts(environment, wheels)


def test_an_entry_point_that_cannot_be_imported_is_named(
    environment: Environment, wheels: Sequence[ExactWheel]
) -> None:
    """Catches: an entry point whose module fails when it is imported."""
    with (
        taken_away(in_site(environment, "iree/compiler/tools/binaries.py")),
        pytest.raises(SmokeTestError, match="of iree-compiler does not load: "),
    ):
        installed.check_entry_points(environment, wheels)
