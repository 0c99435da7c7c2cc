"""The examination of a store, its index and the registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.doctor import index, registry, releases
from release.doctor.diagnosis import Diagnosis
from release.doctor.releases import DoctorRequest

if TYPE_CHECKING:
    from release.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Examination:
    """What was examined, and what is wrong with it."""

    examined: tuple[str, ...]
    """The store, the index and the registry, as a message names them."""
    findings: tuple[Diagnosis, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(one.severity == "error" for one in self.findings)


def examine(
    request: DoctorRequest,
    *,
    site: Path | None,
    registry_to_check: Registry | None,
) -> Examination:
    """Finds inconsistencies; changes nothing.

    Args:
      request: the store and its product.
      site: directory of the index; None: it is not checked.
      registry_to_check: the package registry; None: it is not checked.

    Raises:
      RemoteError: the store or the registry cannot be read now.
    """
    view, store = releases.read(request), request.store
    count = len(view.stored)
    examined = [f"{count} release{'' if count == 1 else 's'} of {store.address}"]
    findings = list(releases.examine(view))
    if site:
        findings += index.examine(view, site)
        examined.append(f"the index at {site}")
    if registry_to_check:
        findings += registry.examine(view, registry_to_check)
        examined.append(f"our projects on {registry_to_check.host}")
    return Examination(tuple(examined), tuple(findings))
