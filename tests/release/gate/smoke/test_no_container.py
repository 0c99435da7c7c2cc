"""Where wheels cannot be smoke-tested in a container, the outcome gives the reason."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.gate.smoke import container
from release.gate.smoke.container import smoke_test_container
from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.container_engine import Engine
from release.gate.smoke.host import host_platform
from release.gate.smoke.in_container import MODULES
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from tests.release.gate.samples import PLAN

EMPTY = RunnableRelease(PLAN, {}, {})
EQUIPMENT = ProvidedEquipment(Path("/nonexistent/uv"), no_root="apt-get is not on PATH")


@pytest.fixture(autouse=True)
def ignore_open_sockets() -> Iterator[None]:
    """The SDK leaves a socket open when it cannot connect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture(autouse=True)
def on_linux() -> None:
    if host_platform(PLAN.platforms) != "linux_x86_64":
        pytest.skip("not run: this machine is not Linux x86_64")


def test_without_an_engine_it_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a gate that fails, or passes, on a machine that has no container engine."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine")
    outcome = smoke_test_container(EMPTY, EQUIPMENT, ContainerBase(image="debian"), tmp_path)
    assert (outcome.kind, outcome.status) == ("container", "not run")
    assert outcome.detail.startswith("no container engine answers at unix:///nonexistent/engine (")
    assert "No such file or directory" in outcome.detail


@pytest.mark.parametrize("host", ["nonsense://x", "tcp://127.0.0.1:1"])
def test_an_unreachable_engine_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Catches: an exception of the SDK in place of an outcome."""
    monkeypatch.setenv("DOCKER_HOST", host)
    outcome = smoke_test_container(EMPTY, EQUIPMENT, ContainerBase(image="debian"), tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail.startswith(f"no container engine answers at {host} (")


def test_the_default_root_is_not_fetched_without_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: packages downloaded for a container that nothing can start."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine")
    outcome = smoke_test_container(EMPTY, EQUIPMENT, ContainerBase(), tmp_path)
    assert outcome.detail.startswith("no container engine answers at ")


def test_without_an_image_it_is_not_run_and_says_why_the_default_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: another image chosen silently; a message without the reason."""

    @contextmanager
    def engine() -> Iterator[Engine]:
        yield Engine(client=None, name="docker 0")

    monkeypatch.setattr(container, "connect", engine)
    outcome = smoke_test_container(EMPTY, EQUIPMENT, ContainerBase(), tmp_path)
    assert (outcome.status, outcome.engine, outcome.detail) == (
        "not run",
        "docker 0",
        (
            "the default image is unavailable (apt-get is not on PATH); "
            "pass --container-image or --container-rootfs"
        ),
    )


def test_the_program_in_the_container_is_complete(tmp_path: Path) -> None:
    """Catches: a module that is moved or split, and then missing in every container."""
    for module in MODULES:
        copy = tmp_path / module
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(Path(module).read_bytes())
    program = "import release.gate.smoke.in_container"
    subprocess.run([sys.executable, "-S", "-B", "-c", program], cwd=tmp_path, env={}, check=True)
