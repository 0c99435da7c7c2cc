"""On each Python, the built wheels install from exactly their files, and work.

The wheels are those of plan.json for this Python, with the digests of manifest.json. Without these
checks a gate could test another release that an index offers.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke import imports, installed, probes
from release.gate.smoke.environment import Environment, PinnedWheel, Requirements
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.wheels import WheelTest, smoke_test_alone, smoke_test_wheels

PURE = ("iree-tools-tf", "iree-tools-tflite")


@contextmanager
def hidden(path: Path) -> Iterator[None]:
    """Renames a file for the duration of the block."""
    renamed = path.with_name(path.name + ".hidden")
    path.rename(renamed)
    try:
        yield
    finally:
        renamed.rename(path)


def in_site(environment: Environment, path: str) -> Path:
    """The path of an installed file."""
    return Path(str(environment.distributions()["iree-compiler"].locate_file(path)))


def test_the_smoke_test_passes(
    wheel_test: WheelTest, wheels: Sequence[PinnedWheel], requirements: Requirements, scratch: Path
) -> None:
    """Catches: a wheel that does not install, a program that fails, or a model that does not give
    correct results through each interface."""
    outcome = smoke_test_wheels(wheel_test, wheels, requirements, scratch)
    assert outcome.status == "passed", outcome.detail
    parts = outcome.detail.split("; ")
    assert re.fullmatch(r"(\d{2,}) modules imported.*", parts[1]), parts
    assert parts[2:] == ["23 scripts called", "56 results of the smoke program passed"]
    assert outcome.files == tuple(wheel.path.name for wheel in wheels)


@pytest.mark.parametrize("package", PURE)
def test_a_pure_wheel_installs_and_requires_tensorflow(
    wheel_test: WheelTest, release: RunnableRelease, scratch: Path, package: str
) -> None:
    """Catches: the requirement that upstream's wheels lack, missing in ours as well."""
    pure = {
        wheel.package: wheel for wheel in release.lone_wheels("linux_x86_64", wheel_test.python)
    }
    outcome = smoke_test_alone(wheel_test, pure[package], scratch)
    assert outcome.status == "installed", outcome.detail
    alone = wheel_test.environment(scratch)
    alone.install_alone([pure[package]]).expect()
    assert (alone.scripts / package.replace("iree-tools-", "iree-import-")).is_file()
    assert "`tensorflow`" in alone.check().expect(1).stderr


def test_installed_wheels_come_from_the_planned_files(
    environment: Environment, wheels: Sequence[PinnedWheel]
) -> None:
    """Catches: another wheel chosen for this Python."""
    for wheel in wheels:
        distribution = environment.distributions()[wheel.package]
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        assert origin["url"] == wheel.path.as_uri()


def test_the_requirements_are_declared(environment: Environment) -> None:
    """Catches: a requirement that is missing in the metadata and met by chance.

    The environment has the two wheels and only what their metadata requires.
    """
    others = ("ml_dtypes", "mpmath", "numpy", "sympy")
    assert set(environment.distributions()) == {"iree-compiler", "iree-runtime", *others}


def test_a_wheel_with_another_digest_is_not_installed(
    wheel_test: WheelTest, wheels: Sequence[PinnedWheel], requirements: Requirements, scratch: Path
) -> None:
    """Catches: an installer that does not check digests, which would make the smoke test void."""
    others = [dataclasses.replace(wheel, sha256="0" * 64) for wheel in wheels]
    outcome = smoke_test_wheels(wheel_test, others, requirements, scratch)
    assert outcome.status == "failed"
    assert outcome.detail.startswith("installing: ")
    assert "Hash mismatch" in outcome.detail


def test_another_python_than_planned_is_refused(wheel_test: WheelTest, scratch: Path) -> None:
    """Catches: an interpreter of another version under the expected name."""
    with pytest.raises(SmokeTestError, match=r"is Python 3\.\d+\.\d+, not Python 3\.10"):
        dataclasses.replace(wheel_test, python="3.10").environment(scratch)


def test_a_changed_file_is_named(environment: Environment, wheels: Sequence[PinnedWheel]) -> None:
    """Catches: a file that installation changed or lost."""
    file = "iree/compiler/api/ctypes_dl.py"
    with (
        hidden(in_site(environment, file)),
        pytest.raises(SmokeTestError, match=f"^iree-compiler: files differ from RECORD: {file}$"),
    ):
        installed.check_installed(environment, wheels, "0")


def test_a_missing_native_tool_is_named(environment: Environment, wheel_test: WheelTest) -> None:
    """Catches: a console script without its native program."""
    probe = probes.scripts(wheel_test.product.package("iree-compiler"), "linux")["iree-opt"]
    with (
        hidden(in_site(environment, "iree/compiler/_mlir_libs/iree-opt")),
        pytest.raises(SmokeTestError, match=r"iree-opt exits with 127: .*package iree-compiler is"),
    ):
        probe.check(environment.run("iree-opt", *probe.arguments))


def test_what_cannot_be_imported_is_named(
    environment: Environment, wheel_test: WheelTest, wheels: Sequence[PinnedWheel]
) -> None:
    """Catches: a module or an entry point that fails when it is imported."""
    packages = installed.packages_of(wheel_test.product, wheels)
    with hidden(in_site(environment, "iree/compiler/tools/binaries.py")):
        with pytest.raises(SmokeTestError, match="of iree-compiler does not load: "):
            installed.check_entry_points(environment, packages, "linux")
        missing = (
            r"^iree\.build: ModuleNotFoundError: No module named .iree\.compiler\.tools\.binaries"
        )
        with pytest.raises(SmokeTestError, match=missing):
            imports.check_imports(environment, wheel_test.product, wheels)
