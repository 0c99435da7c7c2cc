"""The documents of a release: read and written unchanged, with the keys of newer versions."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from release.model import document, evidence, manifest, plan, release_dir, verdicts, wheelhouse
from release.model.document import DocumentError, dumps
from release.model.finding import Finding
from release.model.state import CellState
from tests.release.model import documents
from tests.release.model.documents import MODELS
from tests.release.publish.samples import LINUX, WINDOWS, make_release, verdicts_of

NAMES = (
    "plan",
    "plan of another product",
    "plan at another version",
    "built manifest",
    "examined manifest",
    "published manifest",
    "promoted manifest",
    "verdicts",
    "evidence",
    "wheelhouse",
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Mapping[str, Any]]]:
    return documents.samples(tmp_path_factory.mktemp("samples"))


def test_every_sample_is_tested(samples: Mapping[str, object]) -> None:
    assert tuple(samples) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_written_as_it_was_read(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]], name: str
) -> None:
    """Catches: a digest that changes because a key moved, or null became absent."""
    kind, content = samples[name]
    written = MODELS[kind].from_json(json.loads(dumps(content))).to_json()
    assert dumps(written) == dumps(content)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_keys_does_not_matter_and_is_kept(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]], name: str
) -> None:
    kind, content = samples[name]
    other = sorted_keys(content)
    assert dumps(MODELS[kind].from_json(other).to_json()) == dumps(other)
    assert MODELS[kind].from_json(other) == MODELS[kind].from_json(content)


@pytest.mark.parametrize("name", NAMES)
def test_keys_of_a_newer_version_are_kept_in_every_object(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]], name: str
) -> None:
    """Catches: a key that an older program silently drops when it rewrites a document."""
    kind, content = samples[name]
    newer = with_new_keys(content)
    assert dumps(MODELS[kind].from_json(newer).to_json()) == dumps(newer)


def test_every_transformation_keeps_keys_of_a_newer_version(tmp_path: Path) -> None:
    """Catches: a key of the build's manifest that is lost on the way to the stable release."""
    place = make_release(tmp_path / "release", missing=[WINDOWS])
    for name in ("manifest.json", "plan.json"):
        content = with_new_keys(json.loads((place / name).read_bytes()))
        (place / name).write_text(json.dumps(content))
    release = release_dir.read(place)
    assert release.manifest
    found = documents.verdicts_on(place)
    examined = release.manifest.with_verdicts(found)
    published = documents.publish(release, examined, found)
    promoted = documents.promote(release, published, found)
    for step in (examined, published, promoted):
        content = step.to_json()
        assert content["new"] == 1
        for part in ("artifacts", "cells", "dists"):
            assert all(one["new"] == 1 for one in content[part])
        assert all(one["new"] == 1 for each in content["artifacts"] for one in each["origins"])
    plan_at_version = release.plan.restamped(documents.STABLE, documents.rename).to_json()
    assert plan_at_version == {
        **with_new_keys(release.plan.to_json()),
        "version": documents.STABLE,
        **{
            part: [{**cell, key: documents.rename(cell[key])} for cell in content]
            for part, key in (("cells", "wheel"), ("dists", "archive"))
            for content in [release.plan.to_json()[part]]
        },
    }


def test_an_unknown_check_is_kept() -> None:
    """Catches: verdicts of a newer gate that an older program cannot read."""
    content = {"file": "a.whl", "check": "wheel.new", "message": "it is new"}
    found = Finding.from_json(content)
    assert found.check == "wheel.new"
    assert found.to_json() == content


@pytest.mark.parametrize("name", ["plan", "built manifest", "verdicts", "evidence", "wheelhouse"])
def test_an_unknown_schema_is_refused_in_one_sentence(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]], name: str
) -> None:
    """Catches: a document of a newer schema that is misread."""
    kind, content = samples[name]
    model, known = MODELS[kind], content["schema"]
    newer = dumps({**content, "schema": known + 1})
    with pytest.raises(DocumentError) as refused:
        document.loads(newer, "DOCUMENT", kind, model.from_json)
    assert str(refused.value) == (
        f"DOCUMENT: not a {kind} of a known schema: it has schema {known + 1}, and this program "
        f"reads schema {known}; use a newer version of these tools"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("schema"), "schema is missing"),
        (lambda m: m["artifacts"][0].pop("sha256"), "artifacts[0].sha256 is missing"),
        (
            lambda m: m["artifacts"][0].update(size="1"),
            "artifacts[0].size must be an integer, not a string",
        ),
        (
            lambda m: m["artifacts"][0].update(size=True),
            "artifacts[0].size must be an integer, not true or false",
        ),
        (lambda m: m.update(artifacts={}), "artifacts must be a list, not an object"),
        (
            lambda m: m["artifacts"].append(m["artifacts"][0]),
            "artifacts[3] repeats filename ",
        ),
        (
            lambda m: m["cells"][0].update(status="new"),
            "cells[0].status must be one of built, missing, wrong, not 'new'",
        ),
        (
            lambda m: m["dists"][0].update(missing_since="yesterday"),
            "dists[0].missing_since must be a date such as 2026-11-22, not 'yesterday'",
        ),
        (
            lambda m: m["dists"].append(None),
            "dists[2] must be an object, not null",
        ),
    ],
)
def test_a_malformed_manifest_is_refused_with_the_key(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]],
    change: Callable[[dict[str, Any]], object],
    message: str,
) -> None:
    content = copy.deepcopy(dict(samples["built manifest"][1]))
    change(content)
    with pytest.raises(DocumentError) as refused:
        manifest.loads(dumps(content), "manifest.json")
    assert str(refused.value).startswith(f"manifest.json: not a manifest: {message}")


