"""Parses `--require PLATFORM:WHAT`: smoke tests that must have run for a release to pass."""

from __future__ import annotations

from collections.abc import Iterable

from release.gate.judge import RequiredRun
from release.gate.smoke.host import host_platform
from release.model.errors import UsageError
from release.model.plan import Plan

KINDS = ("run", "python", "tools", "dist", "container")
"""The values of WHAT."""


def parse_all(
    texts: Iterable[str], plan: Plan, *, container: bool = False
) -> tuple[RequiredRun, ...]:
    """Parses each `--require`.

    Args:
      texts: PLATFORM:WHAT, each.
      plan: of the release.
      container: whether this machine's platform must have run in a container.

    Raises:
      UsageError: a value is malformed, or the plan does not have this machine's platform.
    """
    required = [parse(text, plan) for text in texts]
    if container:
        platform = host_platform(plan.platforms)
        if platform is None:
            raise UsageError(
                "--container: the plan does not have this machine's platform; leave it out"
            )
        required.append(RequiredRun(platform, "container"))
    return tuple(required)


def parse(text: str, plan: Plan) -> RequiredRun:
    """Parses PLATFORM:WHAT.

    Raises:
      UsageError: it is malformed, or names a platform that the plan does not have.
    """
    platform, _, kind = text.partition(":")
    if kind not in KINDS:
        raise UsageError(
            f"--require {text}: write PLATFORM:WHAT, such as linux_aarch64:run; WHAT is one of "
            + ", ".join(KINDS)
        )
    known = [one.name for one in plan.platforms]
    if platform not in known:
        raise UsageError(
            f"--require {text}: the plan has no platform {platform}; expected one of "
            + ", ".join(known)
        )
    return RequiredRun(platform, kind)
