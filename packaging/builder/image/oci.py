"""Writes a container image of one layer, as an OCI image layout in a tar archive.

It follows the OCI Image Format Specification 1.1, and adds the `manifest.json` of `docker save` for
engines that do not support the layout. The archive contains no build times.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from builder.assembly import modes, request
from builder.assembly.errors import run

_CREATED = "1980-01-01T00:00:00Z"
_TIME = 315532800
_BLOBS = "blobs/sha256/"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Image:
    """The configuration of an image."""

    architecture: str
    """Processor, by its name in Go: amd64 or arm64."""
    reference: str
    """NAME:TAG."""
    command: Sequence[str]
    environment: Mapping[str, str]
    working_directory: str


def write(image: Image, layer: Path, output: Path) -> None:
    """Writes an image.

    Args:
      image: its configuration.
      layer: its file system: an uncompressed tar archive.
      output: the archive to write.

    Raises:
      OSError: a file cannot be read or written.
    """
    with layer.open("rb") as file:
        diff_id = hashlib.file_digest(file, "sha256").hexdigest()
    layer_descriptor = {
        "mediaType": _LAYER,
        "digest": f"sha256:{diff_id}",
        "size": layer.stat().st_size,
    }
    config = _json(
        {
            "architecture": image.architecture,
            "os": "linux",
            "created": _CREATED,
            "config": {
                "Cmd": list(image.command),
                "Env": [f"{name}={value}" for name, value in sorted(image.environment.items())],
                "WorkingDir": image.working_directory,
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
            "history": [{"created": _CREATED, "comment": "iree-release"}],
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [layer_descriptor],
        }
    )
    annotations = {
        "io.containerd.image.name": f"docker.io/{image.reference}",
        "org.opencontainers.image.ref.name": image.reference.rpartition(":")[2],
    }
    index = _json(
        {
            "schemaVersion": 2,
            "mediaType": _INDEX,
            "manifests": [{**_descriptor(_MANIFEST, manifest), "annotations": annotations}],
        }
    )
    docker_manifest = _json(
        [
            {
                "Config": f"{_BLOBS}{_sha256(config)}",
                "RepoTags": [image.reference],
                "Layers": [f"{_BLOBS}{diff_id}"],
            }
        ]
    )
    files: dict[str, bytes | Path] = {
        "oci-layout": _json({"imageLayoutVersion": "1.0.0"}),
        "index.json": index,
        "manifest.json": docker_manifest,
        f"{_BLOBS}{_sha256(config)}": config,
        f"{_BLOBS}{_sha256(manifest)}": manifest,
        f"{_BLOBS}{diff_id}": layer,
    }
    with tarfile.open(output, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            _add(archive, name, content)


def main() -> None:
    """Writes the image that the request describes."""
    options = request.from_command_line()
    write(
        Image(
            architecture=options["architecture"],
            reference=options["reference"],
            command=options["command"],
            environment=options["environment"],
            working_directory=options["working_directory"],
        ),
        Path(options["layer"]),
        Path(options["output"]),
    )


def _add(archive: tarfile.TarFile, name: str, content: bytes | Path) -> None:
    info = tarfile.TarInfo(name)
    info.mtime = _TIME
    info.mode = modes.PLAIN
    if isinstance(content, bytes):
        info.size = len(content)
        archive.addfile(info, BytesIO(content))
        return
    info.size = content.stat().st_size
    with content.open("rb") as file:
        archive.addfile(info, file)


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{_sha256(content)}",
        "size": len(content),
    }


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    run(main)
