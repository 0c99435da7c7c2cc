"""Inspecting one file of a release: a report, whatever the file is like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from release.gate import content, dist, scan, wheel
from release.gate.content import ArchiveContent
from release.gate.report import Report
from release.model import version
from release.model.finding import Finding
from release.model.manifest import Manifest
from release.model.plan import Plan, Platform


@dataclass(frozen=True, slots=True)
class Context:
    """What single files are held against: plain data, sent to other processes."""

    version: str
    """The release's version."""
    roots: Mapping[str, tuple[str, ...]]
    """By normalised name of a package, the directories that belong to it."""
    dists: Mapping[str, Platform]
    """The platform of each planned dist, by the archive's name."""
    pinned: Mapping[str, tuple[str, ...]]
    """By file name, the upstream versions whose native bytes the manifest declares in it."""
    former: str | None = None
    """The version of the candidate that the release was promoted from."""

    @classmethod
    def of(cls, plan: Plan, manifest: Manifest | None) -> Context:
        """What plan and manifest say of single files."""
        artifacts = manifest.artifacts if manifest else {}
        return cls(
            version=plan.version,
            roots={canonicalize_name(package.name): package.roots for package in plan.packages},
            dists={dist.archive: plan.platform(dist.platform) for dist in plan.dists},
            pinned={
                name: tuple(
                    origin.version for origin in artifact.origins if origin.kind == "prebuilt"
                )
                for name, artifact in artifacts.items()
            },
            former=version.of_tag(manifest.promoted_from)
            if manifest and manifest.promoted_from
            else None,
        )


def inspect(
    path: Path, context: Context, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """Inspects a wheel or a dist.

    Args:
      path: the file.
      context: what it is held against.
      advance: called with numbers of bytes of the file that were read.
    """
    read = content.read(path, advance, former=context.former)
    is_wheel = path.suffix == ".whl"
    facts = None
    findings: tuple[Finding, ...] = ()
    platform = context.dists.get(path.name)
    if is_wheel:
        if read.digests:  # else the archive could not be read, and that is all to be said
            facts, findings = wheel.inspect(read, context.roots)
    elif platform and read.members:
        findings = tuple(dist.inspect(read, platform, context.version))
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


def _check_traces(read: ArchiveContent, context: Context) -> tuple[Finding, ...]:
    pinned = context.pinned.get(read.file, ())
    findings: list[Finding] = []
    for member, traces in read.traces.items():
        if member in read.texts:
            findings += scan.check_text(read.file, member, traces, context.former)
        else:
            findings += scan.check_native(
                read.file, member, traces, context.version, pinned, context.former
            )
    return tuple(findings)
