"""Inspects one file of a release; returns a report even if the file is broken or hostile."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate import content, dist, scan, wheel
from release.gate.content import ArchiveContent
from release.gate.report import Report
from release.model import version
from release.model.finding import Finding
from release.model.manifest import Manifest
from release.model.plan import Plan, Platform
from release.model.product import Product


@dataclass(frozen=True, slots=True)
class InspectionContext:
    """What each file is checked against; plain data, sent to other processes."""

    version: str
    """The release's version."""
    product: Product
    dists: Mapping[str, Platform]
    """The platform of each planned dist, by the archive's name."""
    pinned: Mapping[str, tuple[str, ...]]
    """The upstream versions of the native files that the manifest declares, by file name."""
    candidate_version: str | None = None
    """The version of the candidate that the release was promoted from."""

    @classmethod
    def from_plan(cls, plan: Plan, manifest: Manifest | None) -> InspectionContext:
        """Collects what plan and manifest contain about each file."""
        artifacts = manifest.artifacts if manifest else {}
        return cls(
            version=plan.version,
            product=plan.product,
            dists={dist.archive: plan.platform(dist.platform) for dist in plan.dists},
            pinned={
                name: tuple(
                    origin.version for origin in artifact.origins if origin.kind == "prebuilt"
                )
                for name, artifact in artifacts.items()
            },
            candidate_version=version.of_tag(manifest.promoted_from)
            if manifest and manifest.promoted_from
            else None,
        )


def inspect(
    path: Path, context: InspectionContext, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """Inspects a wheel or a dist.

    Args:
      path: the file.
      context: what it is checked against.
      advance: called with the number of bytes read, after each read.
    """
    product = context.product
    read = content.read(
        path,
        advance,
        candidate_version=context.candidate_version,
        declared_texts=frozenset(file.path for file in dist.version_files(product.dist)),
    )
    is_wheel = path.suffix == ".whl"
    facts = None
    findings: tuple[Finding, ...] = ()
    platform = context.dists.get(path.name)
    if is_wheel:
        if read.digests:  # otherwise the archive is unreadable, which is a finding already
            facts, findings = wheel.inspect(read, product)
    elif platform and read.members:
        findings = tuple(dist.inspect(read, platform, product, context.version))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Report(
        filename=path.name,
        kind="wheel" if is_wheel else "dist",
        sha256=digest,
        size=path.stat().st_size,
        findings=(*read.findings, *findings, *_check_traces(read, context)),
        wheel=facts,
        platform=platform.name if platform else None,
    )


def _check_traces(read: ArchiveContent, context: InspectionContext) -> tuple[Finding, ...]:
    pinned = context.pinned.get(read.file, ())
    findings: list[Finding] = []
    for member, traces in read.traces.items():
        if member in read.texts:
            findings += scan.check_text(read.file, member, traces, context.candidate_version)
        else:
            findings += scan.check_native(
                read.file, member, traces, context.version, pinned, context.candidate_version
            )
    return tuple(findings)
