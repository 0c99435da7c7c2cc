"""The container engine: images and containers that last as long as a smoke test.

Containers and imported images are removed at the end; those of a killed gate by the next gate on
the same machine.
"""

from __future__ import annotations

import os
import re
import socket
import tarfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from docker.client import DockerClient
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import DockerException, ImageNotFound, NotFound

from release.gate.smoke.container_base import ContainerBase
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.process import ProcessResult

ENGINE_ERRORS = (DockerException, requests.RequestException)
"""Failures of the engine, and of the connection to it."""
LABEL = "iree-release.smoke"
"""Label of every container and image of a smoke test; its value names the gate's process."""

_REPOSITORY = "iree-release-smoke-test"


@dataclass(frozen=True, slots=True)
class Engine:
    """A running container engine."""

    client: Any
    """docker.DockerClient; the SDK has no types."""
    name: str
    """Such as `docker 20.10.24`."""

    @contextmanager
    def image(self, base: ContainerBase, scratch: Path) -> Iterator[str]:
        """Yields the reference of the image to start from; an imported image is removed at the end.

        Args:
          base: an image, or a root file system that is imported.
          scratch: a directory with room for an archive of the root file system.

        Raises:
          NotRunError: the image cannot be pulled or imported.
        """
        if base.image is not None:
            self._pull(base.image)
            yield base.image
            return
        root = base.root_file_system
        if root is None or not root.exists():
            raise NotRunError(f"the root file system {root} does not exist")
        archive = root
        if root.is_dir():
            archive = scratch / "root.tar"
            with tarfile.open(archive, "w") as writer:
                writer.add(root, ".", filter=owned_by_root)
        tag = uuid.uuid4().hex
        answer = self.client.api.import_image_from_file(
            str(archive), repository=_REPOSITORY, tag=tag, changes=[f"LABEL {LABEL}={_owner()}"]
        )
        reference = f"{_REPOSITORY}:{tag}"
        try:
            self.client.images.get(reference)
        except ImageNotFound as error:
            raise NotRunError(
                f"{root} cannot be imported as an image ({answer.strip()})"
            ) from error
        try:
            yield reference
        finally:
            self.client.images.remove(reference, force=True)

    @contextmanager
    def container(self, image: str, command: Sequence[str], directory: Path) -> Iterator[Any]:
        """Yields a container that is not started yet; it is removed at the end, running or not."""
        container = self.client.containers.create(
            image,
            list(command),
            cap_drop=["ALL"],
            entrypoint=[],
            environment={"LANG": "C.UTF-8"},
            labels={LABEL: _owner()},
            network_mode="none",
            security_opt=["no-new-privileges"],
            user="0:0",
            working_dir=str(directory),
        )
        try:
            yield container
        finally:
            container.remove(force=True, v=True)

    def _pull(self, reference: str) -> None:
        """Pulls an image that the engine does not have.

        Raises:
          NotRunError: it cannot be pulled.
        """
        try:
            self.client.images.get(reference)
        except ImageNotFound:
            try:
                self.client.images.pull(reference)
            except ENGINE_ERRORS as error:
                raise NotRunError(
                    f"the image {reference} cannot be pulled ({first_line(error)})"
                ) from error


@contextmanager
def connect() -> Iterator[Engine]:
    """Yields the engine that DOCKER_HOST names, or this machine's.

    Raises:
      NotRunError: none answers.
    """
    address = os.environ.get("DOCKER_HOST") or DEFAULT_UNIX_SOCKET.replace("http+", "")
    try:
        client: Any = DockerClient.from_env()  # type: ignore[no-untyped-call]
    except ENGINE_ERRORS as error:
        raise NotRunError(
            f"no container engine answers at {address} ({first_line(error)})"
        ) from error
    try:
        version = client.version()["Version"]
        _remove_leftovers(client)
        yield Engine(client, f"docker {version}")
    finally:
        client.close()


def run(container: Any, timeout: float) -> ProcessResult:
    """Starts a container and waits for its end.

    Raises:
      SmokeTestError: it times out.
    """
    container.start()
    try:
        code = container.wait(timeout=timeout)["StatusCode"]
    except (requests.ReadTimeout, requests.ConnectionError) as error:
        raise SmokeTestError(f"the container times out after {timeout:g} s") from error
    stdout, stderr = (
        container.logs(stdout=stream == 1, stderr=stream == 2).decode(errors="replace")
        for stream in (1, 2)
    )
    return ProcessResult("the program in the container", code, stdout, stderr)


def owned_by_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """A filter for archives: makes root the owner of a member."""
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info


def first_line(error: BaseException) -> str:
    """The cause of an error, without the exceptions around it."""
    if match := re.search(r"\w+Error\(\d+, '([^']+)'\)", str(error)):
        return match[1]
    return (str(error).splitlines() or [type(error).__name__])[0]


def _owner() -> str:
    """The value of the label: this machine and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _remove_leftovers(client: Any) -> None:
    """Removes what gates on this machine left behind that no longer run."""
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
    # Another gate may have removed it in the meantime.
    try:
        remove(*arguments, **options)
    except NotFound:
        return
