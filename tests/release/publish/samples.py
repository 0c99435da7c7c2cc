"""Small releases as the build makes them: a required platform, a tolerated one, a pure wheel."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from builder.assembly import tarball, xz
from builder.assembly.dist import numeric
from builder.assembly.tarball import Copied, Text
from release.model import release_dir
from release.model.document import dumps
from release.model.evidence import CommitEvidence, PassedOver, RecordedCheck
from release.model.product import (
    Companion,
    DistDescription,
    Package,
    Product,
    Project,
    VersionFile,
    VersionModule,
)
from release.model.release_dir import ReleaseDirectory
from release.model.state import CellState, RunState
from release.model.verdicts import CellVerdict, Size, Verdicts
from tests.release.products import make_product

VERSION = "20261122.1"
DAY = date(2026, 11, 22)
NATIVE = ("iree-runtime",)
LINUX, WINDOWS = "linux_x86_64", "windows_x86_64"
_TAGS = {LINUX: "manylinux_2_28_x86_64", WINDOWS: "win_amd64"}
_ORIGIN = {
    "kind": "prebuilt",
    "project": "iree-base-runtime",
    "version": "3.13.0",
    "revision": "89ece87b89852100c0a4ac3d515e14842d090967",
    "sources": [{"filename": "iree_base_runtime-3.13.0.whl", "sha256": "ab" * 32}],
}
_CMAKE = "lib/cmake/IREECompiler/IREECompilerConfig"
DIST = DistDescription(
    name="iree-dist",
    packages=(),
    contents=dict.fromkeys(
        ("linux", "windows"), ("README.md", f"{_CMAKE}.cmake", f"{_CMAKE}Version.cmake")
    ),
    versions=(
        VersionFile("README.md", r"^# iree-dist (\S+) for "),
        VersionFile(f"{_CMAKE}.cmake", r'^set\(IREECompiler_VERSION_FULL "([^"]*)"\)'),
        VersionFile(f"{_CMAKE}Version.cmake", r'^set\(PACKAGE_VERSION "([^"]*)"\)', numeric=True),
    ),
)
"""The dists of these releases."""
_PROJECTS = (
    *(Project(name, "managed") for name in ("iree-compiler", "iree-runtime", "iree-tools-tf")),
    Project("iree-turbine", "managed"),
    Project("shark-turbine", "transitional", "iree-turbine"),
    Project("iree-runtime-instrumented", "deprecated", "iree-runtime"),
    Project("iree-tools-xla", "deprecated", "iree-compiler"),
)
_COMPANION = Companion(
    "iree-turbine", transitional=("shark-turbine",), core=("iree-compiler", "iree-runtime")
)


def make_release(
    place: Path,
    version: str = VERSION,
    *,
    missing: Collection[str] = (),
    salt: str = "",
    native: Sequence[str] = NATIVE,
) -> Path:
    """Makes a release.

    Args:
      place: a new directory.
      version: of everything.
      missing: platforms that were left out.
      salt: changes the content of all files.
      native: packages that have a wheel for each platform.

    Returns:
      The directory.
    """
    (place / "wheelhouse").mkdir(parents=True)
    (place / "dists").mkdir()
    artifacts = []
    for platform, tag in _TAGS.items():
        if platform in missing:
            continue
        for package in native:
            name = f"{package.replace('-', '_')}-{version}-cp312-abi3-{tag}.whl"
            wheel = make_wheel(place / "wheelhouse" / name, package, version, salt=salt)
            artifacts.append(_artifact(wheel, "wheel", platform, package, f"cp312-abi3-{tag}"))
        dist = place / "dists" / _dist(version, platform)
        _make_dist(dist, version, salt)
        artifacts.append(_artifact(dist, "dist", platform))
    name = f"iree_tools_tf-{version}-py3-none-any.whl"
    requires = [f"iree-runtime=={version}"]
    tools = make_wheel(
        place / "wheelhouse" / name, "iree-tools-tf", version, requires=requires, salt=salt
    )
    artifacts.append(_artifact(tools, "wheel", "any", "iree-tools-tf", "py3-none-any"))
    artifacts.sort(key=lambda artifact: artifact["filename"])
    plan = make_plan(version, native)
    manifest = {
        "schema": 1,
        "version": version,
        "product": plan["product"]["name"],
        "artifacts": artifacts,
        "cells": [_built(cell, "wheel", artifacts) for cell in plan["cells"]],
        "dists": [_built(dist, "archive", artifacts) for dist in plan["dists"]],
    }
    (place / "plan.json").write_text(json.dumps(plan, indent=2))
    (place / "manifest.json").write_text(json.dumps(manifest, indent=2))
    sums = "".join(f"{artifact['sha256']}  {artifact['filename']}\n" for artifact in artifacts)
    (place / "SHA256SUMS").write_text(sums)
    return place


def make_wheel(
    path: Path,
    project: str,
    version: str,
    *,
    requires: Collection[str] = (),
    requires_python: str = ">=3.11",
    salt: str = "",
    modules: Mapping[str, str] | None = None,
) -> Path:
    """Makes a wheel that can be installed: a package of one module, and of those given by path."""
    package = project.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {project}\nVersion: {version}\n"
    metadata += "Summary: A sample\nLicense-Expression: Apache-2.0\nLicense-File: LICENSE\n"
    metadata += f"Requires-Python: {requires_python}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    tag = path.name.removesuffix(".whl").split("-", 2)[2]
    members = {
        f"{package}/__init__.py": f"from {package}.version import VERSION\nSALT = {salt!r}\n",
        f"{package}/version.py": f'VERSION = "{version}"\n',
        **(modules or {}),
        f"{info}/METADATA": f"{metadata}\nA sample.\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/licenses/LICENSE": "Do what you like.\n",
    }
    lines = [f"{name},{_record_entry(text)}" for name, text in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def sample_product(native: Sequence[str] = NATIVE) -> Product:
    """The product of these releases."""
    packages = []
    for name in (*native, "iree-tools-tf"):
        root = name.replace("-", "_")
        modules = (VersionModule(f"{root}/version.py", ("VERSION",)),)
        packages.append(Package(name, roots=(root,), version_modules=modules))
    return make_product(
        *packages,
        dist=DIST,
        headline=("iree-compiler", "iree-runtime"),
        projects=_PROJECTS,
        companion=_COMPANION,
    )


def make_plan(version: str, native: Sequence[str] = NATIVE) -> dict[str, Any]:
    """The plan of these releases."""
    platforms = [
        {
            "name": name,
            "os": name.split("_")[0],
            "cpu": "x86_64",
            "libc": "glibc_2.28" if name == LINUX else None,
            "minimum_os": None,
            "wheel_tags": [tag],
        }
        for name, tag in _TAGS.items()
    ]
    cells = [
        {
            "package": package,
            "platform": platform,
            "python": python,
            "required": platform == LINUX,
            "wheel": f"{package.replace('-', '_')}-{version}-"
            + (f"cp312-abi3-{tag}.whl" if package in native else "py3-none-any.whl"),
        }
        for package in (*native, "iree-tools-tf")
        for platform, tag in _TAGS.items()
        for python in ("3.14", "3.15")
    ]
    return {
        "schema": 2,
        "product": sample_product(native).to_json(),
        "version": version,
        "platforms": platforms,
        "cells": cells,
        "dists": [
            {"platform": name, "required": name == LINUX, "archive": _dist(version, name)}
            for name in _TAGS
        ],
    }


def verdicts_of(place: Path, *, day: date = DAY) -> Verdicts:
    """The verdicts on such a release: all files are valid, and the Linux wheels were run."""
    return verdicts_for(release_dir.read(place), day)


def verdicts_for(release: ReleaseDirectory, day: date) -> Verdicts:
    """The same for a release that was read."""
    present = {path.name: path for path in release.files}
    planned = [
        *((c.package, c.platform, c.python, c.required, c.wheel) for c in release.plan.cells),
        *((None, d.platform, None, d.required, d.archive) for d in release.plan.dists),
    ]
    cells = []
    for package, platform, python, required, file in planned:
        exists = file in present
        cells.append(
            CellVerdict(
                package,
                platform,
                python,
                required,
                file,
                state=CellState.BUILT
                if exists
                else CellState.WRONG
                if required
                else CellState.MISSING,
                since=None if exists or required else day,
                run=RunState.PASSED if exists and platform == LINUX else RunState.NOT_RUN,
                run_detail="this machine" if platform == LINUX else "not tried",
            )
        )
    sizes = tuple(Size(name, path.stat().st_size, None) for name, path in present.items())
    return Verdicts(release.plan.version, day, tuple(cells), (), (), sizes)


def make_evidence(tag: str, commit: str) -> CommitEvidence:
    """Why a commit became a candidate: its one check succeeded."""
    return CommitEvidence(
        tag=tag,
        branch="main",
        commit=commit,
        subject="Compile faster",
        committed="2026-11-22T01:00:00+00:00",
        chosen="2026-11-22T03:00:00+00:00",
        why="it is the newest commit whose required checks all succeeded",
        required=("ci",),
        checks=(RecordedCheck("ci", "success", "2026-11-22T02:00:00+00:00", None),),
        passed_over=(PassedOver("d" * 40, "Compile slower", "ci: failure"),),
    )


def write_verdicts(place: Path, output: Path) -> Path:
    """Writes what `validate` would write for such a release; returns the directory."""
    output.mkdir()
    release = release_dir.read(place)
    assert release.manifest
    verdicts = verdicts_of(place)
    (output / "verdicts.json").write_bytes(dumps(verdicts.to_json()))
    examined = release.manifest.with_verdicts(verdicts)
    (output / "manifest.json").write_bytes(dumps(examined.to_json()))
    return output


def _artifact(
    path: Path, kind: str, platform: str, package: str | None = None, *tags: str
) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "filename": path.name,
        "kind": kind,
        "platform": platform,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size": path.stat().st_size,
        "origins": [] if platform == "any" else [_ORIGIN],
    }
    return artifact | ({"package": package, "tags": list(tags)} if package else {})


def _built(cell: dict[str, Any], by: str, artifacts: list[dict[str, Any]]) -> dict[str, Any]:
    exists = any(artifact["filename"] == cell[by] for artifact in artifacts)
    return {**cell, "status": "built" if exists else "missing"}


def _dist(version: str, platform: str) -> str:
    return f"iree-dist-{version}-{platform.replace('_', '-', 1)}.tar.xz"


def _make_dist(path: Path, version: str, salt: str) -> None:
    """Writes a dist with one tool, and the files that name its version."""
    tool = f"a tool {salt}".encode()
    blob = path.with_name(".blob")
    with blob.open("wb") as file:
        block, data = xz.encode(tool + bytes(tarball.padding(len(tool))))
        file.write(data)
    texts = {
        "README.md": f"# iree-dist {version} for a sample\n",
        "origin.json": json.dumps({"payloads": {}, "version": version}, indent=1) + "\n",
        f"{_CMAKE}.cmake": f'set(IREECompiler_VERSION_FULL "{version}")\n',
        f"{_CMAKE}Version.cmake": f'set(PACKAGE_VERSION "{numeric(version)}")\n',
    }
    tarball.write(
        path,
        {
            "bin/tool": Copied(blob, 0, (block,), len(tool), executable=True),
            **{name: Text(text.encode()) for name, text in texts.items()},
        },
    )
    blob.unlink()


def _record_entry(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digest.rstrip(b'=').decode()},{len(text.encode())}"
