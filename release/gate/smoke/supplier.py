"""Chooses a program's equipment: Bazel's data for tests, the user's cache for commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from release.gate.smoke.equipment import Equipment
from release.gate.smoke.on_demand import FetchedEquipment
from release.gate.smoke.provided import ProvidedEquipment
from release.model import products


def from_environment(
    notify: Callable[[str], None],
    requirements: products.LockedRequirements | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Equipment:
    """The equipment that a macro of defs.bzl declared for the program.

    Args:
      notify: called with a line before each download.
      requirements: the locks of what a command's product requires, None if it requires nothing;
        tests have their own.
      environ: the environment.

    Raises:
      KeyError: SMOKE_UV is not set: the program was not started by Bazel.
    """
    if "SMOKE_ON_HOST" in environ:
        return FetchedEquipment.from_environment(notify, requirements, environ)
    return ProvidedEquipment.from_environment(environ)
