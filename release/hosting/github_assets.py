"""The assets of a release on GitHub: uploads, downloads and digests."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from typing import BinaryIO

from github import GithubException
from github.GitRelease import GitRelease
from github.GitReleaseAsset import GitReleaseAsset

from release.hosting.github_client import is_taken, utc
from release.hosting.retry import TransientError
from release.hosting.store import Asset, Upload

CHUNK = 1 << 20
_SPOOLED = 8 << 20
"""Downloads up to this size, in bytes, stay in memory."""


class _ProgressReader:
    """A file being uploaded; reports the bytes that are read."""

    def __init__(self, file: BinaryIO, size: int, progress: Callable[[int], None]) -> None:
        self._file = file
        self._size = size
        self._progress = progress
        self.count = 0

    def __len__(self) -> int:
        """Size in bytes, from which requests sets the content length."""
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Reads the next bytes."""
        chunk = self._file.read(size)
        self.count += len(chunk)
        self._progress(len(chunk))
        return chunk


def find(release: GitRelease, name: str) -> GitReleaseAsset | None:
    """The asset with a name, if it exists."""
    return next((asset for asset in release.get_assets() if asset.name == name), None)


def upload(release: GitRelease, content: Upload, progress: Callable[[int], None]) -> None:
    """Uploads a file, and checks the stored asset against its digest.

    Raises:
      TransientError: GitHub stored something else, or another process uploaded the name first.
    """
    with content.open() as file:
        reader = _ProgressReader(file, content.size, progress)
        try:
            asset = release.upload_asset_from_memory(
                reader,  # type: ignore[arg-type]
                content.size,
                content.name,
                content_type="application/octet-stream",
            )
            if asset.state != "uploaded" or digest(asset) != content.sha256:
                asset.delete_asset()
                raise TransientError(f"GitHub stored a corrupt {content.name}")
        except GithubException as error:
            progress(-reader.count)
            if is_taken(error):
                message = f"another process has just uploaded {content.name}"
                raise TransientError(message, 0) from None
            raise
        except BaseException:
            progress(-reader.count)
            raise


def digest(asset: GitReleaseAsset) -> str:
    """The sha256 of an asset in hex; downloads it if GitHub does not report one."""
    if asset.digest and asset.digest.startswith("sha256:"):
        return asset.digest.removeprefix("sha256:")
    with download(asset) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def download(asset: GitReleaseAsset) -> BinaryIO:
    """Downloads an asset completely, and checks its size and digest.

    Raises:
      TransientError: the download does not match them.
    """
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115
    actual = hashlib.sha256()
    try:
        _, _, chunks = asset.download_asset(chunk_size=CHUNK)
        for chunk in chunks:
            actual.update(chunk)
            file.write(chunk)
        expected = (asset.digest or "").removeprefix("sha256:")
        if file.tell() != asset.size or expected not in ("", actual.hexdigest()):
            raise TransientError(f"the download of {asset.name} from GitHub is corrupt")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file  # type: ignore[return-value]


def to_asset(asset: GitReleaseAsset) -> Asset:
    """Converts an asset of PyGithub."""
    reported = asset.digest or ""
    return Asset(
        name=asset.name,
        size=asset.size,
        sha256=reported.removeprefix("sha256:") if reported.startswith("sha256:") else None,
        uploaded=utc(asset.updated_at),
        url=asset.browser_download_url,
        complete=asset.state == "uploaded",
    )
