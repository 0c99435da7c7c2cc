"""A local package registry that pip downloads from."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.packaging.upstream import UpstreamWheel


class Registry:
    """A registry whose files tests can change."""

    def __init__(self, directory: Path) -> None:
        """Serves `directory`."""
        self.directory = directory
        self.requests: list[str] = []
        registry = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_request(self, code: object = "-", _size: object = "-") -> None:
                registry.requests.append(f"{self.path} {code}")

            def log_message(self, *_arguments: object) -> None:
                """Prints nothing, since tests check standard error."""

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(directory))
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, wheel: UpstreamWheel) -> str:
        """Adds a wheel; returns its digest."""
        return self.add("iree-base-runtime", wheel.filename, wheel.to_bytes())

    def add(self, project: str, filename: str, content: bytes) -> str:
        """Adds a file; returns its digest."""
        page = self.directory / project
        page.mkdir(exist_ok=True)
        (page / filename).write_bytes(content)
        names = sorted(path.name for path in page.iterdir() if path.suffix == ".whl")
        (page / "index.html").write_text("".join(f'<a href="{name}">{name}</a>' for name in names))
        return hashlib.sha256(content).hexdigest()

    def close(self) -> None:
        """Stops answering."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def pip_registry(directory: Path) -> Iterator[Registry]:
    """A registry below `directory` that is configured as pip's index, with an empty user cache."""
    root = directory / "registry"
    root.mkdir()
    registry = Registry(root)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            patch.delenv(name)
        patch.setenv("PIP_INDEX_URL", registry.url)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_CACHE_DIR", "1")
        patch.setenv("PIP_RETRIES", "0")
        patch.setenv("IREE_RELEASE_CACHE", str(directory / "cache"))
        yield registry
    registry.close()
