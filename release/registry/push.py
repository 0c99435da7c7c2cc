"""Pushes wheels to a registry: opens it, gathers and plans the wheels, and uploads what is missing.

The registry itself is the journal: run a killed push again, and it uploads the rest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.hosting.store import Store
from release.model.errors import UsageError
from release.model.product import Product
from release.registry import wheels
from release.registry.address import open_registry
from release.registry.file import UploadResult
from release.registry.push_plan import PushPlan, plan_push
from release.registry.wheels import OutgoingWheel, OutgoingWheels

if TYPE_CHECKING:
    from release.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class PushOptions:
    """What to push, and where; either `directory`, or both `store` and `tag`."""

    product: Product
    """The product that the wheels belong to."""
    registry: str
    """Upload URL of the registry."""
    index: str | None
    """URL of its simple index; None: below `registry`."""
    directory: Path | None = None
    """A wheelhouse, or the directory of a release."""
    store: Store | None = None
    tag: str | None = None
    """A published release of the store."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """The result of a push."""

    registry: str
    """Host of the registry."""
    uploads: Mapping[str, UploadResult]
    """The result for each wheel, by name."""


@dataclass(frozen=True, slots=True)
class PreparedPush:
    """A push that passed all checks; nothing is uploaded yet."""

    registry: Registry
    plan: PushPlan
    wheels: OutgoingWheels

    def upload(
        self,
        *,
        started: Callable[[OutgoingWheel], None] = lambda _: None,
        finished: Callable[[OutgoingWheel, UploadResult], None] = lambda *_: None,
    ) -> PushResult:
        """Uploads the missing wheels one after the other.

        Args:
          started: called before each upload.
          finished: called for each wheel once the registry has it.

        Raises:
          Refused: the registry rejects a wheel, or has a different one by now.
          RemoteError: an upload failed; a rerun continues.
        """
        results: dict[str, UploadResult] = {}
        for wheel in self.plan.wheels:
            if wheel.name in self.plan.present:
                results[wheel.name] = "present"
            else:
                started(wheel)
                path = self.wheels.file(wheel)
                results[wheel.name] = self.registry.put(path, wheel.project, wheel.sha256)
            finished(wheel, results[wheel.name])
        return PushResult(self.registry.host, results)


@contextmanager
def prepare(options: PushOptions) -> Iterator[PreparedPush]:
    """Gathers the wheels, and checks that all of them may be uploaded.

    Raises:
      UsageError: the options name no wheels, or both a directory and a store.
      Refused: a wheel may not be uploaded.
      RemoteError: the registry or the store failed; a rerun continues.
    """
    registry = open_registry(options.index, options.registry)
    with tempfile.TemporaryDirectory(prefix="push-") as scratch:
        if options.directory is not None and options.store is None:
            gathered = wheels.of_directory(options.directory)
        elif options.store is not None and options.tag is not None and options.directory is None:
            gathered = wheels.of_release(options.store, options.tag, Path(scratch))
        else:
            raise UsageError(
                "name the wheels to push with --from DIR, such as wheelhouse/, or with "
                "--store STORE --tag TAG"
            )
        plan = plan_push(registry, gathered.wheels, options.product)
        yield PreparedPush(registry, plan, gathered)
