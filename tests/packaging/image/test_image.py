"""The image of the runner is valid, reproducible, and has everything that bazelw needs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builder.image import oci
from tests.release.gate.smoke.engine import private_engine
from tests.workspace import copy_workspace, root
from toolchains.runner import bootstrap

WORK = "/srv/workspace"


@pytest.fixture(scope="module")
def built() -> Path:
    return Path(os.environ["IMAGE"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with private_engine() as client:
        yield client


def content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file
    return file.read()


def test_everything_that_it_refers_to_is_included(built: Path) -> None:
    with tarfile.open(built) as archive:
        assert json.loads(content(archive, "oci-layout")) == {"imageLayoutVersion": "1.0.0"}
        (manifest_descriptor,) = json.loads(content(archive, "index.json"))["manifests"]
        text = content(archive, f"blobs/{manifest_descriptor['digest'].replace(':', '/')}")
        assert (len(text), hashlib.sha256(text).hexdigest()) == (
            manifest_descriptor["size"],
            manifest_descriptor["digest"].partition(":")[2],
        )
        manifest = json.loads(text)
        for descriptor in (manifest["config"], *manifest["layers"]):
            member = archive.getmember(f"blobs/{descriptor['digest'].replace(':', '/')}")
            assert member.size == descriptor["size"]
            file = archive.extractfile(member)
            assert file
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            assert f"sha256:{digest}" == descriptor["digest"]
        assert set(archive.getnames()) == {
            *("oci-layout", "index.json", "manifest.json"),
            *(
                f"blobs/{descriptor['digest'].replace(':', '/')}"
                for descriptor in (manifest_descriptor, manifest["config"], *manifest["layers"])
            ),
        }


def test_the_same_layer_gives_the_same_image(tmp_path: Path) -> None:
    image = oci.Image("amd64", "a/b:c", ["/bin/sh"], {"B": "2", "A": "1"}, "/")
    outputs = []
    for name in ("one", "other"):
        layer = tmp_path / f"{name}.layer"
        with tarfile.open(layer, "w") as archive:
            archive.addfile(tarfile.TarInfo("etc/passwd"), io.BytesIO())
        os.utime(layer, (len(name), len(name)))
        oci.write(image, layer, tmp_path / name)
        outputs.append((tmp_path / name).read_bytes())
    assert outputs[0] == outputs[1]


def test_the_same_files_give_the_same_layer(tmp_path: Path) -> None:
    """Catches: a layer that depends on user, time, umask, or order."""
    outputs = []
    for name, order, mask in (("one", "abc", 0o022), ("other", "cba", 0o077)):
        umask = os.umask(mask)
        directory = tmp_path / name
        directory.mkdir()
        for letter in order:
            (directory / letter).mkdir()
            (directory / letter / "tool").write_text(letter)
        (directory / "a" / "tool").chmod(0o777 & ~mask)
        (directory / "link").symlink_to("a/tool")
        (directory / "b" / "hard").hardlink_to(directory / "b" / "tool")
        os.umask(umask)
        os.utime(directory / "a", (0, 0))
        bootstrap.pack(directory, tmp_path / f"{name}.tar")
        outputs.append((tmp_path / f"{name}.tar").read_bytes())
    assert outputs[0] == outputs[1]
    with tarfile.open(tmp_path / "one.tar") as archive:
        assert (archive.getmember("a/tool").mode, archive.getmember("c/tool").mode) == (
            0o755,
            0o644,
        )
        assert content(archive, "b/hard") == b"b"


def test_bazelw_works_in_it_without_a_network(built: Path, engine: Any, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    copy_workspace(root(), workspace)
    with built.open("rb") as file:
        (image,) = engine.images.load(file)
    assert image.tags == ["iree-release/runner:latest"]
    container = engine.containers.create(
        image,
        ["./bazelw", "build", "--color=no", "//packaging:plan"],
        network_mode="none",
        working_dir=WORK,
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(workspace, WORK)
    container.put_archive("/", packed.getvalue())
    container.start()
    code = container.wait(timeout=300)["StatusCode"]
    logs = container.logs().decode()
    assert code == 0, logs[-3000:]
    assert "preparing Bazel" not in logs
    stream, _ = container.get_archive(f"{WORK}/bazel-bin/products/iree/plan.json")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        assert archive.getmembers()
