"""What a user asks `promote` for: checked against the conditions, then carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from release.hosting.source import CommitSource
from release.hosting.store import Store
from release.model import version
from release.model.errors import Refused
from release.model.manifest import Condition
from release.model.products import DeclaredProduct
from release.model.settings import Settings
from release.promote import candidate as candidates
from release.promote import conditions, promotion
from release.promote.candidate import Candidate
from release.promote.conditions import Circumstances
from release.promote.promotion import Promotion
from release.promote.restamping import Approval
from release.publish import summary
from release.publish.summary import ReleaseSummary
from release.site import site as sites


@dataclass(frozen=True, slots=True)
class PromoteRequest:
    """What a user asks for."""

    product: DeclaredProduct
    store: Store
    source: CommitSource
    settings: Settings
    candidate: str
    """Tag of the candidate."""
    version: str
    """The stable version that it becomes."""
    overrides: Mapping[str, str]
    """Reasons, by the name of the condition that they override."""
    now: datetime
    """UTC."""
    work: Path
    """Directory for the candidate's files and those made from them."""
    site: Path | None
    """Directory of the index to update; None: the store's own, if it has one."""
    smoke_test: bool
    """Whether the new files are installed and run."""

    @property
    def tag(self) -> str:
        """The tag of the stable release."""
        return version.tag_of(self.version)


@dataclass(frozen=True, slots=True)
class Promoted:
    """A candidate that is a stable release now."""

    release: ReleaseSummary
    already: bool
    """Whether it had been promoted before."""
    site: Path | None
    """Directory of the updated index."""


@dataclass(frozen=True, slots=True)
class PromotePreview:
    """What a promotion would do."""

    candidate: Candidate
    promoted: Promoted | None
    """The result of an earlier promotion."""
    renamed: Mapping[str, str]
    """New names of its files, by their current names."""


def preview(request: PromoteRequest, report: Callable[[Condition], None]) -> PromotePreview:
    """Checks a request; changes nothing.

    Args:
      request: the request.
      report: is called with each condition.

    Raises:
      Refused: a condition is not met and not overridden, or the version is taken.
      RemoteError: a remote cannot be read now.
    """
    candidate = candidates.read(request.store, request.candidate)
    if promotion.already(request.store, candidate, request.version):
        promoted = Promoted(_summary(request), already=True, site=None)
        return PromotePreview(candidate, promoted, renamed={})
    _approve(request, candidate, report)
    renamed = {
        name: version.renamed(name, candidate.version, request.version)
        for name in candidate.manifest.artifacts
    }
    return PromotePreview(candidate, None, renamed)


def promote(
    request: PromoteRequest, report: Callable[[Condition], None], console: Console
) -> Promoted:
    """Publishes a candidate's files as a stable release, and updates the index.

    Args:
      request: the request.
      report: is called with each condition.
      console: shows progress.

    Raises:
      Refused: a condition is not met and not overridden, the version is taken, or the gate refuses
        the new files.
      RemoteError: a remote failed; a rerun continues.
    """
    store = request.store
    candidate = candidates.read(store, request.candidate)
    already = promotion.already(store, candidate, request.version)
    if not already:
        promotion.promote(
            Promotion(
                product=request.product,
                store=store,
                source=request.source,
                settings=request.settings,
                candidate=candidate,
                version=request.version,
                approval=_approve(request, candidate, report),
                now=request.now,
                work=request.work,
                smoke_test=request.smoke_test,
                console=console,
            )
        )
    # Also after an earlier promotion: it may have been killed before it updated the index.
    site = sites.rewrite(store, request.site, request.product.product, now=request.now)
    return Promoted(_summary(request), already, site)


def _summary(request: PromoteRequest) -> ReleaseSummary:
    release = summary.read(request.store, request.tag, request.product.product)
    if release is None:
        raise Refused(
            f"{request.store.address}: {request.tag} no longer has a manifest; find out who "
            "deleted it"
        )
    return release


def _approve(
    request: PromoteRequest, candidate: Candidate, report: Callable[[Condition], None]
) -> Approval:
    """Checks the conditions.

    Raises:
      Refused: one is not met and not overridden.
    """
    results = conditions.examine(
        Circumstances(
            candidate,
            request.settings.promote,
            request.source,
            local=request.store.local,
            now=request.now,
        )
    )
    for condition in results:
        report(condition)
    return Approval(results, conditions.require(results, request.overrides))
