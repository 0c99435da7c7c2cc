"""The smoke test of wheels in a clean container without network, on the container's own Python.

All files enter the container in an archive, so the engine may run on another machine.
"""

from __future__ import annotations

import json
import signal
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from docker.errors import DockerException

from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.container_engine import (
    ENGINE_ERRORS,
    Engine,
    connect,
    first_line,
    owned_by_root,
    run,
)
from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.host import host_platform
from release.gate.smoke.in_container import MODULES, Layout
from release.gate.smoke.runnable import RunnableRelease
from release.gate.smoke.smoke_test import SmokeTest
from release.model.outcome import Outcome
from release.model.state import RunState

TIMEOUT = 1800.0
"""Seconds that the smoke test in the container may take."""

_WORKSPACE = Path(__file__).absolute().parents[3]
_LAYOUT = Layout(Path("/smoke-test"))
_PRINT_PYTHON_AND_SYSTEM = """\
import json, platform
release = platform.freedesktop_os_release()
print(json.dumps([platform.python_version(), release.get("PRETTY_NAME", "Linux")]))
"""


def smoke_test_container(
    release: RunnableRelease,
    equipment: Equipment,
    base: ContainerBase,
    scratch: Path,
    *,
    timeout: float = TIMEOUT,
) -> Outcome:
    """Installs wheels together and uses them in a clean container, as on this machine itself.

    Args:
      release: the files that passed inspection.
      equipment: the installer, third-party wheels, and the default root file system.
      base: what the container starts from; empty for the default.
      scratch: a directory with room for the archives.
      timeout: seconds that the smoke test in the container may take.

    Returns:
      "not run" where no engine answers, where there is nothing to start from, and where the
      engine fails: none of these is a fault of the wheels.
    """
    platform = host_platform(release.plan.platforms)
    test = SmokeTest(platform or "linux", "container", None, "no container engine", ())
    if platform is None or release.plan.platform(platform).os != "linux":
        return test.not_run("this machine is not a Linux platform of the plan")
    with tempfile.TemporaryDirectory(dir=scratch) as directory, _exit_on_termination():
        try:
            with connect() as engine:
                test = replace(test, engine=engine.name)
                with engine.image(_or_default(base, equipment), Path(directory)) as image:
                    return _run_in(engine, image, release, equipment, test, timeout)
        except NotRunError as error:
            return test.not_run(str(error))
        except ENGINE_ERRORS as error:
            return test.not_run(f"the container engine fails ({first_line(error)})")


def _or_default(base: ContainerBase, equipment: Equipment) -> ContainerBase:
    """The base, or the default, which is fetched only after an engine has answered.

    Raises:
      NotRunError: the base is empty, and the default is unavailable.
    """
    if base != ContainerBase():
        return base
    try:
        return ContainerBase(root_file_system=equipment.root_file_system())
    except NotRunError as error:
        raise NotRunError(
            f"the default image is unavailable ({error}); pass --container-image or "
            "--container-rootfs"
        ) from error


def _run_in(
    engine: Engine,
    image: str,
    release: RunnableRelease,
    equipment: Equipment,
    test: SmokeTest,
    timeout: float,
) -> Outcome:
    program = release.smoke_program()
    version, system = _python_and_system(engine, image)
    python = ".".join(version.split(".")[:2])
    test = replace(test, python=python, engine=f"CPython {version}, {system}, {engine.name}")
    wheels = release.wheels(test.platform, python)
    test = replace(test, files=tuple(wheel.path.name for wheel in wheels))
    requirements = equipment.requirements(test.platform, python)
    request = {
        "product": release.plan.product.to_json(),
        "program": program and program.name,
        "version": release.plan.version,
        "platform": release.plan.platform(test.platform).to_json(),
        "wheels": {
            wheel.path.name: {"package": wheel.package, "sha256": wheel.sha256} for wheel in wheels
        },
    }
    command = ["python3", "-B", "-m", "release.gate.smoke.in_container", str(_LAYOUT.root)]
    with (
        tempfile.TemporaryFile() as archive,
        engine.container(image, command, _LAYOUT.root) as container,
    ):
        with tarfile.open(fileobj=archive, mode="w|", dereference=True) as writer:
            _pack(writer, json.dumps(request), equipment.uv, wheels)
            if program:
                _add_program(writer, program)
            if requirements.lock:
                _add(writer, requirements.lock, _LAYOUT.lock)
            for path in requirements.wheels():
                _add(writer, path, _LAYOUT.dependencies / path.name)
        archive.seek(0)
        container.put_archive("/", archive)
        success = release.plan.product.success
        return _outcome(test, container, timeout, success)


def _outcome(test: SmokeTest, container: Any, timeout: float, success: RunState) -> Outcome:
    """Starts the container, whose files are complete, and reads its outcome."""

    def steps() -> str:
        outcome: dict[str, Any] = json.loads(run(container, timeout).expect().stdout)
        detail = str(outcome["detail"])
        if outcome["status"] == RunState.NOT_RUN:
            raise NotRunError(detail)
        if outcome["status"] != success:
            raise SmokeTestError(detail)
        return detail

    return test.run(steps, success)


def _python_and_system(engine: Engine, image: str) -> tuple[str, str]:
    """The version of an image's Python, and the name of its operating system."""
    command = ["python3", "-c", _PRINT_PYTHON_AND_SYSTEM]
    with engine.container(image, command, _LAYOUT.root) as container:
        try:
            version, system = json.loads(run(container, 60).expect().stdout)
        except (DockerException, SmokeTestError, ValueError) as error:
            raise NotRunError(f"the image has no working python3 ({first_line(error)})") from error
    return str(version), str(system)


def _pack(writer: tarfile.TarFile, request: str, uv: Path, wheels: Sequence[PinnedWheel]) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(request)
        file.flush()
        _add(writer, Path(file.name), _LAYOUT.request)
    _add(writer, uv, _LAYOUT.uv, mode=0o755)
    for module in MODULES:
        _add(writer, _WORKSPACE / module, _LAYOUT.root / module)
    for wheel in wheels:
        _add(writer, wheel.path, _LAYOUT.wheels / wheel.path.name)


def _add_program(writer: tarfile.TarFile, program: Path) -> None:
    """Adds the directory of a smoke program, without what Python caches there."""
    for path in sorted(program.parent.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _add(writer, path, _LAYOUT.program / path.relative_to(program.parent))


def _add(writer: tarfile.TarFile, path: Path, name: Path, mode: int = 0o644) -> None:
    info = writer.gettarinfo(path, str(name.relative_to("/")))
    info.mode = mode
    with path.open("rb") as file:
        writer.addfile(owned_by_root(info), file)


@contextmanager
def _exit_on_termination() -> Iterator[None]:
    """Lets `finally` blocks run when the gate is terminated, as they do when it is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def exit_now(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, exit_now)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
