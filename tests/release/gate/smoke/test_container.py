"""In a clean container without network, the built wheels install, run and give correct results."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.gate.smoke.container import smoke_test_container
from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.container_engine import LABEL
from release.gate.smoke.errors import NotRunError
from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.runnable import RunnableRelease
from release.model import manifest, plan, products
from tests.release.gate.smoke.engine import private_engine

# A separate gate process, to be killed.
_GATE = """
import pathlib, sys
from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.container import smoke_test_container
from release.gate.smoke.provided import ProvidedEquipment
from tests.release.gate.smoke.test_container import built
equipment = ProvidedEquipment.from_environment()
base = ContainerBase(root_file_system=equipment.root_file_system())
smoke_test_container(built(), equipment, base, pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with private_engine() as client:
        yield client


@pytest.fixture(scope="module")
def equipment() -> ProvidedEquipment:
    return ProvidedEquipment.from_environment()


@pytest.fixture(scope="module")
def base(equipment: ProvidedEquipment) -> ContainerBase:
    try:
        return ContainerBase(root_file_system=equipment.root_file_system())
    except NotRunError as error:
        pytest.skip(f"not run: no root file system ({error})")


@pytest.fixture(scope="module")
def release() -> RunnableRelease:
    return built()


def built() -> RunnableRelease:
    """All built wheels, with the digests of the manifest."""
    (document,) = (
        path for path in map(Path, os.environ["MANIFEST"].split()) if path.name == "manifest.json"
    )
    artifacts = manifest.read(document).artifacts
    planned = plan.read(Path(os.environ["PLAN"]))
    return RunnableRelease(
        plan=planned,
        files={path.name: path for path in Path(os.environ["WHEELHOUSE"]).iterdir()},
        digests={name: artifact.sha256 for name, artifact in artifacts.items()},
        declared=products.named(planned.product.name),
    )


def leftovers(engine: Any) -> list[Any]:
    """Containers and images that a smoke test left behind."""
    return [
        *engine.containers.list(all=True, filters={"label": LABEL}),
        *engine.images.list(filters={"label": LABEL}),
    ]


def test_the_wheels_work_on_a_clean_machine(
    engine: Any,
    release: RunnableRelease,
    equipment: ProvidedEquipment,
    base: ContainerBase,
    tmp_path: Path,
) -> None:
    """Catches: wheels that need software of the machine that built them.

    The root file system is the default one.
    """
    assert base.root_file_system == equipment.root_file_system()
    outcome = smoke_test_container(release, equipment, ContainerBase(), tmp_path)
    assert outcome.status == "passed", outcome.detail
    assert re.fullmatch(
        r"installed; \d{2,} modules imported, .*; 23 scripts called; "
        r"\d{2,} results of the smoke program passed",
        outcome.detail,
    )
    assert outcome.python in release.pythons("linux_x86_64")
    assert outcome.engine.startswith(f"CPython {outcome.python}.")
    assert "Debian" in outcome.engine
    assert len(outcome.files) == 2
    assert leftovers(engine) == []


def test_a_digest_mismatch_fails(
    engine: Any,
    release: RunnableRelease,
    equipment: ProvidedEquipment,
    base: ContainerBase,
    tmp_path: Path,
) -> None:
    """Catches: digests not checked in the container; a fault there that is ignored."""
    changed = dataclasses.replace(release, digests=dict.fromkeys(release.digests, "0" * 64))
    outcome = smoke_test_container(changed, equipment, base, tmp_path)
    assert outcome.status == "failed"
    assert outcome.detail.startswith("installing: uv exits with 1: ")
    assert "Hash mismatch" in outcome.detail
    assert leftovers(engine) == []


def test_a_smoke_test_that_hangs_times_out(
    engine: Any,
    release: RunnableRelease,
    equipment: ProvidedEquipment,
    base: ContainerBase,
    tmp_path: Path,
) -> None:
    """Catches: a gate that waits for a container forever, or leaves it running."""
    outcome = smoke_test_container(release, equipment, base, tmp_path, timeout=0.5)
    assert (outcome.status, outcome.detail) == (
        "failed",
        "the container times out after 0.5 s",
    )
    assert leftovers(engine) == []


def test_a_root_without_python_is_not_run(
    engine: Any, release: RunnableRelease, equipment: ProvidedEquipment, tmp_path: Path
) -> None:
    """Catches: an unusable image reported as a fault of the wheels."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    outcome = smoke_test_container(
        release, equipment, ContainerBase(root_file_system=root), tmp_path
    )
    assert outcome.status == "not run"
    assert outcome.detail.startswith("the image has no working python3 (")
    assert leftovers(engine) == []


def test_an_image_that_cannot_be_pulled_is_not_run(
    engine: Any, release: RunnableRelease, equipment: ProvidedEquipment, tmp_path: Path
) -> None:
    """Catches: an exception of the SDK in place of an outcome."""
    image = "localhost:1/no/such-image:1"
    outcome = smoke_test_container(release, equipment, ContainerBase(image=image), tmp_path)
    assert outcome.status == "not run"
    assert outcome.detail.startswith(f"the image {image} cannot be pulled (")


def test_a_terminated_gate_leaves_nothing(engine: Any, base: ContainerBase, tmp_path: Path) -> None:
    """Catches: containers that accumulate when runs are cancelled."""
    gate = subprocess.Popen(
        [sys.executable, "-B", "-c", _GATE, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 60
    while not engine.containers.list(filters={"label": LABEL}) and time.monotonic() < deadline:
        assert gate.poll() is None
        time.sleep(0.1)
    gate.send_signal(signal.SIGTERM)
    assert gate.wait(60) == 128 + signal.SIGTERM
    assert leftovers(engine) == []


def test_leftovers_of_a_killed_gate_are_removed_by_the_next(
    engine: Any,
    release: RunnableRelease,
    equipment: ProvidedEquipment,
    base: ContainerBase,
    tmp_path: Path,
) -> None:
    """Catches: leftovers of a gate that had no time to clean up."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    host = os.uname().nodename
    for process in (ended.pid, os.getpid()):
        engine.api.import_image_from_data(
            b"\0" * 1024,
            repository="left",
            tag=str(process),
            changes=[f"LABEL {LABEL}={host}:{process}"],
        )
    smoke_test_container(release, equipment, ContainerBase(image="localhost:1/absent"), tmp_path)
    assert [image.tags for image in leftovers(engine)] == [[f"left:{os.getpid()}"]]
    engine.images.remove(f"left:{os.getpid()}")
