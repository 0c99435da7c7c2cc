"""The committed lock files, the table that Starlark reads, and the command that writes both."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from builder.payload import update
from builder.payload.update import Lock, Project, UpdateError
from platforms import data
from toolchains.wheels import lock

LOCKS = Path("products/iree/payload/locks")
COMMAND = "bazel run //products/iree/payload:update"


def committed() -> dict[Lock, list[lock.Pin]]:
    """Returns the committed lock files."""
    return {
        Lock(*path.stem.rsplit("-", 2)): lock.read(path) for path in sorted(LOCKS.glob("*.txt"))
    }


def test_the_table_matches_the_lock_files() -> None:
    assert (LOCKS / "locks.bzl").read_text() == update.locked_table(committed(), COMMAND)


def test_rewriting_the_committed_lock_files_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "linux_x86_64-cp39-cp39.txt").write_text("# of an old Python\n")
    update.write(committed(), tmp_path, COMMAND)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    expected = {p.name: p.read_text() for p in LOCKS.iterdir() if p.suffix in (".txt", ".bzl")}
    assert written == expected


def report(filename: str, project: str, version: str, sha256: str) -> dict[str, Any]:
    """Returns an item of pip's installation report."""
    return {
        "metadata": {"name": project, "version": version},
        "download_info": {
            "url": f"https://registry.invalid/{filename.replace('+', '%2B')}#sha256={sha256}",
            "archive_info": {"hashes": {"sha256": sha256}},
        },
    }


def test_a_wheel_goes_into_the_lock_of_its_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[Sequence[str]] = []

    def answer(requirements: Sequence[str], *_: object) -> list[dict[str, Any]]:
        requests.append(requirements)
        return [
            report(
                "iree_base_compiler-3.14.0-cp312-abi3-w.whl", "iree-base-compiler", "3.14.0", "a"
            ),
            report("iree_tools_tf-7-py3-none-any.whl", "iree-tools-tf", "7", "b"),
        ]

    monkeypatch.setattr(update, "_report", answer)
    projects = [Project("iree-base-compiler", True), Project("iree-tools-tf", False)]
    platform = next(p for p in data.load().platforms if p.name == "windows_x86_64")
    found = update.resolve(projects, platform, "3.14", "3.14.0")
    assert requests == [["iree-base-compiler==3.14.0", "iree-tools-tf"]]
    assert set(found) == {
        Lock("windows_x86_64", "cp312", "abi3"),
        Lock("any", "py3", "none"),
    }


def test_failure_of_pip_leaves_the_lock_files_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    platform = data.load().platforms[0]
    with pytest.raises(UpdateError, match="the lock files are unchanged") as caught:
        update.resolve([Project("iree-nowhere", True)], platform, "3.12", "1.0")
    assert caught.value.code == 75


def test_the_update_covers_every_package() -> None:
    projects = json.loads(Path(os.environ["PROJECTS"]).read_text())
    assert {p["project"] for p in projects} == {
        pin.project for pins in committed().values() for pin in pins
    }
