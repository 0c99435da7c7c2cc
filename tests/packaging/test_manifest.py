"""The manifest has the digest and origin of each file, and the file that serves each cell."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from builder.assembly.errors import PackagingError
from builder.assembly.manifest import Artifact, describe, sums
from builder.payload.index import Origin, Source

WHEEL = "iree_runtime-1.0-cp312-abi3-win_amd64.whl"
DIST = "iree-dist-1.0-windows-x86_64.tar.xz"
ORIGIN = Origin("prebuilt", "iree-base-runtime", "3.13.0", "89ece87", (Source("a.whl", "ab"),))
CELL = {
    "package": "iree-runtime",
    "platform": "windows_x86_64",
    "python": "3.14",
    "required": False,
    "wheel": WHEEL,
}
PLANNED_DIST = {"platform": "windows_x86_64", "required": False, "archive": DIST}
PLAN = {
    "product": {"name": "sample", "title": "Sample"},
    "version": "1.0",
    "cells": [CELL],
    "dists": [PLANNED_DIST],
}


def artifacts(directory: Path) -> list[Artifact]:
    """Writes a wheel and a dist, and returns them."""
    (directory / WHEEL).write_bytes(b"wheel")
    (directory / DIST).write_bytes(b"dist")
    platform = "windows_x86_64"
    return [
        Artifact(directory / WHEEL, "wheel", "iree-runtime", platform, (ORIGIN,)),
        Artifact(directory / DIST, "dist", None, platform, (ORIGIN,)),
    ]


def test_files_have_digest_size_tags_and_origin(tmp_path: Path) -> None:
    manifest = describe(PLAN, artifacts(tmp_path))
    wheel = next(a for a in manifest["artifacts"] if a["kind"] == "wheel")
    assert wheel["filename"] == WHEEL
    assert wheel["sha256"] == hashlib.sha256(b"wheel").hexdigest()
    assert wheel["size"] == 5
    assert wheel["tags"] == ["cp312-abi3-win_amd64"]
    assert wheel["origins"][0]["kind"] == "prebuilt"
    assert wheel["origins"][0]["revision"] == "89ece87"
    json.dumps(manifest)


def test_the_manifest_names_the_product(tmp_path: Path) -> None:
    """Catches: a release that a store of another product accepts."""
    manifest = describe(PLAN, artifacts(tmp_path))
    assert manifest["product"] == "sample"
    assert list(manifest)[:3] == ["schema", "version", "product"]


def test_cells_name_the_file_that_serves_them(tmp_path: Path) -> None:
    manifest = describe(PLAN, artifacts(tmp_path))
    assert manifest["cells"] == [{**CELL, "status": "built"}]
    assert manifest["dists"] == [{**PLANNED_DIST, "status": "built"}]


def test_what_was_left_out_is_missing_unless_a_built_file_serves_it(
    tmp_path: Path,
) -> None:
    wheel, _ = artifacts(tmp_path)
    manifest = describe(PLAN, [wheel], without=["windows_x86_64"])
    assert manifest["cells"] == [{**CELL, "status": "built"}]
    assert manifest["dists"] == [{**PLANNED_DIST, "status": "missing"}]


def test_planned_file_that_was_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=WHEEL):
        describe(PLAN, artifacts(tmp_path)[1:])


def test_sha256sum_can_check_the_sums(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(sums(describe(PLAN, artifacts(tmp_path))))
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{WHEEL}: OK" in done.stdout