@pytest.mark.parametrize("loads", [manifest.loads, plan.loads, evidence.loads])
@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"1", b"{}", b"\xff"])
def test_other_content_is_refused(loads: Callable[[bytes, str], object], text: bytes) -> None:
    with pytest.raises(DocumentError, match=r"^DOCUMENT: not a "):
        loads(text, "DOCUMENT")


def test_a_plan_from_before_products_is_refused(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]],
) -> None:
    """Catches: a missing key, reported of a plan that nobody can complete by hand."""
    content = {
        name: value
        for name, value in samples["plan"][1].items()
        if name not in ("schema", "product")
    }
    with pytest.raises(DocumentError) as refused:
        plan.loads(dumps({**content, "packages": [{"name": "a", "roots": ["a"]}]}), "plan.json")
    assert str(refused.value) == (
        "plan.json: not a plan: an older version wrote it; build the release again"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p["cells"][1].update(package="other"),
            "cells[1].package is other, which the product does not have",
        ),
        (
            lambda p: p["cells"][1].update(platform="plan9"),
            "cells[1].platform is plan9, which platforms does not list",
        ),
        (
            lambda p: p["dists"][0].update(platform="plan9"),
            "dists[0].platform is plan9, which platforms does not list",
        ),
        (
            lambda p: p["product"].update(dist=None),
            "dists lists archives, but the product has none",
        ),
        (
            lambda p: p["product"]["dist"].update(packages=["other"]),
            "product.dist.packages lists other, which the product does not have",
        ),
        (
            lambda p: p["product"]["dist"]["versions"][2].update(pattern="^version (.*"),
            "product.dist.versions[2].pattern is not a regular expression (missing )",
        ),
        (
            lambda p: p["product"]["dist"]["versions"][2].update(pattern="^version .*"),
            "product.dist.versions[2].pattern has no group, which would be the version",
        ),
        (
            lambda p: p["product"]["packages"][0].update(
                programs=[{"name": "a", "arguments": [], "prints": "*"}]
            ),
            "product.packages[0].programs[0].prints is not a regular expression (nothing to",
        ),
        (
            lambda p: p["product"]["settings"]["tag"].pop("branch"),
            "product.settings.tag.branch is missing",
        ),
    ],
)
def test_a_plan_that_contradicts_its_product_is_refused_with_the_key(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]],
    change: Callable[[dict[str, Any]], object],
    message: str,
) -> None:
    """Catches: a plan that fails in the middle of an examination, or in a publication."""
    content = copy.deepcopy(dict(samples["plan"][1]))
    change(content)
    with pytest.raises(DocumentError) as refused:
        plan.loads(dumps(content), "plan.json")
    assert str(refused.value).startswith(f"plan.json: not a plan: {message}")


def test_verdicts_that_contradict_themselves_are_refused(
    samples: Mapping[str, tuple[str, Mapping[str, Any]]], tmp_path: Path
) -> None:
    """Catches: a wrong cell that is published because `right` was edited."""
    path = tmp_path / "verdicts.json"
    path.write_bytes(dumps({**samples["verdicts"][1], "right": True}))
    with pytest.raises(DocumentError, match="right is True, and the rest of it gives False"):
        verdicts.read(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"wheelhouse\.json: cannot read the list of a wheel"):
        wheelhouse.read(tmp_path / "wheelhouse.json")


def test_a_valid_cell_is_built_in_the_manifest_and_right_in_the_verdicts(tmp_path: Path) -> None:
    place = make_release(tmp_path / "release")
    found = verdicts_of(place)
    release = release_dir.read(place)
    assert release.manifest
    examined = release.manifest.with_verdicts(found)
    assert {cell["state"] for cell in found.to_json()["cells"]} == {"right"}
    assert {cell["status"] for cell in examined.to_json()["cells"]} == {"built"}
    assert {cell.state for cell in found.cells} == {CellState.BUILT}
    assert {cell.status for cell in examined.cells} == {CellState.BUILT}


def test_a_restamped_manifest_has_the_origins_of_its_files(tmp_path: Path) -> None:
    release = release_dir.read(make_release(tmp_path / "release"))
    assert release.manifest
    restamped = documents.promote(
        release, release.manifest, documents.verdicts_on(tmp_path / "release")
    )
    for artifact in restamped.artifacts.values():
        assert artifact.promoted_from
        former = release.manifest.artifacts[artifact.promoted_from.filename]
        assert (artifact.origins, artifact.tags) == (former.origins, former.tags)
        assert artifact.filename == documents.rename(former.filename)
    assert {cell.platform for cell in restamped.cells} == {LINUX, WINDOWS}


def sorted_keys(content: Any) -> Any:
    """The same JSON value with the keys of every object in alphabetical order."""
    return json.loads(json.dumps(content, sort_keys=True))


OPEN = ("overrides", "contents", "unimportable")
"""The keys whose objects have any keys."""


def with_new_keys(content: Any) -> Any:
    """The same JSON value with one more key in every object of fixed keys."""
    if isinstance(content, list):
        return [with_new_keys(one) for one in content]
    if isinstance(content, dict):
        inner = {name: one if name in OPEN else with_new_keys(one) for name, one in content.items()}
        return {**inner, "new": 1}
    return content
