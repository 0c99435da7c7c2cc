"""Building what can be built: a tolerated platform may fail, a required one may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from release.model.errors import Refused, UsageError
from release.nightly.build import Workspace

VERSION = "20261122.1"
PLAN = {
    "version": VERSION,
    "platforms": [
        {
            "name": name,
            "os": "linux",
            "cpu": "x86_64",
            "libc": None,
            "minimum_os": None,
            "wheel_tags": [],
        }
        for name in ("windows", "linux", "macos")
    ],
    "packages": [],
    "cells": [],
    "dists": [
        {"platform": name, "required": name == "linux", "archive": f"{name}.tar.xz"}
        for name in ("windows", "linux", "macos")
    ],
}

# Stands for bazelw: builds all but the platforms that are named in the file `broken`.
BAZELW = """\
#!/bin/sh
[ "$1" = info ] && { echo "$PWD/out"; exit; }
echo "$@" >> calls
env >> environment
for platform in $(cat broken); do
    case "$*" in
    *//packaging:plan*|*--//packaging:without=$platform*) ;;
    *)
        echo "Computing main repo mapping:" >&2
        echo "ERROR: /w/x.bzl:3:7: An error occurred during the fetch of '$platform':" >&2
        echo "	File \\"/w/x.bzl\\", line 3, column 7, in fetch" >&2
        echo "		fail(sentence)" >&2
        echo "Error in fail: the payload of $platform cannot be fetched." >&2
        echo "ERROR: Build did NOT complete successfully" >&2
        exit 1
        ;;
    esac
done
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout whose Bazel is a stand-in."""
    (tmp_path / "out" / "packaging").mkdir(parents=True)
    (tmp_path / "out" / "packaging" / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "broken").write_text("")
    script = tmp_path / "bazelw"
    script.write_text(BAZELW)
    script.chmod(0o755)
    return tmp_path


def builds(workspace: Path) -> list[str]:
    """The command lines of Bazel, without the plan's."""
    lines = (workspace / "calls").read_text().splitlines()
    return [line for line in lines if "//packaging:plan" not in line]


def test_what_can_be_built_is_built_at_once(workspace: Path) -> None:
    built = Workspace(workspace).build(VERSION)
    assert built.directory == workspace / "out" / "packaging"
    assert built.unbuilt == {}
    assert len(builds(workspace)) == 1
    assert f"--//packaging:version={VERSION}" in builds(workspace)[0]


def test_a_tolerated_platform_is_left_out_and_says_why(workspace: Path) -> None:
    (workspace / "broken").write_text("windows")
    built = Workspace(workspace).build(VERSION)
    assert built.unbuilt == {"windows": "the payload of windows cannot be fetched"}
    assert builds(workspace)[-1].endswith("--//packaging:without=windows //packaging:all")


def test_several_tolerated_platforms_are_left_out(workspace: Path) -> None:
    (workspace / "broken").write_text("windows macos")
    assert set(Workspace(workspace).build(VERSION).unbuilt) == {"windows", "macos"}


def test_a_required_platform_that_fails_ends_the_night(workspace: Path) -> None:
    """Catches: tolerated ones being tried first, for hours, before the answer that is known."""
    (workspace / "broken").write_text("windows linux")
    with pytest.raises(Refused) as refused:
        Workspace(workspace).build(VERSION)
    assert str(refused.value) == (
        "linux is required and could not be built: the payload of linux cannot be fetched; "
        "nothing is published"
    )
    assert len(builds(workspace)) == 2


def test_what_fails_for_no_platform_is_told(workspace: Path) -> None:
    """Catches: a fault of the build itself that is taken for a platform's."""
    script = workspace / "bazelw"
    whole = 'case "$*" in *without*|*:plan*) ;; *) echo "ERROR: it is full" >&2; exit 1 ;; esac'
    script.write_text(f"{BAZELW}{whole}\n")
    with pytest.raises(Refused, match=f"{VERSION} could not be built: it is full"):
        Workspace(workspace).build(VERSION)


def test_lines_are_told_as_they_come_and_secrets_are_kept_from_the_build(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", "somewhere")
    (workspace / "broken").write_text("macos")
    told: list[str] = []
    Workspace(workspace, told=told.append).build(VERSION)
    assert "Error in fail: the payload of macos cannot be fetched." in told
    seen = (workspace / "environment").read_text()
    assert "s3cret" not in seen
    assert "BUILD_WORKING_DIRECTORY" not in seen


def test_a_directory_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkout of this repository: it has no bazelw"):
        Workspace(tmp_path)
