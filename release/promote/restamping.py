"""The files of a candidate at another version, made by `//packaging/builder/assembly:restamp`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.utils import canonicalize_name

from release.hosting import catalogue
from release.hosting.store import Store
from release.model import release_dir
from release.model.document import dumps
from release.model.errors import Refused, UsageError
from release.model.manifest import Condition, RestampedFile
from release.model.release_dir import ReleaseDirectory
from release.model.version import renamed
from release.promote.candidate import Candidate

TOOL = "RESTAMP"
"""The environment variable with the path of the tool."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Why a candidate may be promoted; the manifest records it."""

    conditions: Sequence[Condition]
    overrides: Mapping[str, str]


def fetch(store: Store, candidate: Candidate, directory: Path) -> dict[str, Path]:
    """Downloads the files of a candidate that a directory does not have yet.

    Args:
      store: where it is published.
      candidate: the candidate.
      directory: the directory.

    Returns:
      The files by name; they match the digests of the manifest.

    Raises:
      Refused: a file in the store does not match its digest.
      RemoteError: the store failed; run it again to continue.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, artifact in candidate.manifest.artifacts.items():
        path = files[name] = directory / name
        if path.exists() and release_dir.sha256(path) == artifact.sha256:
            continue
        catalogue.fetch(store, candidate.tag, name, artifact.sha256, path)
    return files


def restamp(
    candidate: Candidate,
    files: Mapping[str, Path],
    version: str,
    approval: Approval,
    directory: Path,
) -> ReleaseDirectory:
    """Makes a release in a directory, as the build would have made it at that version.

    Args:
      candidate: the candidate.
      files: its files, by name.
      version: the version of the release.
      approval: why the candidate may be promoted.
      directory: the directory; its content is replaced.

    Raises:
      Refused: the build does not make such a file.
      UsageError: the tool was not found.
    """
    rename = partial(renamed, old=candidate.version, new=version)
    shutil.rmtree(directory, ignore_errors=True)
    for part in ("wheelhouse", "dists"):
        (directory / part).mkdir(parents=True)
    outputs = {
        name: directory / ("wheelhouse" if name.endswith(".whl") else "dists") / rename(name)
        for name in files
    }
    restamped = _run_tool(candidate, files, outputs, version, directory)
    plan = candidate.plan.restamped(version, rename)
    manifest = candidate.manifest.restamped(
        plan,
        rename,
        restamped,
        candidate=candidate.tag,
        conditions=approval.conditions,
        overrides=approval.overrides,
    )
    (directory / "plan.json").write_bytes(dumps(plan.to_json()))
    (directory / "manifest.json").write_bytes(dumps(manifest.to_json()))
    (directory / "SHA256SUMS").write_text(
        "".join(f"{digest}  {name}\n" for name, digest in manifest.digests().items())
    )
    return release_dir.read(directory)


def _run_tool(
    candidate: Candidate,
    files: Mapping[str, Path],
    outputs: Mapping[str, Path],
    version: str,
    directory: Path,
) -> dict[str, RestampedFile]:
    """Runs the tool on all files, and returns the new ones by the names of the old ones."""
    tool = os.environ.get(TOOL)
    if tool is None:
        raise UsageError(
            f"${TOOL} is not set; start this program with `./bazelw run //release:promote`"
        )
    request, report = directory / "restamp.json", directory / "restamped.json"
    product = candidate.plan.product
    content = {
        "former": candidate.version,
        "version": version,
        "siblings": sorted(canonicalize_name(each.name) for each in product.packages),
        "version_modules": sorted(
            module.path for package in product.packages for module in package.version_modules
        ),
        "texts": [
            {"path": file.path, "pattern": file.pattern, "numeric": file.numeric}
            for file in (product.dist.versions if product.dist else ())
        ],
        "files": [
            {"source": str(path.absolute()), "output": str(outputs[name].absolute())}
            for name, path in files.items()
        ],
        "report": str(report.absolute()),
    }
    request.write_text(json.dumps(content))
    result = subprocess.run([tool, request.absolute()], stderr=subprocess.PIPE, text=True)
    if result.returncode:
        raise Refused(result.stderr.strip().removeprefix("error: ") or f"{tool} failed")
    restamped = json.loads(report.read_bytes())["files"]
    request.unlink()
    report.unlink()
    return {
        Path(one["source"]).name: RestampedFile(one["sha256"], one["size"], tuple(one["rewritten"]))
        for one in restamped
    }
