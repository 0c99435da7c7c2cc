"""`bazel run //release:validate`: what it prints and writes, and how it ends."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from release.cli.validate import app

VERSION = "20261122.1"
NAME = f"iree_tools_tf-{VERSION}-py3-none-any.whl"
INFO = f"iree_tools_tf-{VERSION}.dist-info"
METADATA = f"""\
Metadata-Version: 2.4
Name: iree-tools-tf
Version: {VERSION}
Summary: Imports models
License-Expression: Apache-2.0
License-File: LICENSE
Requires-Python: >=3.11
Description-Content-Type: text/markdown

Imports models.
"""
MEMBERS = {
    "iree/tools/tf/__init__.py": "",
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/licenses/LICENSE": "Do what you like.\n",
}
PLAN = {
    "version": VERSION,
    "platforms": [
        {
            "name": "linux_x86_64",
            "os": "linux",
            "cpu": "x86_64",
            "libc": "glibc_2.28",
            "minimum_os": None,
            "wheel_tags": ["manylinux_2_28_x86_64"],
        }
    ],
    "packages": [{"name": "iree-tools-tf", "roots": ["iree/tools/tf"]}],
    "cells": [
        {
            "package": "iree-tools-tf",
            "platform": "linux_x86_64",
            "python": "3.14",
            "required": True,
            "wheel": NAME,
        }
    ],
    "dists": [],
}


def recorded(content: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest())
    return f"sha256={digest.rstrip(b'=').decode()},{len(content)}"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of one small wheel, as the build leaves it."""
    directory = tmp_path / "packaging"
    (directory / "wheelhouse").mkdir(parents=True)
    lines = [f"{path},{recorded(content)}" for path, content in MEMBERS.items()]
    record = "\n".join([*lines, f"{INFO}/RECORD,,"])
    wheel = directory / "wheelhouse" / NAME
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in {**MEMBERS, f"{INFO}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    artifact = {
        "filename": NAME,
        "kind": "wheel",
        "package": "iree-tools-tf",
        "platform": "any",
        "tags": ["py3-none-any"],
        "sha256": digest,
        "size": wheel.stat().st_size,
        "origins": [],
    }
    manifest = {"schema": 1, "version": VERSION, "artifacts": [artifact], "cells": [], "dists": []}
    (directory / "plan.json").write_text(json.dumps(PLAN))
    (directory / "manifest.json").write_text(json.dumps(manifest))
    (directory / "SHA256SUMS").write_text(f"{digest}  {NAME}\n")
    return directory


def validate(release: Path, *options: str) -> Result:
    arguments = [str(release), "--no-run", "--output", str(release.parent / "verdicts"), *options]
    return CliRunner().invoke(app, arguments)


def test_a_good_release_ends_with_0_and_leaves_its_verdicts(release: Path) -> None:
    result = validate(release, "--date", "2026-11-25")
    assert result.exit_code == 0, result.output
    assert f"{VERSION} may go out: 1 cells right" in result.output
    written = release.parent / "verdicts"
    verdicts = json.loads((written / "verdicts.json").read_bytes())
    assert (verdicts["right"], verdicts["day"]) == (True, "2026-11-25")
    suite = ElementTree.parse(written / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    (cell,) = json.loads((written / "manifest.json").read_bytes())["cells"]
    assert (cell["status"], cell["wheel"]) == ("built", NAME)


def test_a_manifest_with_verdicts_is_the_previous_one_of_the_next_release(release: Path) -> None:
    """Catches: two programs that do not read what the other writes."""
    assert validate(release).exit_code == 0
    previous = release.parent / "verdicts" / "manifest.json"
    result = validate(release, "--previous", str(previous), "--json")
    (size,) = json.loads(result.stdout)["sizes"]
    assert size["growth"] == 1.0


def test_a_broken_release_ends_with_1_and_says_why(release: Path) -> None:
    wheel = release / "wheelhouse" / NAME
    wheel.write_bytes(wheel.read_bytes()[:300])
    result = validate(release)
    assert result.exit_code == 1
    assert f"wrong: {NAME}: it is not a whole ZIP archive" in result.output
    assert "must not go out" in result.output
    assert "Traceback" not in result.output


def test_json_goes_to_standard_output_alone(release: Path) -> None:
    result = validate(release, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["version"] == VERSION


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(release: Path) -> None:
    result = validate(release, "--dry-run")
    assert result.exit_code == 0
    assert "would inspect 1 files" in result.output
    assert not (release.parent / "verdicts").exists()


def test_a_dry_run_names_no_platform_that_was_left_out(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    said = validate(release, "--run", "--dry-run").output
    assert "would run linux_x86_64" in said
    said = validate(release, "--run", "--no-emulate", "--dry-run").output
    assert "would run" not in said


def test_a_demand_that_nothing_meets_ends_with_1(release: Path) -> None:
    result = validate(release, "--require", "linux_x86_64:run")
    assert result.exit_code == 1
    assert "it must run, and was not: nothing was tried" in result.output


def test_a_container_that_must_have_run_and_did_not_ends_with_1(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    result = validate(release, "--container")
    assert result.exit_code == 1
    assert "linux_x86_64: a container trial is demanded, and none passed" in result.output


def test_the_release_before_may_be_a_store_s(release: Path, tmp_path: Path) -> None:
    empty = validate(release, "--store", f"directory:{tmp_path / 'store'}")
    assert empty.exit_code == 0, empty.output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--previous", "a.json", "--store", "directory:b"],
            "--previous and --store both name the release before; leave one out",
        ),
        (["--require", "linux_x86_64"], "write PLATFORM:WHAT, such as linux_aarch64:run"),
        (["--require", "beos:run"], "the plan has no platform beos, but linux_x86_64"),
        (["--plan", "absent.json"], "the plan cannot be read (No such file or directory)"),
        (["--previous", "absent.json"], "the manifest cannot be read"),
        (["--registry-limit", "0"], "Invalid value for '--registry-limit'"),
        (["--date", "today"], "does not match the format"),
    ],
)
def test_bad_usage_ends_with_2_and_one_sentence(
    release: Path, options: list[str], says: str
) -> None:
    result = validate(release, *options)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (release.parent / "verdicts").exists()


def test_a_directory_store_is_a_directory(release: Path) -> None:
    arguments = [f"directory:{release}", "--no-run", "--dry-run"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    result = CliRunner().invoke(app, ["github:iree-org/iree"])
    assert result.exit_code == 2
    assert "the gate reads directories" in " ".join(result.output.split())


def test_a_directory_without_a_release_ends_with_2(tmp_path: Path) -> None:
    result = validate(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "bazelw build //packaging:all" in result.output


def test_an_output_that_cannot_be_written_ends_with_2(release: Path) -> None:
    (release.parent / "verdicts").write_text("a file")
    result = validate(release)
    assert result.exit_code == 2
    assert "verdicts: File exists" in result.output
