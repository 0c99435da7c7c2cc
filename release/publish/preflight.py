"""The preflight: finds what a store or a registry would refuse before anything is uploaded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from release.hosting.store import StoreLimits, Upload
from release.model.errors import Refused
from release.model.text import mib


def check(
    contents: Sequence[Upload],
    limits: StoreLimits,
    *,
    others: Collection[str],
    registry_file_limit: int,
) -> None:
    """Checks what will be uploaded against quotas.

    Args:
      contents: all assets.
      limits: the store's.
      others: names of assets that the release has besides.
      registry_file_limit: bytes of the largest wheel that the registry accepts.

    Raises:
      Refused: a quota would be exceeded; the message lists all of them.
    """
    excesses = []
    count = len({content.name for content in contents} | set(others))
    if limits.assets is not None and count > limits.assets:
        excesses.append(f"{count} assets, and a release may have {limits.assets}")
    for content in contents:
        if limits.file_size is not None and content.size > limits.file_size:
            excesses.append(
                f"{content.name} has {mib(content.size, 0)}, and a file may have "
                f"{mib(limits.file_size, 0)}"
            )
        if content.name.endswith(".whl") and content.size > registry_file_limit:
            excesses.append(
                f"{content.name} has {mib(content.size)}, and the registry accepts "
                f"{mib(registry_file_limit, 0)} (publish.registry_file_limit_mib), so that it "
                "could never be promoted"
            )
    if excesses:
        raise Refused(f"nothing was uploaded: {'; '.join(excesses)}")
