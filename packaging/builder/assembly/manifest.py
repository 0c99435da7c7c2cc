"""Writes a release's manifest and SHA256SUMS.

The manifest has the file that serves each cell of the plan, and the digest, size and origin of each
file. The origin `prebuilt` means that native code comes from a pinned upstream wheel, and was not
built from the current commit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.utils import parse_wheel_filename

from builder.assembly import content, request
from builder.assembly.errors import PackagingError, run
from builder.payload import index as payload_index
from builder.payload.index import Origin

SCHEMA = 1
"""Increased when a reader of an older schema would misread the manifest."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of the release."""

    path: Path
    """Where it is."""
    kind: str
    """wheel or dist."""
    package: str | None
    """The distribution of a wheel; None for a dist."""
    platform: str
    """Name of the platform, or any."""
    origins: tuple[Origin, ...]
    """The origins of its payloads."""


def describe(
    plan: Mapping[str, Any], artifacts: Iterable[Artifact], without: Collection[str] = ()
) -> dict[str, Any]:
    """Returns the manifest of a release.

    Args:
      plan: content of plan.json.
      artifacts: what was built.
      without: names of the platforms that were left out.

    Raises:
      PackagingError: a file of the plan, for a platform that was not left out, was not built.
    """
    artifacts = sorted(artifacts, key=lambda artifact: artifact.path.name)
    with ThreadPoolExecutor() as pool:
        digests = list(pool.map(content.sha256, (artifact.path for artifact in artifacts)))
    present = {artifact.path.name for artifact in artifacts}
    return {
        "schema": SCHEMA,
        "version": plan["version"],
        "product": plan["product"]["name"],
        "artifacts": [
            _entry(artifact, digest) for artifact, digest in zip(artifacts, digests, strict=True)
        ],
        "cells": [_served(cell, "wheel", present, without) for cell in plan["cells"]],
        "dists": [_served(dist, "archive", present, without) for dist in plan["dists"]],
    }


def sums(manifest: Mapping[str, Any]) -> str:
    """Returns SHA256SUMS of the manifest's artifacts, for `sha256sum --check`."""
    return "".join(f"{a['sha256']}  {a['filename']}\n" for a in manifest["artifacts"])


def _entry(artifact: Artifact, digest: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "filename": artifact.path.name,
        "kind": artifact.kind,
        "platform": artifact.platform,
        "sha256": digest,
        "size": artifact.path.stat().st_size,
        "origins": [asdict(origin) for origin in artifact.origins],
    }
    if artifact.kind == "wheel":
        tags = parse_wheel_filename(artifact.path.name)[3]
        entry |= {"package": artifact.package, "tags": sorted(str(tag) for tag in tags)}
    return entry


def _served(
    cell: Mapping[str, Any], by: str, present: set[str], without: Collection[str]
) -> dict[str, Any]:
    if cell[by] in present:
        return {**cell, "status": "built"}
    if cell["platform"] in without:
        return {**cell, "status": "missing"}
    raise PackagingError(f"{cell[by]} is in the plan but was not built")


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    artifacts = []
    for wheel in options["wheels"]:
        index = payload_index.read(Path(wheel["index"]))
        artifacts.append(
            Artifact(
                path=Path(wheel["path"]),
                kind="wheel",
                package=wheel["package"],
                platform=index.platform,
                origins=(index.origin,),
            )
        )
    for dist in options["dists"]:
        origins = tuple(payload_index.read(Path(path)).origin for path in dist["indexes"])
        artifacts.append(Artifact(Path(dist["path"]), "dist", None, dist["platform"], origins))
    manifest = describe(
        json.loads(Path(options["plan"]).read_bytes()), artifacts, options["without"]
    )
    Path(options["manifest"]).write_text(json.dumps(manifest, indent=2) + "\n")
    Path(options["sums"]).write_text(sums(manifest))


if __name__ == "__main__":
    run(main)
