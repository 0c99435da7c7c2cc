"""pip and uv install from the index, by each way that it offers."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.site import site
from release.store.directory import DirectoryStore
from tests.site.samples import NOW, store_of

OLD, NEW = "20261124.1", "20261125.1"
UV = os.environ.get("UV", "uv")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a store; JSON to whom asks for it, as an index may (PEP 691)."""

    asked: list[str]
    negotiates: bool = False

    def do_GET(self) -> None:
        self.asked.append(self.path)
        wanted = "application/vnd.pypi.simple.v1+json"
        folder = Path(self.translate_path(self.path))
        if self.negotiates and wanted in self.headers.get("accept", "") and folder.is_dir():
            content = (folder / "index.json").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", wanted)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Served:
    """A store that is served."""

    def __init__(self, store: DirectoryStore, url: str, handler: type[Handler]) -> None:
        self.store = store
        self.url = url
        self.asked = handler.asked
        self._handler = handler

    def negotiate(self) -> None:
        """Answers in JSON from now on."""
        self._handler.negotiates = True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    store = store_of(tmp_path_factory.mktemp("install"), OLD, NEW)
    site.write(store, store.root / "site", now=NOW)
    return store


@pytest.fixture
def served(store: DirectoryStore) -> Iterator[Served]:
    handler = type("Own", (Handler,), {"asked": []})
    bound = functools.partial(handler, directory=str(store.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), bound) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Served(store, f"http://127.0.0.1:{server.server_port}/site", handler)
        server.shutdown()
        thread.join()


def environment() -> dict[str, str]:
    """Nothing of the user's configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": os.pathsep.join(sys.path)}


def pip(*arguments: object) -> str:
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"]
    return run([*command, "--no-cache-dir", *map(str, arguments)])


def uv(*arguments: object) -> str:
    command = [UV, "pip", "install", "--no-config", "--no-cache", "--python", sys.executable]
    return run([*command, *map(str, arguments)])


def run(command: list[str]) -> str:
    ended = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def version_in(target: Path) -> str:
    return (target / "iree_tools_tf" / "version.py").read_text().split('"')[1]


@pytest.mark.parametrize("installer", [pip, uv])
@pytest.mark.parametrize("language", ["html", "json"])
def test_installers_take_it_for_an_index(
    served: Served, tmp_path: Path, installer: object, language: str
) -> None:
    if language == "json":
        served.negotiate()
    index = ("--index-url", f"{served.url}/simple/")
    installer(*index, "--no-deps", "--target", tmp_path, "iree-tools-tf")  # type: ignore[operator]
    assert version_in(tmp_path) == NEW
    assert any(path.endswith("/simple/iree-tools-tf/") for path in served.asked)


@pytest.mark.parametrize("installer", [pip, uv])
def test_installers_take_the_flat_page(served: Served, tmp_path: Path, installer: object) -> None:
    links = ("--no-index", "--find-links", f"{served.url}/pip-release-links.html")
    wanted = f"iree-tools-tf=={OLD}"
    installer(*links, "--no-deps", "--target", tmp_path, wanted)  # type: ignore[operator]
    assert version_in(tmp_path) == OLD


def test_the_flat_page_works_as_a_file(store: DirectoryStore, tmp_path: Path) -> None:
    page = store.root / "site" / "pip-release-links.html"
    pip("--no-index", "--find-links", page, "--no-deps", "--target", tmp_path, "iree-tools-tf")
    assert version_in(tmp_path) == NEW


def test_the_line_that_notes_give_works(store: DirectoryStore, tmp_path: Path) -> None:
    links = store.find_links(f"candidate-{OLD}")
    pip("--no-index", "--find-links", links, "--no-deps", "--target", tmp_path, "iree-tools-tf")
    assert version_in(tmp_path) == OLD


def test_resolving_fetches_metadata_and_no_wheel(served: Served, tmp_path: Path) -> None:
    """Catches: 80 MB to learn what a wheel requires."""
    report = tmp_path / "report.json"
    pip(
        *("--index-url", f"{served.url}/simple/", "--no-deps", "--dry-run", "--ignore-installed"),
        *("--report", report, "--target", tmp_path / "t", "iree-tools-tf"),
    )
    assert any(path.endswith(".whl.metadata") for path in served.asked)
    assert not any(path.endswith(".whl") for path in served.asked)
    (found,) = json.loads(report.read_text())["install"]
    assert found["metadata"]["version"] == NEW


def test_a_yanked_release_is_passed_over(tmp_path: Path) -> None:
    store = store_of(tmp_path, OLD, NEW)
    store.describe(f"candidate-{NEW}", title="", notes="Yanked: wrong numbers")
    site.write(store, store.root / "site", now=NOW)
    page = store.root / "site" / "pip-release-links.html"
    target = tmp_path / "target"
    pip("--no-index", "--find-links", page, "--no-deps", "--target", target, "iree-tools-tf")
    assert version_in(target) == OLD


def test_a_python_that_is_too_old_is_not_served(tmp_path: Path) -> None:
    """Catches: users of older Pythons that get wheels which break."""
    store = store_of(tmp_path, OLD)
    site.write(store, store.root / "site", now=NOW)
    page = store.root / "site" / "pip-release-links.html"
    text = page.read_text()
    # The same index, of a Python that is not yet.
    newer = page.with_name("newer.html")
    newer.write_text(text.replace("&gt;=3.11", "&gt;=3.99"))
    arguments = ["--no-index", "--find-links", newer, "--no-deps", "--target", tmp_path / "t"]
    with pytest.raises(AssertionError, match=r"Requires-Python|No matching distribution"):
        pip(*arguments, "iree-tools-tf")
