"""The trial of wheels in a clean container, without network, on the container's own Python.

All that goes in is an archive, so the engine may be anywhere. Containers and imported images are
taken away at the end; those of a gate that was killed, by the next one on the same machine.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import tarfile
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import requests
from docker.client import DockerClient
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import DockerException, ImageNotFound, NotFound

from release.gate.smoke.attempt import Attempt
from release.gate.smoke.candidate import NotRunError, TestableRelease, own_platform
from release.gate.smoke.clean_machine import CleanMachine
from release.gate.smoke.environment import ExactWheel
from release.gate.smoke.equipment import Equipment
from release.gate.smoke.inside import MODULES, Layout
from release.gate.smoke.process import Done, SmokeTestError
from release.model.outcome import Outcome

LABEL = "iree-release.smoke"
"""On every container and image that a trial makes; its value says which process made it."""
LIMIT = 1800.0
"""Seconds that the whole trial in the container may take."""

_ROOT = Path(__file__).absolute().parents[3]
_INSIDE = Layout(Path("/trial"))
_REPOSITORY = "iree-release-trial"
# The engine's own failures, and those on the way to it.
_ENGINE_ERRORS = (DockerException, requests.RequestException)
_PROBE = """\
import json, platform
release = platform.freedesktop_os_release()
print(json.dumps([platform.python_version(), release.get("PRETTY_NAME", "Linux")]))
"""


@dataclass(frozen=True, slots=True)
class _Engine:
    client: Any
    """docker.DockerClient; the SDK has no types."""
    name: str
    """Such as `docker 20.10.24`."""


def try_container(
    candidate: TestableRelease,
    equipment: Equipment,
    clean: CleanMachine,
    scratch: Path,
    *,
    limit: float = LIMIT,
) -> Outcome:
    """Installs and uses the native wheels in a clean container, as on this machine itself.

    Args:
      candidate: the files that were found sound.
      equipment: the installer, the wheels of others, and a root file system by default.
      clean: what the container starts from; nothing in it asks for the default.
      scratch: a directory that has room for the archives.
      limit: seconds that the trial in the container may take.

    Returns:
      "not run" where no engine answers, where there is nothing to start from, and where the
      engine fails; a wheel is then not to blame.
    """
    platform = own_platform(candidate.plan.platforms)
    attempt = Attempt(platform or "linux", "container", None, "no container engine", ())
    if platform is None or candidate.plan.platform(platform).os != "linux":
        return attempt.not_run("this machine is no Linux of the plan")
    with tempfile.TemporaryDirectory(dir=scratch) as directory, _terminated_is_exit():
        try:
            with _engine() as engine:
                attempt = replace(attempt, engine=engine.name)
                with _image(engine, _named(clean, equipment), Path(directory)) as image:
                    return _try_image(engine, image, candidate, equipment, attempt, limit)
        except NotRunError as error:
            return attempt.not_run(str(error))
        except _ENGINE_ERRORS as error:
            return attempt.not_run(f"the container engine fails ({_first_line(error)})")


def _named(clean: CleanMachine, equipment: Equipment) -> CleanMachine:
    """What a container starts from; the default is asked for only now that an engine answers.

    Raises:
      NotRunError: nothing is named, and the default cannot be had.
    """
    if clean != CleanMachine():
        return clean
    try:
        return CleanMachine(root_file_system=equipment.root_file_system())
    except NotRunError as error:
        raise NotRunError(
            f"no image: give --container-image or --container-rootfs (ours: {error})"
        ) from error


def _try_image(
    engine: _Engine,
    image: str,
    candidate: TestableRelease,
    equipment: Equipment,
    attempt: Attempt,
    limit: float,
) -> Outcome:
    release, system = _probe(engine, image)
    python = ".".join(release.split(".")[:2])
    attempt = replace(attempt, python=python, engine=f"CPython {release}, {system}, {engine.name}")
    wheels = candidate.native_wheels(attempt.platform, python)
    attempt = replace(attempt, files=tuple(wheel.path.name for wheel in wheels))
    requirements = equipment.requirements(attempt.platform, python)
    request = {
        "version": candidate.plan.version,
        "platform": attempt.platform,
        "wheels": {
            wheel.path.name: {"package": wheel.package, "sha256": wheel.sha256} for wheel in wheels
        },
    }
    command = ["python3", "-B", "-m", "release.gate.smoke.inside", str(_INSIDE.root)]
    with tempfile.TemporaryFile() as archive, _container(engine, image, command) as container:
        with tarfile.open(fileobj=archive, mode="w|", dereference=True) as writer:
            _pack(writer, json.dumps(request), equipment.uv, wheels, requirements.lock)
            for path in requirements.wheels():
                _add(writer, path, _INSIDE.dependencies / path.name)
        archive.seek(0)
        container.put_archive("/", archive)
        return _ending(attempt, container, limit)


def _ending(attempt: Attempt, container: Any, limit: float) -> Outcome:
    """Starts the container that all was put in, and makes an outcome of what it says."""
    outcome: dict[str, Any] = {}

    def steps() -> str:
        done = _run(container, limit)
        outcome.update(json.loads(done.expect().stdout))
        if outcome["status"] != "passed":
            raise SmokeTestError(outcome["detail"])
        return str(outcome["detail"])

    return attempt.run(steps)


def _probe(engine: _Engine, image: str) -> tuple[str, str]:
    """The version of an image's Python, and the name of its system."""
    with _container(engine, image, ["python3", "-c", _PROBE]) as container:
        try:
            release, system = json.loads(_run(container, 60).expect().stdout)
        except (DockerException, SmokeTestError, ValueError) as error:
            raise NotRunError(
                f"the image has no python3 that runs ({_first_line(error)})"
            ) from error
    return str(release), str(system)


