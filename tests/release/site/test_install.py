"""Installing from the index with pip and uv, through each of its pages."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.hosting import catalogue
from release.hosting.directory_store import DirectoryStore
from release.model import version as versions
from release.publish import notes
from release.site import site
from tests.release.publish.samples import make_release
from tests.release.site.samples import NOW, PRODUCT, publish, store_of

OLD, NEW = "20261124.1", "20261125.1"
SHOWN = ("20261124.1", "3.14.0rc20261122", "3.14.0", "0.dev0")
"""A version of each kind: the page has an install command for the newest of each."""
KINDS = ("3.14.0+mine.1", "0.dev0+mine.1", *SHOWN)
UV = os.environ.get("UV", "uv")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a store, with JSON pages to clients that accept them (PEP 691)."""

    requested: list[str]
    negotiates: bool = False

    def do_GET(self) -> None:
        self.requested.append(self.path)
        json_type = "application/vnd.pypi.simple.v1+json"
        directory = Path(self.translate_path(self.path))
        if self.negotiates and json_type in self.headers.get("accept", "") and directory.is_dir():
            content = (directory / "index.json").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", json_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


class Served:
    """A store that is served over HTTP."""

    def __init__(self, store: DirectoryStore, url: str, handler: type[Handler]) -> None:
        self.store = store
        self.url = url
        self.requested = handler.requested
        self._handler = handler

    def negotiate(self) -> None:
        """Makes the server answer with JSON to clients that accept it."""
        self._handler.negotiates = True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    store = store_of(tmp_path_factory.mktemp("install"), OLD, NEW)
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    return store


@pytest.fixture
def served(store: DirectoryStore) -> Iterator[Served]:
    handler = type("StoreHandler", (Handler,), {"requested": []})
    bound = functools.partial(handler, directory=str(store.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), bound) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Served(store, f"http://127.0.0.1:{server.server_port}/site", handler)
        server.shutdown()
        thread.join()


def environment() -> dict[str, str]:
    """An environment without the user's configuration."""
    variables = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    return {**variables, "PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": os.pathsep.join(sys.path)}


def pip(*arguments: object) -> str:
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"]
    return run([*command, "--no-cache-dir", *map(str, arguments)])


def uv(*arguments: object) -> str:
    command = [UV, "pip", "install", "--no-config", "--no-cache", "--python", sys.executable]
    return run([*command, *map(str, arguments)])


def run(command: list[str]) -> str:
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def version_in(target: Path) -> str:
    return (target / "iree_tools_tf" / "version.py").read_text().split('"')[1]


@pytest.mark.parametrize("installer", [pip, uv])
@pytest.mark.parametrize("language", ["html", "json"])
def test_installers_use_it_as_an_index(
    served: Served, tmp_path: Path, installer: object, language: str
) -> None:
    if language == "json":
        served.negotiate()
    index = ("--index-url", f"{served.url}/simple/")
    installer(*index, "--no-deps", "--target", tmp_path, "iree-tools-tf")  # type: ignore[operator]
    assert version_in(tmp_path) == NEW
    assert any(path.endswith("/simple/iree-tools-tf/") for path in served.requested)


@pytest.mark.parametrize("installer", [pip, uv])
def test_installers_use_the_flat_page(served: Served, tmp_path: Path, installer: object) -> None:
    links = ("--no-index", "--find-links", f"{served.url}/pip-release-links.html")
    requirement = f"iree-tools-tf=={OLD}"
    installer(*links, "--no-deps", "--target", tmp_path, requirement)  # type: ignore[operator]
    assert version_in(tmp_path) == OLD


