"""The preflight: what a store or a registry would refuse, found before the first byte."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from release.hosting.store import StoreLimits, Upload
from release.model.errors import Refused

_MIB = 1 << 20


def check(
    contents: Sequence[Upload],
    limits: StoreLimits,
    *,
    others: Collection[str],
    registry_file_limit: int,
) -> None:
    """Holds what will be uploaded against quotas.

    Args:
      contents: all assets.
      limits: the store's.
      others: names of assets that the release has besides.
      registry_file_limit: bytes of the largest wheel that the registry takes.

    Raises:
      Refused: a quota would be exceeded; all of them are told.
    """
    excesses = []
    count = len({content.name for content in contents} | set(others))
    if limits.assets is not None and count > limits.assets:
        excesses.append(f"{count} assets, of which a release takes {limits.assets}")
    for content in contents:
        if limits.file_size is not None and content.size > limits.file_size:
            excesses.append(
                f"{content.name} has {content.size / _MIB:.0f} MiB, and a file may have "
                f"{limits.file_size / _MIB:.0f}"
            )
        if content.name.endswith(".whl") and content.size > registry_file_limit:
            excesses.append(
                f"{content.name} has {content.size / _MIB:.1f} MiB, and the registry takes "
                f"{registry_file_limit / _MIB:.0f} (publish.registry_file_limit_mib), so that it "
                "could never be promoted"
            )
    if excesses:
        raise Refused(f"nothing was uploaded: {'; '.join(excesses)}")
