"""Assembling a dist from payloads by a layout, and its errors."""

from __future__ import annotations

import dataclasses
import json
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from builder.assembly import compress, dist
from builder.assembly.dist import Dist, Payload
from builder.assembly.errors import PackagingError, run
from builder.assembly.layout import Rule
from tests.packaging.dist.samples import index, payload, write_part

FILES = {"libs/iree-run": b"run", "libs/iree-dump": b"dump", "libs/lib.so": b"library"}
TOOLS = Rule(payload="p", pattern="libs/iree-*", to="lib", executable=True, link_from="bin")
LIBRARY = Rule(payload="p", pattern="libs/lib.so", to="lib")


@pytest.fixture
def sample(tmp_path: Path) -> Dist:
    (tmp_path / "header.h").write_text("#pragma once\n")
    (tmp_path / "config.cmake").write_text(
        "@DIST_VERSION@ is @DIST_VERSION_NUMERIC@ on @DIST_PLATFORM@, @rpath/x\n"
    )
    return Dist(
        output=tmp_path / "iree-dist-3.13.0rc20261016-linux-x86_64.tar.xz",
        version="3.13.0rc20261016",
        platform="linux-x86_64",
        rules=[TOOLS, LIBRARY],
        payloads={"p": payload(tmp_path, FILES)},
        files={"include/header.h": tmp_path / "header.h"},
        templates={"lib/config.cmake": tmp_path / "config.cmake"},
        where="layout.bzl",
    )


def contents(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive) as reader:
        for info in reader:
            file = reader.extractfile(info)
            if file is not None:
                found[info.name] = file.read()
    return found


def error_of(sample: Dist, **changes: Any) -> str:
    """Returns the error message for the sample with changes."""
    with pytest.raises(PackagingError) as refused:
        dist.assemble(dataclasses.replace(sample, **changes))
    message = str(refused.value)
    assert "\n" not in message
    assert not sample.output.exists()
    return message


def test_files_links_and_texts_follow_the_layout(sample: Dist) -> None:
    dist.assemble(sample)
    found = contents(sample.output)

    origin = json.loads(found.pop("origin.json"))
    assert found == {
        "bin/iree-dump": b"dump",
        "bin/iree-run": b"run",
        "include/header.h": b"#pragma once\n",
        "lib/config.cmake": b"3.13.0rc20261016 is 3.13.0 on linux-x86_64, @rpath/x\n",
        "lib/iree-dump": b"dump",
        "lib/iree-run": b"run",
        "lib/lib.so": b"library",
    }
    assert origin["version"] == "3.13.0rc20261016"
    assert origin["payloads"]["p"]["revision"] == "89ece87b"


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("3.13.0", "3.13.0"),
        ("3.13.0rc20261016", "3.13.0"),
        ("20261122.1", "20261122.1"),
        ("0.dev0", "0"),
        ("1.2.3.4.5", "1.2.3.4"),
        ("3.13.0+local.7", "3.13.0"),
    ],
)
def test_a_version_has_a_number_that_cmake_can_compare(version: str, number: str) -> None:
    assert dist.numeric(version) == number


def test_a_version_without_a_number_is_refused(sample: Dist) -> None:
    assert error_of(sample, version="latest") == (
        "the version 'latest' does not begin with a number"
    )


def test_a_rule_that_matches_nothing_is_refused(sample: Dist) -> None:
    rule = Rule(payload="p", pattern="libs/gone-*", to="lib")

    assert error_of(sample, rules=[rule]) == (
        "layout.bzl: no file of the payload p for linux-x86_64 matches libs/gone-*; "
        "change the pattern or the payload"
    )


def test_a_rule_for_an_unknown_payload_is_refused(sample: Dist) -> None:
    rule = Rule(payload="q", pattern="*", to="lib")

    assert error_of(sample, rules=[rule]) == (
        "layout.bzl: unknown payload q for linux-x86_64; expected one of p"
    )


def test_two_files_for_one_path_are_refused(sample: Dist) -> None:
    message = error_of(sample, files={"lib/lib.so": Path(__file__)})

    assert message == f"layout.bzl: {sample.output.name} would contain lib/lib.so twice"


