"""The built set is the planned set, to the byte that the manifest names."""

from __future__ import annotations

import email
import hashlib
import os
import subprocess
import zipfile
from email.message import Message
from functools import cache
from pathlib import Path

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from release import manifest, plan

PLAN = plan.read(Path(os.environ["PLAN"]))
MANIFEST = manifest.read(
    next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith(".json"))
)
SUMS = next(Path(p) for p in os.environ["MANIFEST"].split() if p.endswith("SHA256SUMS"))
WHEELHOUSE = Path(os.environ["WHEELHOUSE"])
DISTS = Path(os.environ["DISTS"])
PLATFORM_TAGS = {
    "linux_x86_64": ["manylinux_2_28_x86_64"],
    "linux_aarch64": ["manylinux_2_28_aarch64"],
    "windows_x86_64": ["win_amd64"],
    "macos_arm64": ["macosx_13_0_arm64"],
}


@cache
def metadata(wheel: str) -> Message:
    """METADATA of a built wheel."""
    with zipfile.ZipFile(WHEELHOUSE / wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_wheelhouse_holds_exactly_the_planned_wheels() -> None:
    assert {path.name for path in WHEELHOUSE.iterdir()} == PLAN.wheels


def test_dists_are_exactly_the_planned_archives() -> None:
    assert {path.name for path in DISTS.iterdir()} == PLAN.archives


def test_manifest_names_every_file_with_its_digest_and_size() -> None:
    files = {path.name: path for folder in (WHEELHOUSE, DISTS) for path in folder.iterdir()}
    assert MANIFEST.artifacts.keys() == files.keys()
    for name, artifact in MANIFEST.artifacts.items():
        with files[name].open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == artifact.sha256, name
        assert files[name].stat().st_size == artifact.size, name


def test_sums_agree_with_the_manifest() -> None:
    lines = (line.partition("  ") for line in SUMS.read_text().splitlines())
    assert {name: digest for digest, _, name in lines} == {
        name: artifact.sha256 for name, artifact in MANIFEST.artifacts.items()
    }


def test_native_bytes_are_declared_as_pinned_from_upstream() -> None:
    for artifact in MANIFEST.artifacts.values():
        assert artifact.origins, artifact.filename
        for origin in artifact.origins:
            assert origin.kind == "prebuilt"
            assert origin.sources
            if artifact.platform != "any":
                assert origin.revision, artifact.filename


@pytest.mark.parametrize("cell", PLAN.cells, ids=lambda c: f"{c.package}-{c.platform}-{c.python}")
def test_an_installer_would_take_the_planned_wheel(cell: plan.Cell) -> None:
    """Of all built wheels, by the rules of tags, the planned one is the best for its cell."""
    python = tuple(int(part) for part in cell.python.split("."))
    platforms = PLATFORM_TAGS[cell.platform]
    supported = list(cpython_tags(python, platforms=platforms))
    supported += list(compatible_tags(python, platforms=platforms))
    rank: dict[Tag, int] = {tag: i for i, tag in enumerate(supported)}
    candidates = []
    for name in PLAN.wheels:
        project, _, _, tags = parse_wheel_filename(name)
        best = min((rank[tag] for tag in tags if tag in rank), default=None)
        if project == cell.package and best is not None:
            candidates.append((best, name))
    assert min(candidates)[1] == cell.wheel


@pytest.mark.parametrize("wheel", sorted(PLAN.wheels))
def test_version_agrees_in_name_and_metadata(wheel: str) -> None:
    assert metadata(wheel)["Version"] == PLAN.version
    assert str(parse_wheel_filename(wheel)[1]) == PLAN.version


@pytest.mark.parametrize("wheel", sorted(PLAN.wheels))
def test_licence_is_inside_and_named(wheel: str) -> None:
    named = metadata(wheel).get_all("License-File", [])
    assert "LICENSE" in named
    with zipfile.ZipFile(WHEELHOUSE / wheel) as archive:
        dist_info = next(n.split("/")[0] for n in archive.namelist() if ".dist-info/" in n)
        for name in named:
            assert archive.read(f"{dist_info}/licenses/{name}"), name


@pytest.mark.parametrize("wheel", sorted(PLAN.wheels))
def test_siblings_are_pinned_to_the_same_version(wheel: str) -> None:
    siblings = [
        line
        for line in metadata(wheel).get_all("Requires-Dist", [])
        if line.startswith(("iree-compiler", "iree-runtime"))
    ]
    if "iree_tools_tf-" in wheel:
        assert len(siblings) == 2
    for line in siblings:
        assert line.split(";")[0].strip().endswith(f"=={PLAN.version}"), line


@pytest.mark.parametrize("archive", sorted(PLAN.archives))
def test_dist_is_a_whole_archive(archive: str) -> None:
    done = subprocess.run(
        ["tar", "--list", "--file", DISTS / archive], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    tools = [line for line in done.stdout.splitlines() if line.startswith("bin/iree-compile")]
    assert tools, done.stdout[:500]
