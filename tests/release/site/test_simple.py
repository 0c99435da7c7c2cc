"""The pages that installers read: PEP 503, 592, 658, 691, 700 and 714."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Upload
from release.site import entry, site
from release.site.entry import SiteFile
from release.site.simple import Link, templates
from tests.release.site.samples import COMMIT, NOW, PRODUCT, publish, store_of

NIGHTLY, STABLE = "20261125.1", "3.14.0"


class Links(HTMLParser):
    """The links of a page, with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append({name: value or "" for name, value in attrs} | {"text": ""})

    def handle_data(self, data: str) -> None:
        if self.found and not self.found[-1]["text"]:
            self.found[-1]["text"] = data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    store = store_of(tmp_path_factory.mktemp("site"), STABLE, NIGHTLY)
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    return store


def page(store: DirectoryStore, path: str) -> list[dict[str, str]]:
    return Links((store.root / "site" / path).read_text()).found


def test_the_root_lists_projects_by_normalised_name(written: DirectoryStore) -> None:
    assert [(one["href"], one["text"]) for one in page(written, "simple/index.html")] == [
        ("iree-runtime/", "iree-runtime"),
        ("iree-tools-tf/", "iree-tools-tf"),
    ]
    data = json.loads((written.root / "site/simple/index.json").read_text())
    assert data["meta"] == {"api-version": "1.1"}
    assert data["projects"] == [{"name": "iree-runtime"}, {"name": "iree-tools-tf"}]


def test_each_link_points_to_its_file_and_has_its_digest(written: DirectoryStore) -> None:
    """Catches: a relative link that works in one directory only, or the digest of another file."""
    pages = {"simple/iree-runtime/": 4, "simple/iree-tools-tf/": 2, "": 6}
    for directory, count in pages.items():
        name = "index.html" if directory else "pip-release-links.html"
        links = page(written, directory + name)
        assert len(links) == count
        for link in links:
            url = urljoin(f"http://host/site/{directory}{name}", link["href"])
            file = written.root / unquote(urlsplit(url).path).lstrip("/")
            assert file.name == link["text"]
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            assert urlsplit(url).fragment == f"sha256={digest}"
            metadata = file.with_name(f"{file.name}.metadata").read_bytes()
            expected = f"sha256={hashlib.sha256(metadata).hexdigest()}"
            assert link["data-core-metadata"] == link["data-dist-info-metadata"] == expected
            assert link["data-requires-python"] == ">=3.11"
            assert "data-yanked" not in link


def test_json_and_html_agree(written: DirectoryStore) -> None:
    for project in ("iree-runtime", "iree-tools-tf"):
        data = json.loads((written.root / f"site/simple/{project}/index.json").read_text())
        assert data["name"] == project
        assert data["versions"] == sorted([NIGHTLY, STABLE])
        links = page(written, f"simple/{project}/index.html")
        assert [one["text"] for one in links] == [one["filename"] for one in data["files"]]
        for link, file in zip(links, data["files"], strict=True):
            assert link["href"] == f"{file['url']}#sha256={file['hashes']['sha256']}"
            assert link["data-requires-python"] == file["requires-python"]
            assert link["data-core-metadata"] == f"sha256={file['core-metadata']['sha256']}"
            assert file["core-metadata"] == file["dist-info-metadata"]
            assert file["yanked"] is False
            path = written.root / "site/simple" / project / unquote(file["url"])
            assert file["size"] == path.stat().st_size
            assert file["upload-time"].endswith("Z")


def test_the_newest_release_comes_first(written: DirectoryStore) -> None:
    assert NIGHTLY in page(written, "pip-release-links.html")[0]["text"]


def test_a_yanked_release_is_marked(tmp_path: Path) -> None:
    store = store_of(tmp_path, NIGHTLY)
    tag = f"candidate-{NIGHTLY}"
    store.describe(tag, title="", notes="Yanked: wrong numbers <on> arm")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    assert page(store, "simple/iree-runtime/index.html")[0]["data-yanked"] == (
        "wrong numbers <on> arm"
    )
    data = json.loads((store.root / "site/simple/iree-runtime/index.json").read_text())
    assert data["files"][0]["yanked"] == "wrong numbers <on> arm"
    store.describe(tag, title="", notes="Yanked:")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    assert page(store, "simple/iree-runtime/index.html")[0]["data-yanked"] == ""
    data = json.loads((store.root / "site/simple/iree-runtime/index.json").read_text())
    assert data["files"][0]["yanked"] is True


def test_drafts_are_not_listed(tmp_path: Path) -> None:
    store = store_of(tmp_path, NIGHTLY)
    store.draft("candidate-20261126.1", commit=COMMIT, title="", notes="")
    wheel = "iree_runtime-20261126.1-py3-none-any.whl"
    store.put("candidate-20261126.1", Upload.of_bytes(wheel, b""))
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    assert "20261126" not in (store.root / "site/pip-release-links.html").read_text()


def test_releases_without_a_manifest_are_listed_by_file_name(tmp_path: Path) -> None:
    """Catches: an index without the releases of older tools."""
    store = store_of(tmp_path, NIGHTLY)
    store.draft("candidate-20200101.1", commit=COMMIT, title="", notes="")
    for name in ("iree_compiler-1.0-cp38-cp38-win_amd64.whl", "notes.txt", "not-a-wheel.whl"):
        store.put("candidate-20200101.1", Upload.of_bytes(name, name.encode()))
    store.publish("candidate-20200101.1", prerelease=True, latest=False)
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    (link,) = page(store, "simple/iree-compiler/index.html")
    digest = hashlib.sha256(b"iree_compiler-1.0-cp38-cp38-win_amd64.whl").hexdigest()
    assert link["href"].endswith(f"#sha256={digest}")
    assert "data-core-metadata" not in link
    assert "not-a-wheel" not in (store.root / "site/pip-release-links.html").read_text()


def test_the_plus_of_a_local_version_is_escaped_in_urls_only(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    publish(store, tmp_path, "3.14.0+abc.1")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    links = page(store, "simple/iree-tools-tf/index.html")
    assert "iree_tools_tf-3.14.0%2Babc.1-py3-none-any.whl#" in links[0]["href"]
    assert links[0]["text"] == "iree_tools_tf-3.14.0+abc.1-py3-none-any.whl"


@given(st.text(min_size=1), st.text(), st.text())
def test_text_is_escaped(name: str, python: str, yanked: str) -> None:
    """Catches: an asset with HTML in its name."""
    file = SiteFile(name, "wheel", "p", "1", 1, "00", "", f"u/{name}", python or None, None)
    text = templates().get_template("links.html.jinja").render(links=[Link(file, "u", yanked)])
    (link,) = Links(text).found
    assert set(link) <= {"href", "text", "data-requires-python", "data-yanked"}
    plain = {"\r": "\n", "\x00": "\ufffd"}
    expected = python
    for old, new in plain.items():
        expected = expected.replace(old, new)
    if python and "\r" not in python and "\x00" not in python:
        assert link["data-requires-python"] == expected


def test_an_entry_can_be_read_back(written: DirectoryStore) -> None:
    for path in (written.root / "site" / "releases").iterdir():
        found = entry.loads(path.read_bytes(), "")
        assert found is not None
        assert found.to_json() == path.read_bytes()
        assert found.cells
