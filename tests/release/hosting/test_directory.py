"""Tests specific to directory stores."""

from __future__ import annotations

import errno
import functools
import http.server
import os
import threading
import urllib.request
from pathlib import Path

import pytest

from release.hosting import directory_files
from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Upload
from release.model.errors import Refused, UsageError
from tests.release.faults.tree import state

TAG = "candidate-20261122.1"
A = "a" * 40


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "store")
    store.draft(TAG, commit=A, title="", notes="")
    return store


def test_reading_does_not_create_the_store(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "none")
    assert list(store.releases()) == []
    assert store.tags() == {}
    store.tidy()
    assert not (tmp_path / "none").exists()


def test_a_directory_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(
        UsageError, match="not a store, and not empty; name an empty or new directory"
    ):
        DirectoryStore(tmp_path)
    with pytest.raises(UsageError, match="not a directory"):
        DirectoryStore(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("store.json", '{"schema": 9}', "schema 9 is not supported, only 1"),
        ("store.json", "{", r"store\.json: not a store"),
    ],
)
def test_an_unsupported_or_invalid_store_is_refused(
    store: DirectoryStore, file: str, content: str, message: str
) -> None:
    (store.root / file).write_text(content)
    with pytest.raises(UsageError, match=message):
        DirectoryStore(store.root)


def test_an_invalid_release_file_is_reported(store: DirectoryStore) -> None:
    path = store.root / "releases" / TAG / "release.json"
    path.write_text('{"title": "x"}')
    with pytest.raises(UsageError, match=r"release\.json: not a release"):
        list(store.releases())


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "a/b", "a\\b", "../../x", "release.json", "a\n", "x" * 201, "\x00"],
)
def test_unsafe_names_are_refused(store: DirectoryStore, name: str) -> None:
    """Catches: an asset that overwrites another, or is written outside of the store."""
    before = state(store.root)
    with pytest.raises(UsageError, match="is not a valid name for a"):
        store.put(TAG, Upload.of_bytes(name, b""))
    with pytest.raises(UsageError, match="is not a valid name for a"):
        store.draft(name, commit=A, title="", notes="")
    with pytest.raises(UsageError, match="is not a valid name for a"):
        store.move_branch(name, A)
    assert state(store.root) == before


def test_a_file_that_changed_after_it_was_checked_is_refused(
    store: DirectoryStore, tmp_path: Path
) -> None:
    path = tmp_path / "a.whl"
    path.write_bytes(b"other")
    with pytest.raises(Refused, match=r"a\.whl: the file changed after it was checked"):
        store.put(TAG, Upload("a.whl", Upload.of_bytes("", b"known").sha256, 5, path))
    assert store.assets(TAG) == {}


def test_a_full_disk_leaves_nothing_half_written(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(store.root)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.put(TAG, Upload.of_bytes("a.whl", b"bytes"))
    monkeypatch.undo()
    assert state(store.root) == before


def test_only_partial_files_of_killed_writers_are_swept(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: an upload whose partial file is deleted by another process's clean-up."""
    stale = store.root / "releases" / TAG / ".dead.whl.1.2"
    stale.write_bytes(b"half")
    copy = directory_files.copy

    def copy_during_another_put(*arguments: object) -> None:
        if threading.current_thread() is threading.main_thread():
            other = threading.Thread(target=store.put, args=(TAG, Upload.of_bytes("b.whl", b"b")))
            other.start()
            other.join()
        copy(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(directory_files, "copy", copy_during_another_put)
    assert store.put(TAG, Upload.of_bytes("a.whl", b"a")) == "uploaded"
    assert set(store.assets(TAG)) == {"a.whl", "b.whl"}
    assert not stale.exists()


def test_an_unlisted_file_is_an_interrupted_upload(store: DirectoryStore) -> None:
    (store.root / "releases" / TAG / "a.whl").write_bytes(b"half")
    assert not store.assets(TAG)["a.whl"].complete
    assert store.put(TAG, Upload.of_bytes("a.whl", b"whole")) == "replaced"
    assert store.assets(TAG)["a.whl"].complete


def test_a_listed_file_that_was_deleted_is_incomplete(store: DirectoryStore) -> None:
    store.put(TAG, Upload.of_bytes("a.whl", b"whole"))
    (store.root / "releases" / TAG / "a.whl").unlink()
    assert not store.assets(TAG)["a.whl"].complete
    assert store.put(TAG, Upload.of_bytes("a.whl", b"whole")) == "replaced"


def test_any_web_server_serves_it(store: DirectoryStore) -> None:
    name = "iree_runtime-3.14.0+abc.1-py3-none-any.whl"
    store.put(TAG, Upload.of_bytes(name, b"bytes"))
    handler = functools.partial(_Quiet, directory=str(store.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/{store.assets(TAG)[name].url}"
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"bytes"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Discards the log."""
