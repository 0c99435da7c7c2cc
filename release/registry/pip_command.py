"""Installs projects from a registry with pip, as users do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pip

from release.gate.smoke.environment import Environment

if TYPE_CHECKING:
    from release.registry.registry import Registry

_PIP = Path(pip.__file__).with_name("__pip-runner__.py")
"""Runs pip with another Python than this one, like pip's own --python option."""


def install_by_name(
    environment: Environment,
    registry: Registry,
    requirements: Sequence[str],
    project: str,
    *options: str,
) -> None:
    """Installs requirements from a registry alone, without a cache or a local directory.

    Args:
      environment: where to install.
      registry: the registry.
      requirements: such as NAME==VERSION.
      project: one of the projects; if pip fails, its page tells whether the network is the reason.
      options: more options of `pip install`.

    Raises:
      SmokeTestError: pip fails.
      RemoteError: the registry cannot be read now.
    """
    result = environment.run_online(
        *("python", str(_PIP), "install", "--isolated", "--no-cache-dir", "--no-input"),
        *("--disable-pip-version-check", "--only-binary", ":all:"),
        *("--index-url", registry.index, *options, *requirements),
    )
    if result.exit_code:
        registry.files(project)
    result.expect()
