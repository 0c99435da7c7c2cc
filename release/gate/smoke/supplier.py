"""Where a program's equipment comes from: Bazel's data for tests, the user's cache for commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from release.gate.smoke.equipment import Equipment
from release.gate.smoke.on_demand import FetchedEquipment
from release.gate.smoke.provided import ProvidedEquipment


def from_environment(
    say: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> Equipment:
    """The equipment that the program was declared with, by one of the macros in defs.bzl.

    Args:
      say: is called with a line before each fetch.
      environ: the environment.

    Raises:
      KeyError: TRIAL_UV is not set: the program was not started by Bazel.
    """
    if "TRIAL_ON_HOST" in environ:
        return FetchedEquipment.from_environment(say, environ)
    return ProvidedEquipment.from_environment(environ)
