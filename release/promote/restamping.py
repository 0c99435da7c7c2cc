"""The files of a candidate under another version: made by `//packaging/assembly:restamp`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import release_dir
from release.model.document import dumps
from release.model.errors import Refused, UsageError
from release.model.release_dir import ReleaseDirectory
from release.promote.candidate import Candidate
from release.promote.conditions import Condition

TOOL = "RESTAMP"
"""The variable of the environment that says where the tool is."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Why a candidate may be promoted; it goes into the manifest."""

    conditions: Sequence[Condition]
    overrides: Mapping[str, str]


def rename(filename: str, former: str, version: str) -> str:
    """The name of a wheel or dist at another version."""
    return filename.replace(f"-{former}-", f"-{version}-", 1)


def fetch(store: Store, candidate: Candidate, place: Path) -> dict[str, Path]:
    """Brings the files of a candidate here; what is here already is not fetched again.

    Args:
      store: where they are.
      candidate: whose they are.
      place: a directory for them.

    Returns:
      The files by name, held against the manifest.

    Raises:
      Refused: the store has other bytes than the manifest states.
      RemoteError: the store failed; a rerun goes on.
    """
    place.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, artifact in candidate.manifest.artifacts.items():
        path = files[name] = place / name
        if path.exists() and release_dir.sha256(path) == artifact.sha256:
            continue
        catalogue.fetch(store, candidate.tag, name, artifact.sha256, path)
    return files


def restamp(
    candidate: Candidate, files: Mapping[str, Path], version: str, permit: Approval, place: Path
) -> ReleaseDirectory:
    """Makes the release in a directory, as the build would have made it at that version.

    Args:
      candidate: what it is made of.
      files: its files, by name.
      version: the new one.
      permit: why.
      place: the directory; what it holds is replaced.

    Raises:
      Refused: a file is not what the build makes.
      UsageError: the tool is not there.
    """
    shutil.rmtree(place, ignore_errors=True)
    for part in ("wheelhouse", "dists"):
        (place / part).mkdir(parents=True)
    outputs = {
        name: place
        / ("wheelhouse" if name.endswith(".whl") else "dists")
        / rename(name, candidate.version, version)
        for name in files
    }
    report = _run_tool(candidate, files, outputs, version, place)
    content = _manifest(candidate, version, report, permit)
    (place / "plan.json").write_bytes(dumps(_plan(candidate, version)))
    (place / "manifest.json").write_bytes(dumps(content))
    (place / "SHA256SUMS").write_text(
        "".join(f"{one['sha256']}  {one['filename']}\n" for one in content["artifacts"])
    )
    return release_dir.read(place)


def _run_tool(
    candidate: Candidate,
    files: Mapping[str, Path],
    outputs: Mapping[str, Path],
    version: str,
    place: Path,
) -> dict[str, Mapping[str, Any]]:
    """Runs it on all files, and returns what it says of each, by the candidate's name."""
    tool = os.environ.get(TOOL)
    if tool is None:
        raise UsageError(f"${TOOL} is not set; run this as `./bazelw run //release:promote`")
    request, answer = place / "restamp.json", place / "restamped.json"
    wanted = {
        "former": candidate.version,
        "version": version,
        "siblings": sorted(canonicalize_name(each.name) for each in candidate.plan.packages),
        "files": [
            {"source": str(path.absolute()), "output": str(outputs[name].absolute())}
            for name, path in files.items()
        ],
        "report": str(answer.absolute()),
    }
    request.write_text(json.dumps(wanted))
    ended = subprocess.run([tool, request.absolute()], stderr=subprocess.PIPE, text=True)
    if ended.returncode:
        raise Refused(ended.stderr.strip().removeprefix("error: ") or f"{tool} failed")
    report = json.loads(answer.read_bytes())["files"]
    request.unlink()
    answer.unlink()
    return {Path(one["source"]).name: one for one in report}


def _manifest(
    candidate: Candidate, version: str, report: Mapping[str, Mapping[str, Any]], permit: Approval
) -> dict[str, Any]:
    """manifest.json as the build would write it, and what the promotion has to say."""
    stated = candidate.manifest_json
    plan = _plan(candidate, version)
    artifacts = [
        {
            key: artifact[key]
            for key in ("kind", "platform", "origins", "package", "tags")
            if key in artifact
        }
        | {
            "filename": rename(artifact["filename"], candidate.version, version),
            "sha256": report[artifact["filename"]]["sha256"],
            "size": report[artifact["filename"]]["size"],
            "promoted_from": {
                "filename": artifact["filename"],
                "sha256": artifact["sha256"],
                "rewritten": report[artifact["filename"]]["rewritten"],
            },
        }
        for artifact in stated["artifacts"]
    ]
    present = {artifact["filename"] for artifact in artifacts}
    return {
        "schema": stated["schema"],
        "version": version,
        "artifacts": sorted(artifacts, key=lambda artifact: str(artifact["filename"])),
        "cells": [_served(cell, cell["wheel"] in present) for cell in plan["cells"]],
        "dists": [_served(dist, dist["archive"] in present) for dist in plan["dists"]],
        "promoted_from": candidate.tag,
        "conditions": [
            {"name": one.name, "met": one.met, "detail": one.detail} for one in permit.conditions
        ],
        "overrides": dict(permit.overrides),
    }


def _plan(candidate: Candidate, version: str) -> dict[str, Any]:
    """plan.json at another version."""

    def renamed(cell: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {**cell, key: rename(cell[key], candidate.version, version)}

    plan = candidate.plan_json
    return {
        **plan,
        "version": version,
        "cells": [renamed(cell, "wheel") for cell in plan["cells"]],
        "dists": [renamed(dist, "archive") for dist in plan["dists"]],
    }


def _served(cell: Mapping[str, Any], present: bool) -> dict[str, Any]:
    return {**cell, "status": "built" if present else "missing"}