def test_the_flat_page_works_as_a_local_file(store: DirectoryStore, tmp_path: Path) -> None:
    page = store.root / "site" / "pip-release-links.html"
    pip("--no-index", "--find-links", page, "--no-deps", "--target", tmp_path, "iree-tools-tf")
    assert version_in(tmp_path) == NEW


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    """A store with a release of each kind, and versions with local labels."""
    scratch = tmp_path_factory.mktemp("mixed")
    store = DirectoryStore(scratch / "store")
    for number, version in enumerate(KINDS):
        publish(store, scratch, version, days=len(KINDS) - number, native=())
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    return store


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public registry with a version that is higher than all others."""
    return make_release(tmp_path_factory.mktemp("public") / "r", "20991231.1", native=())


@pytest.mark.parametrize("installer", [pip, uv])
@pytest.mark.parametrize("version", SHOWN)
def test_the_command_in_the_notes_installs_that_version(
    mixed: DirectoryStore, registry: Path, tmp_path: Path, version: str, installer: object
) -> None:
    """Catches: a command that installs a higher version from the registry, or ignores a
    pre-release."""
    tag = versions.tag_of(version)
    stated = catalogue.manifest_of(mixed, tag)
    assert stated
    pip_word, install, *words = notes.install_line(mixed, tag, stated, PRODUCT).split()
    assert (pip_word, install, words[-1]) == ("pip", "install", f"iree-tools-tf=={version}")
    more = (
        "--no-index",
        "--find-links",
        registry / "wheelhouse",
        "--no-deps",
        "--target",
        tmp_path,
    )
    installer(*words, *more)  # type: ignore[operator]
    assert version_in(tmp_path) == version


@pytest.mark.parametrize("installer", [pip, uv])
@pytest.mark.parametrize("version", ["3.14.0", "0.dev0"])
def test_the_command_on_the_page_installs_that_version(
    mixed: DirectoryStore, registry: Path, tmp_path: Path, version: str, installer: object
) -> None:
    """Catches: ==0.dev0, which selects 0.dev0+mine.1 from the list of all wheels."""
    page = mixed.root / "site"
    lines = re.findall(
        r"</span> (iree-tools-tf===?(\S+))</code>", (page / "index.html").read_text()
    )
    pins = {found: pin for pin, found in lines}
    assert set(pins) == set(SHOWN)
    links = ("--no-index", "--find-links", page / "pip-release-links.html")
    more = ("--find-links", registry / "wheelhouse", "--no-deps", "--target", tmp_path)
    installer(*links, *more, pins[version])  # type: ignore[operator]
    assert version_in(tmp_path) == version


def test_resolving_fetches_metadata_and_no_wheel(served: Served, tmp_path: Path) -> None:
    """Catches: downloading 80 MB to read the requirements of a wheel."""
    report = tmp_path / "report.json"
    pip(
        *("--index-url", f"{served.url}/simple/", "--no-deps", "--dry-run", "--ignore-installed"),
        *("--report", report, "--target", tmp_path / "t", "iree-tools-tf"),
    )
    assert any(path.endswith(".whl.metadata") for path in served.requested)
    assert not any(path.endswith(".whl") for path in served.requested)
    (found,) = json.loads(report.read_text())["install"]
    assert found["metadata"]["version"] == NEW


def test_installers_skip_a_yanked_release(tmp_path: Path) -> None:
    store = store_of(tmp_path, OLD, NEW)
    store.describe(f"candidate-{NEW}", title="", notes="Yanked: wrong numbers")
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    page = store.root / "site" / "pip-release-links.html"
    target = tmp_path / "target"
    pip("--no-index", "--find-links", page, "--no-deps", "--target", target, "iree-tools-tf")
    assert version_in(target) == OLD


def test_installers_skip_wheels_for_newer_pythons(tmp_path: Path) -> None:
    """Catches: wheels that an older Python installs and cannot run."""
    store = store_of(tmp_path, OLD)
    site.write(store, store.root / "site", PRODUCT, now=NOW)
    page = store.root / "site" / "pip-release-links.html"
    text = page.read_text()
    # The same page, but for a future Python.
    newer = page.with_name("newer.html")
    newer.write_text(text.replace("&gt;=3.11", "&gt;=3.99"))
    arguments = ["--no-index", "--find-links", newer, "--no-deps", "--target", tmp_path / "t"]
    with pytest.raises(AssertionError, match=r"Requires-Python|No matching distribution"):
        pip(*arguments, "iree-tools-tf")