def _run(container: Any, limit: float) -> Done:
    """Starts a container and waits for its end.

    Raises:
      SmokeTestError: it takes too long.
    """
    container.start()
    try:
        code = container.wait(timeout=limit)["StatusCode"]
    except (requests.ReadTimeout, requests.ConnectionError) as error:
        raise SmokeTestError(f"the container does not end within {limit:g} s") from error
    stdout, stderr = (
        container.logs(stdout=stream == 1, stderr=stream == 2).decode(errors="replace")
        for stream in (1, 2)
    )
    return Done("the program in the container", code, stdout, stderr)


def _pack(
    writer: tarfile.TarFile, request: str, uv: Path, wheels: Sequence[ExactWheel], lock: Path
) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(request)
        file.flush()
        _add(writer, Path(file.name), _INSIDE.request)
    _add(writer, uv, _INSIDE.uv, mode=0o755)
    _add(writer, lock, _INSIDE.lock)
    for module in MODULES:
        _add(writer, _ROOT / module, _INSIDE.root / module)
    for wheel in wheels:
        _add(writer, wheel.path, _INSIDE.wheels / wheel.path.name)


def _add(writer: tarfile.TarFile, path: Path, name: Path, mode: int = 0o644) -> None:
    info = writer.gettarinfo(path, str(name.relative_to("/")))
    info.mode = mode
    with path.open("rb") as file:
        writer.addfile(_owned_by_root(info), file)


def _owned_by_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


@contextmanager
def _engine() -> Iterator[_Engine]:
    """The engine that DOCKER_HOST names, or the machine's own.

    Raises:
      NotRunError: none answers.
    """
    where = os.environ.get("DOCKER_HOST") or DEFAULT_UNIX_SOCKET.replace("http+", "")
    try:
        client: Any = DockerClient.from_env()  # type: ignore[no-untyped-call]
    except _ENGINE_ERRORS as error:
        raise NotRunError(
            f"no container engine answers at {where} ({_first_line(error)})"
        ) from error
    try:
        version = client.version()["Version"]
        _take_away_leftovers(client)
        yield _Engine(client, f"docker {version}")
    finally:
        client.close()


@contextmanager
def _image(engine: _Engine, clean: CleanMachine, scratch: Path) -> Iterator[str]:
    """The reference of the image to start from; an imported one is taken away at the end.

    Raises:
      NotRunError: there is no such image.
    """
    if clean.image is not None:
        yield _fetched(engine, clean.image)
        return
    root = clean.root_file_system
    if root is None or not root.exists():
        raise NotRunError(f"the root file system {root} does not exist")
    archive = root
    if root.is_dir():
        archive = scratch / "root.tar"
        with tarfile.open(archive, "w") as writer:
            writer.add(root, ".", filter=_owned_by_root)
    tag = uuid.uuid4().hex
    said = engine.client.api.import_image_from_file(
        str(archive), repository=_REPOSITORY, tag=tag, changes=[f"LABEL {LABEL}={_here()}"]
    )
    reference = f"{_REPOSITORY}:{tag}"
    try:
        engine.client.images.get(reference)
    except ImageNotFound as error:
        raise NotRunError(f"{root} cannot be imported as an image ({said.strip()})") from error
    try:
        yield reference
    finally:
        engine.client.images.remove(reference, force=True)


def _fetched(engine: _Engine, reference: str) -> str:
    try:
        engine.client.images.get(reference)
    except ImageNotFound:
        try:
            engine.client.images.pull(reference)
        except _ENGINE_ERRORS as error:
            raise NotRunError(
                f"the image {reference} cannot be had ({_first_line(error)})"
            ) from error
    return reference


@contextmanager
def _container(engine: _Engine, image: str, command: Sequence[str]) -> Iterator[Any]:
    """A container that was not started yet; it is taken away at the end, running or not."""
    container = engine.client.containers.create(
        image,
        list(command),
        cap_drop=["ALL"],
        entrypoint=[],
        environment={"LANG": "C.UTF-8"},
        labels={LABEL: _here()},
        network_mode="none",
        security_opt=["no-new-privileges"],
        user="0:0",
        working_dir=str(_INSIDE.root),
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _take_away_leftovers(client: Any) -> None:
    """Takes away what gates on this machine left that are no more."""
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        if _is_leftover(container.labels[LABEL]):
            _ignore_absence(container.remove, force=True, v=True)
    for image in client.images.list(filters={"label": LABEL}):
        if _is_leftover(image.labels[LABEL]):
            _ignore_absence(client.images.remove, image.id, force=True)


def _is_leftover(label: str) -> bool:
    host, _, process = label.rpartition(":")
    return host == socket.gethostname() and not Path("/proc", process).exists()


def _ignore_absence(remove: Any, *arguments: Any, **options: Any) -> None:
    # Another gate may have taken it away meanwhile.
    try:
        remove(*arguments, **options)
    except NotFound:
        return


@contextmanager
def _terminated_is_exit() -> Iterator[None]:
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


def _first_line(error: BaseException) -> str:
    """What went wrong, without the exceptions that it was wrapped in."""
    if match := re.search(r"\w+Error\(\d+, '([^']+)'\)", str(error)):
        return match[1]
    return (str(error).splitlines() or [type(error).__name__])[0]
