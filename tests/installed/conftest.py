"""One fresh environment for all tests of a target."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.installed.environment import Environment
from tests.installed.subject import BINARY_PACKAGES, Subject


@pytest.fixture(scope="session")
def subject() -> Subject:
    """The Python, the wheels and the digests this target is about."""
    return Subject.from_environment()


@pytest.fixture(scope="session")
def new_environment(
    subject: Subject, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Environment]]:
    """Makes an empty environment with the Python under test, thrown away at the end."""
    folder = tmp_path_factory.mktemp("environments")

    def create() -> Environment:
        root = Path(tempfile.mkdtemp(dir=folder))
        return Environment.create(root, uv=subject.uv, interpreter=subject.interpreter)

    yield create
    # Half a gigabyte per Python would else stay with pytest's or Bazel's temporary files.
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def environment(subject: Subject, new_environment: Callable[[], Environment]) -> Environment:
    """An environment that holds iree-compiler, iree-runtime and what they declare."""
    created = new_environment()
    wheels = [subject.wheel(package) for package in BINARY_PACKAGES]
    created.install(wheels, lock=subject.lock, find_links=subject.dependencies).expect()
    return created
