"""`bazel run //release:validate`: its output, files and exit codes."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from release.cli.validate import app
from release.model.product import Package, VersionModule
from tests.release.products import make_product

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
    "iree/tools/tf/about.py": f'RELEASE = "{VERSION}"\nFORMER = "1.0"\n',
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/licenses/LICENSE": "Do what you like.\n",
}


def product(module: str, name: str) -> dict[str, Any]:
    """The product of the release, with one version module."""
    modules = (VersionModule(module, (name,)),)
    package = Package("iree-tools-tf", ("iree/tools/tf",), version_modules=modules)
    return make_product(package).to_json()


PLAN = {
    "schema": 2,
    "product": product("iree/tools/tf/about.py", "RELEASE"),
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


def test_a_valid_release_exits_with_0_and_writes_its_verdicts(release: Path) -> None:
    result = validate(release, "--date", "2026-11-25")
    assert result.exit_code == 0, result.output
    assert f"{VERSION} passed the gate: 1 cells right" in result.output
    written = release.parent / "verdicts"
    verdicts = json.loads((written / "verdicts.json").read_bytes())
    assert (verdicts["right"], verdicts["day"]) == (True, "2026-11-25")
    suite = ElementTree.parse(written / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    (cell,) = json.loads((written / "manifest.json").read_bytes())["cells"]
    assert (cell["status"], cell["wheel"]) == ("built", NAME)


def test_a_manifest_with_verdicts_can_be_the_previous_one(release: Path) -> None:
    """Catches: a manifest that validate writes and cannot read."""
    assert validate(release).exit_code == 0
    previous = release.parent / "verdicts" / "manifest.json"
    result = validate(release, "--previous", str(previous), "--json")
    (size,) = json.loads(result.stdout)["sizes"]
    assert size["growth"] == 1.0


def test_a_broken_release_exits_with_1_and_says_why(release: Path) -> None:
    wheel = release / "wheelhouse" / NAME
    wheel.write_bytes(wheel.read_bytes()[:300])
    result = validate(release)
    assert result.exit_code == 1
    assert f"wrong: {NAME}: not a complete ZIP archive" in result.output
    assert "failed the gate" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("about.py", "FORMER", "about.py: declares version 1.0, but the release is 20261122.1"),
        ("about.py", "VERSION", "about.py: does not define VERSION, which the product declares"),
        ("version.py", "VERSION", "version.py: missing, but the product declares it"),
    ],
)
def test_a_version_module_that_the_product_declares_is_checked(
    release: Path, module: str, name: str, message: str
) -> None:
    """Catches: a version module with an unusual name, which nobody reads."""
    plan = {**PLAN, "product": product(f"iree/tools/tf/{module}", name)}
    (release / "plan.json").write_text(json.dumps(plan))
    result = validate(release)
    assert result.exit_code == 1
    assert f"wrong: {NAME}: iree/tools/tf/{message}" in result.output


def test_a_plan_from_before_products_exits_with_2(release: Path) -> None:
    plan = {name: value for name, value in PLAN.items() if name not in ("schema", "product")}
    (release / "plan.json").write_text(json.dumps({**plan, "packages": []}))
    result = validate(release)
    assert result.exit_code == 2
    assert "an older version wrote it; build the release again" in " ".join(result.output.split())


def test_standard_output_has_only_json(release: Path) -> None:
    result = validate(release, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["version"] == VERSION


def test_a_dry_run_prints_what_it_would_do_and_writes_nothing(release: Path) -> None:
    result = validate(release, "--dry-run")
    assert result.exit_code == 0
    assert "would inspect 1 files" in result.output
    assert not (release.parent / "verdicts").exists()


def test_a_dry_run_names_no_platform_that_was_left_out(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    output = validate(release, "--run", "--dry-run").output
    assert "would run linux_x86_64" in output
    output = validate(release, "--run", "--no-emulate", "--dry-run").output
    assert "would run" not in output


def test_a_required_run_that_did_not_happen_exits_with_1(release: Path) -> None:
    result = validate(release, "--require", "linux_x86_64:run")
    assert result.exit_code == 1
    assert "required to run, but no smoke test passed: no smoke test covered it" in result.output


def test_a_required_container_that_did_not_run_exits_with_1(
    release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    result = validate(release, "--container")
    assert result.exit_code == 1
    assert "linux_x86_64: requires a container smoke test, but none passed" in result.output


def test_the_previous_release_may_be_in_a_store(release: Path, tmp_path: Path) -> None:
    empty = validate(release, "--store", f"directory:{tmp_path / 'store'}")
    assert empty.exit_code == 0, empty.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--previous", "a.json", "--store", "directory:b"],
            "--previous and --store exclude each other; pass only one",
        ),
        (["--require", "linux_x86_64"], "write PLATFORM:WHAT, such as linux_aarch64:run"),
        (["--require", "beos:run"], "the plan has no platform beos; expected one of linux_x86_64"),
        (["--plan", "absent.json"], "cannot read the plan (No such file or directory)"),
        (["--previous", "absent.json"], "cannot read the manifest"),
        (["--registry-limit", "0"], "Invalid value for '--registry-limit'"),
        (["--date", "today"], "does not match the format"),
    ],
)
def test_bad_usage_exits_with_2_and_one_sentence(
    release: Path, options: list[str], message: str
) -> None:
    result = validate(release, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not (release.parent / "verdicts").exists()


def test_a_directory_store_is_a_directory(release: Path) -> None:
    arguments = [f"directory:{release}", "--no-run", "--dry-run"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    result = CliRunner().invoke(app, ["github:iree-org/iree"])
    assert result.exit_code == 2
    assert "`validate` reads a directory" in " ".join(result.output.split())


def test_a_directory_without_a_release_exits_with_2(tmp_path: Path) -> None:
    result = validate(tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "bazelw build //products/NAME:all" in result.output


def test_an_output_that_cannot_be_written_exits_with_2(release: Path) -> None:
    (release.parent / "verdicts").write_text("a file")
    result = validate(release)
    assert result.exit_code == 2
    assert "verdicts: File exists" in result.output
