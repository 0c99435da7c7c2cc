"""Checks each file against the digests in manifest.json and SHA256SUMS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from release.gate.report import Report
from release.model.finding import Check, Finding
from release.model.manifest import Manifest
from release.model.plan import Plan


def check_manifest(manifest: Manifest, plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Every file has the digest and size that the manifest lists."""
    if manifest.version != plan.version:
        yield Finding(
            "manifest.json",
            Check.SET_VERSION,
            f"is for version {manifest.version}, but the plan is for {plan.version}; use the plan "
            "and the manifest of one build",
        )
    for report in reports:
        expected = manifest.artifacts.get(report.filename)
        if expected is None:
            yield Finding(report.filename, Check.SET_DIGEST, "not listed in manifest.json")
        elif (expected.sha256, expected.size) != (report.sha256, report.size):
            yield Finding(
                report.filename,
                Check.SET_DIGEST,
                f"has sha256 {report.sha256} and {report.size} bytes, but manifest.json lists "
                f"{expected.sha256} and {expected.size}",
            )


def check_sums(sums: Mapping[str, str], reports: Sequence[Report]) -> Iterator[Finding]:
    """SHA256SUMS lists the digest of every file, and no other files."""
    digests = {report.filename: report.sha256 for report in reports}
    for name in sorted(sums.keys() ^ digests.keys()):
        unlisted = name in digests
        message = "not listed in SHA256SUMS" if unlisted else "listed in SHA256SUMS, but missing"
        # A tolerated file may be missing; publishing rewrites SHA256SUMS.
        yield Finding(name, Check.SET_DIGEST, message, fault=unlisted)
    for name in sorted(sums.keys() & digests.keys()):
        if sums[name] != digests[name]:
            yield Finding(
                name,
                Check.SET_DIGEST,
                f"has sha256 {digests[name]}, but SHA256SUMS lists {sums[name]}",
            )
