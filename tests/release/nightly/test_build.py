"""Builds: a tolerated platform may fail, a required platform may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from release.model.errors import Refused, UsageError
from release.model.product import DistDescription
from release.nightly.build import Workspace
from tests.release.products import make_product

VERSION = "20261122.1"
PACKAGE = "//products/sample"
PLAN = {
    "schema": 2,
    "product": make_product(
        dist=DistDescription("sample-dist", packages=(), contents={"linux": ()})
    ).to_json(),
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
    "cells": [],
    "dists": [
        {"platform": name, "required": name == "linux", "archive": f"{name}.tar.xz"}
        for name in ("windows", "linux", "macos")
    ],
}

# A replacement for bazelw that fails for the platforms in the file `broken`.
BAZELW = """\
#!/bin/sh
[ "$1" = info ] && { echo "$PWD/out"; exit; }
echo "$@" >> calls
env >> environment
for platform in $(cat broken); do
    case "$*" in
    *//products/sample:plan*|*--//packaging:without=$platform*) ;;
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
    """A checkout with a replacement for Bazel."""
    outputs = tmp_path / "out" / "products" / "sample"
    outputs.mkdir(parents=True)
    (outputs / "plan.json").write_text(json.dumps(PLAN))
    (tmp_path / "broken").write_text("")
    script = tmp_path / "bazelw"
    script.write_text(BAZELW)
    script.chmod(0o755)
    return tmp_path


def builds(workspace: Path) -> list[str]:
    """The command lines of Bazel, except those for the plan."""
    lines = (workspace / "calls").read_text().splitlines()
    return [line for line in lines if f"{PACKAGE}:plan" not in line]


def test_without_failures_there_is_one_build(workspace: Path) -> None:
    built = Workspace(workspace, PACKAGE).build(VERSION)
    assert built.directory == workspace / "out" / "products" / "sample"
    assert built.unbuilt == {}
    assert len(builds(workspace)) == 1
    assert f"--//packaging:version={VERSION}" in builds(workspace)[0]


def test_a_tolerated_platform_that_fails_is_left_out_with_a_reason(workspace: Path) -> None:
    (workspace / "broken").write_text("windows")
    built = Workspace(workspace, PACKAGE).build(VERSION)
    assert built.unbuilt == {"windows": "the payload of windows cannot be fetched"}
    assert builds(workspace)[-1].endswith("--//packaging:without=windows //products/sample:all")


def test_several_tolerated_platforms_can_be_left_out(workspace: Path) -> None:
    (workspace / "broken").write_text("windows macos")
    assert set(Workspace(workspace, PACKAGE).build(VERSION).unbuilt) == {"windows", "macos"}


def test_a_required_platform_that_fails_stops_the_nightly(workspace: Path) -> None:
    """Catches: hours of building tolerated platforms before the required one fails."""
    (workspace / "broken").write_text("windows linux")
    with pytest.raises(Refused) as refused:
        Workspace(workspace, PACKAGE).build(VERSION)
    assert str(refused.value) == (
        "linux is required and could not be built: the payload of linux cannot be fetched; "
        "nothing is published"
    )
    assert len(builds(workspace)) == 2


def test_a_failure_that_no_platform_causes_is_reported(workspace: Path) -> None:
    """Catches: blaming a platform for a failure of the build itself."""
    script = workspace / "bazelw"
    failure = 'case "$*" in *without*|*:plan*) ;; *) echo "ERROR: disk full" >&2; exit 1 ;; esac'
    script.write_text(f"{BAZELW}{failure}\n")
    with pytest.raises(Refused, match=f"{VERSION} could not be built: disk full"):
        Workspace(workspace, PACKAGE).build(VERSION)


def test_output_is_reported_and_secrets_are_hidden_from_the_build(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", "somewhere")
    (workspace / "broken").write_text("macos")
    lines: list[str] = []
    Workspace(workspace, PACKAGE, progress=lines.append).build(VERSION)
    assert "Error in fail: the payload of macos cannot be fetched." in lines
    environment = (workspace / "environment").read_text()
    assert "s3cret" not in environment
    assert "BUILD_WORKING_DIRECTORY" not in environment


def test_a_directory_that_is_not_a_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="not a checkout of this repository: bazelw does not exist"
    ):
        Workspace(tmp_path, PACKAGE)