def test_a_path_that_leaves_the_archive_is_refused(sample: Dist) -> None:
    rule = dataclasses.replace(LIBRARY, to="../lib")

    assert "the path '../lib/lib.so' leaves the archive" in error_of(sample, rules=[rule])


def test_a_file_that_is_in_no_blob_is_refused(sample: Dist) -> None:
    compressed = dict(sample.payloads["p"].compressed)
    del compressed["libs/lib.so"]
    payloads = {"p": Payload(sample.payloads["p"].index, compressed)}

    assert error_of(sample, payloads=payloads) == (
        f"{sample.output.name}: no blob of p contains libs/lib.so; compress the part "
        "common.zip with the pattern libs/lib.so"
    )


def test_a_blob_that_does_not_match_the_index_is_refused(sample: Dist) -> None:
    other = index({**FILES, "libs/lib.so": b"changed"})
    payloads = {"p": Payload(other, sample.payloads["p"].compressed)}

    assert error_of(sample, payloads=payloads) == (
        "common.zip.xz: libs/lib.so does not match its digest in the payload's index"
    )


def test_a_file_that_differs_between_pythons_is_refused(sample: Dist) -> None:
    other = index(FILES, cp312={**FILES, "libs/lib.so": b"changed"})
    payloads = {"p": Payload(other, sample.payloads["p"].compressed)}

    assert "libs/lib.so of p differs for cp312" in error_of(sample, payloads=payloads)


def test_a_file_that_is_the_same_for_all_pythons_is_included_once(sample: Dist) -> None:
    payloads = {"p": Payload(index(FILES, cp312=FILES), sample.payloads["p"].compressed)}
    dist.assemble(dataclasses.replace(sample, payloads=payloads))

    assert contents(sample.output)["lib/lib.so"] == b"library"


def test_an_unknown_placeholder_is_refused(sample: Dist, tmp_path: Path) -> None:
    (tmp_path / "config.cmake").write_text("@DIST_COLOUR@")

    assert error_of(sample) == "config.cmake: unknown placeholder @DIST_COLOUR@"


def run_tool(
    main: Any, request: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> int:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    monkeypatch.setattr(sys, "argv", ["tool", str(path)])
    with pytest.raises(SystemExit) as ended:
        run(main)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_two_tools_make_a_dist_from_their_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = write_part(tmp_path / "common.zip", FILES)
    (tmp_path / "index.json").write_text(index(FILES).to_json())
    blobs = {"blob": str(tmp_path / "blob.xz"), "table": str(tmp_path / "blob.json")}
    compressing = {
        "part": str(part),
        "patterns": ["libs/lib.so"],
        "output": blobs["blob"],
        "table": blobs["table"],
        "threads": 1,
    }
    assembling: dict[str, Any] = {
        "output": str(tmp_path / "iree-dist-1.0-linux-x86_64.tar.xz"),
        "version": "1.0",
        "platform": "linux-x86_64",
        "layout": [{"payload": "p", "pattern": "libs/lib.so", "to": "lib"}],
        "payloads": {"p": {"index": str(tmp_path / "index.json"), "blobs": [blobs]}},
        "files": {},
        "templates": {},
        "where": "layout.bzl",
    }
    twice = {**assembling, "payloads": {"p": {**assembling["payloads"]["p"], "blobs": [blobs] * 2}}}

    assert run_tool(compress.main, compressing, tmp_path, monkeypatch) == 0
    assert run_tool(dist.main, assembling, tmp_path, monkeypatch) == 0
    assert contents(Path(assembling["output"]))["lib/lib.so"] == b"library"
    assert capsys.readouterr().err == ""

    assert run_tool(dist.main, twice, tmp_path, monkeypatch) == 1
    assert capsys.readouterr().err.endswith("another blob contains libs/lib.so too\n")
    invalid = {**assembling, "layout": [{"payload": "p"}]}
    assert run_tool(dist.main, invalid, tmp_path, monkeypatch) == 2
    assert "invalid rule of a dist layout" in capsys.readouterr().err
