"""Where wheels cannot be tried in a container, it is said why; nothing is left there."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from release.gate.smoke import container
from release.gate.smoke.candidate import TestableRelease, own_platform
from release.gate.smoke.clean_machine import CleanMachine
from release.gate.smoke.container import try_container
from release.gate.smoke.inside import MODULES
from release.gate.smoke.provided import ProvidedEquipment
from tests.release.gate.samples import PLAN

NOBODY = TestableRelease(PLAN, {}, {})
EQUIPMENT = ProvidedEquipment(Path("/nonexistent/uv"), no_root="there is no apt-get on PATH")


@pytest.fixture(autouse=True)
def forgiving() -> Iterator[None]:
    """The SDK leaves a socket open when it cannot connect; it is collected here, unblamed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture(autouse=True)
def on_linux() -> None:
    if own_platform(PLAN.platforms) != "linux_x86_64":
        pytest.skip("not run: this machine is no Linux x86_64")


def test_without_an_engine_it_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a gate that fails, or passes, on a machine that has no container engine."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine")
    outcome = try_container(NOBODY, EQUIPMENT, CleanMachine(image="debian"), tmp_path)
    assert (outcome.kind, outcome.status) == ("container", "not run")
    assert outcome.detail.startswith("no container engine answers at unix:///nonexistent/engine (")
    assert "No such file or directory" in outcome.detail


@pytest.mark.parametrize("host", ["nonsense://x", "tcp://127.0.0.1:1"])
def test_an_engine_that_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Catches: an exception of the SDK in place of an outcome."""
    monkeypatch.setenv("DOCKER_HOST", host)
    outcome = try_container(NOBODY, EQUIPMENT, CleanMachine(image="debian"), tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail.startswith(f"no container engine answers at {host} (")


def test_the_default_root_is_fetched_for_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: packages downloaded for a container that nothing can start."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine")
    outcome = try_container(NOBODY, EQUIPMENT, CleanMachine(), tmp_path)
    assert outcome.detail.startswith("no container engine answers at ")


def test_without_an_image_it_is_not_run_and_says_why_there_is_none_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: an image chosen by default; a user who is not told why ours cannot be had."""

    @contextmanager
    def engine() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(name="docker 0")

    monkeypatch.setattr(container, "_engine", engine)
    outcome = try_container(NOBODY, EQUIPMENT, CleanMachine(), tmp_path)
    assert (outcome.status, outcome.engine, outcome.detail) == (
        "not run",
        "docker 0",
        (
            "no image: give --container-image or --container-rootfs "
            "(ours: there is no apt-get on PATH)"
        ),
    )


def test_all_modules_of_the_program_inside_are_named() -> None:
    """Catches: a module that is moved or split, and then is absent in every container."""
    for module in MODULES:
        assert Path(module).is_file(), module
