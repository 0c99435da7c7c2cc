"""A Python package registry: read through its simple index, written to with twine.

The index lists the files with digests (PEP 503, 691, 700). An upload is never repeated blindly:
after each attempt the index is read, whatever the response was.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import ipaddress
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from pypi_simple import (
    DigestMismatchError,
    NoSuchProjectError,
    PyPISimple,
    UnexpectedRepoVersionWarning,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.repository import Repository
from twine.settings import Settings

from release.hosting.retry import RetryPolicy, TransientError
from release.model.errors import Refused, UsageError
from release.registry.file import RegistryFile, UploadResult

Result = TypeVar("Result")

_TRANSIENT = (408, 425, 429)
_FORBIDDEN = (401, 403)
_TOO_LARGE = 413
_SERVER_ERROR = 500
_INDEX_PATHS = ("simple/", "+simple/")
"""Usual paths of the index below the upload URL: of pypiserver, of devpi."""


class Registry:
    """A package registry."""

    index: str
    """URL of its simple index."""
    upload: str | None
    """URL to upload files to; None if it is only read."""

    def __init__(self, index: str, upload: str | None, retry_policy: RetryPolicy) -> None:
        """A registry.

        Args:
          index: URL of its simple index.
          upload: URL to upload files to; None if it is only read.
          retry_policy: how to retry requests.
        """
        self.index = index if index.endswith("/") else f"{index}/"
        self.upload = upload
        self._retry_policy = retry_policy
        self._session = requests.Session()
        # As pip does: a page that was cached before an upload is out of date.
        self._session.headers["Cache-Control"] = "max-age=0"
        _set_timeout(self._session, retry_policy)
        self._simple = PyPISimple(self.index, session=self._session)

    @classmethod
    def open(cls, index: str | None, upload: str | None = None) -> Registry:
        """Opens a registry by its URLs.

        Args:
          index: URL of its simple index; by default searched for below `upload`.
          upload: URL to upload files to.

        Raises:
          UsageError: a URL is malformed, or the index is not found.
          RemoteError: it cannot be reached now.
        """
        retry_policy = RetryPolicy.from_environment()
        for option, url, example in (("--index", index, "simple/"), ("--registry", upload, "")):
            if url is not None and urlsplit(url).scheme not in ("http", "https"):
                raise UsageError(f"{option} {url}: write a URL, such as https://HOST/{example}")
            if url is not None and urlsplit(url).password:
                raise UsageError(
                    f"{option}: the URL must not contain a password; set TWINE_PASSWORD instead"
                )
        if index:
            return cls(index, upload, retry_policy)
        if upload is None:
            raise UsageError("name the registry's simple index with --index URL")
        base = upload if upload.endswith("/") else f"{upload}/"
        for path in _INDEX_PATHS:
            registry = cls(base + path, upload, retry_policy)
            if registry._has_index():
                return registry
        raise UsageError(
            f"--registry {upload}: no simple index found below it; name it with --index URL"
        )

    @property
    def local(self) -> bool:
        """Whether it runs on this machine."""
        host = urlsplit(self.upload or self.index).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def host(self) -> str:
        """Its host, for messages."""
        return urlsplit(self.upload or self.index).netloc.rpartition("@")[2]

    def files(self, project: str) -> Mapping[str, RegistryFile]:
        """The files of a project by name; empty if the project does not exist.

        Raises:
          RemoteError: the registry cannot be reached now.
          UsageError: the URL is not a simple index.
        """

        def read() -> Mapping[str, RegistryFile]:
            with _translated_errors(self.index):
                try:
                    page = self._simple.get_project_page(project)
                except NoSuchProjectError:
                    return {}
                return {
                    package.filename: RegistryFile(
                        name=package.filename,
                        project=project,
                        version=package.version,
                        sha256=package.digests.get("sha256") or self._digest(package.url),
                        size=package.size,
                        yanked=package.is_yanked,
                    )
                    for package in page.packages
                }

        return self._retry_policy.call(f"reading the files of {project}", read)

    def files_of(self, projects: Iterable[str]) -> dict[str, Mapping[str, RegistryFile]]:
        """The files of several projects; reads each project once.

        Raises:
          RemoteError, UsageError: as `files`.
        """
        return {project: self.files(project) for project in dict.fromkeys(projects)}

    def download(self, project: str, name: str, target: Path) -> None:
        """Downloads a file, and checks it against the digest that the registry reports.

        Raises:
          Refused: the file does not exist, or does not match.
          RemoteError: the registry cannot be reached now.
        """

        def fetch() -> None:
            with _translated_errors(self.index):
                for package in self._simple.get_project_page(project).packages:
                    if package.filename == name:
                        self._simple.download_package(package, target, verify=bool(package.digests))
                        return
            raise Refused(f"{self.host}: {name} does not exist")

        try:
            self._retry_policy.call(f"fetching {name}", fetch)
        except (NoSuchProjectError, DigestMismatchError) as error:
            raise Refused(f"{self.host}: {name} cannot be downloaded ({error})") from error

    def put(self, wheel: Path, project: str, sha256: str) -> UploadResult:
        """Ensures that the registry has a wheel, which it lacked when it was last read.

        Args:
          wheel: the file.
          project: its project.
          sha256: its digest in hex.

        Raises:
          Refused: the registry rejects it, or has a different file with that name.
          UsageError: the credentials are missing or rejected.
          RemoteError: the upload failed; a rerun continues.
        """
        attempted, result = False, None

        def upload() -> UploadResult:
            nonlocal attempted, result
            existing = self.files(project).get(wheel.name) if attempted else None
            if existing is None and result is None:
                attempted = True
                result = self._send(wheel, project)
                existing = self.files(project).get(wheel.name)
            if existing is None:
                # The upload was accepted and is not repeated: the index may lag behind.
                raise TransientError(f"{self.host} does not show {wheel.name} yet")
            if difference := self.difference(existing, sha256):
                raise Refused(difference)
            return result or "uploaded"

        return self._retry_policy.call(f"uploading {wheel.name}", upload)

    def difference(self, file: RegistryFile, sha256: str) -> str | None:
        """Describes how a file on the registry differs from the expected one; None if equal."""
        if file.sha256 == sha256:
            return None
        return (
            f"{self.host} already has a different {file.name} (sha256 {file.sha256[:12]}, expected "
            f"{sha256[:12]}), and file names are permanent; release another version"
        )

    def _send(self, wheel: Path, project: str) -> UploadResult:
        """Uploads a wheel once; the caller checks the result in the index."""
        assert self.upload, "the registry was opened with an upload URL"
        with _translated_errors(self.upload, "an upload URL"):
            try:
                # Hide what twine prints for its own command line. Retries are disabled, since the
                # first attempt may have succeeded.
                with contextlib.redirect_stdout(io.StringIO()):
                    package = PackageFile.from_filename(str(wheel), None)
                    response = self._repository.upload(package, max_redirects=1)
            except TwineException as error:
                message = " ".join(str(error).split())
                raise UsageError(
                    f"{self.host}: {message}; set TWINE_USERNAME=__token__ and TWINE_PASSWORD to a "
                    "token"
                ) from error
        if response.ok:
            return "uploaded"
        message = f"{self.host} answers {response.status_code} {response.reason}"
        if response.status_code in _TRANSIENT or response.status_code >= _SERVER_ERROR:
            raise TransientError(message, _retry_after(response))
        if response.status_code in _FORBIDDEN:
            raise UsageError(
                f"{message} to {wheel.name}: TWINE_USERNAME and TWINE_PASSWORD do not allow the "
                "upload"
            )
        if response.status_code == _TOO_LARGE:
            raise Refused(
                f"{message} to {wheel.name}: the file exceeds its size limit; request a higher one"
            )
        # Another process may have just uploaded the same file.
        if wheel.name in self.files(project):
            return "present"
        raise Refused(f"{message} to {wheel.name}: the upload was rejected")

    @functools.cached_property
    def _repository(self) -> Repository:
        assert self.upload, "the registry was opened with an upload URL"
        logging.getLogger("twine").setLevel(logging.ERROR)
        # Credentials come from the environment, never from a key ring or a file.
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        username, password = (os.environ.get(f"TWINE_{name}") for name in ("USERNAME", "PASSWORD"))
        if self.local and not username:
            # A local registry may not need credentials, but twine requires a user name.
            username, password = "anonymous", password or "anonymous"
        repository = Settings(
            repository_url=self.upload,
            username=username,
            password=password,
            non_interactive=True,
            disable_progress_bar=True,
            config_file=os.devnull,
        ).create_repository()
        _set_timeout(repository.session, self._retry_policy)
        return repository

    def _digest(self, url: str) -> str:
        """The sha256 of a file whose digest the registry does not report."""
        digest = hashlib.sha256()
        with self._session.get(url, stream=True) as response:
            response.raise_for_status()
            for chunk in response.iter_content(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def _has_index(self) -> bool:
        def read() -> bool:
            try:
                with (
                    _translated_errors(self.index),
                    # The index may list a huge number of projects: read only the headers.
                    self._session.get(self.index, stream=True) as response,
                ):
                    response.raise_for_status()
                    return True
            except (UsageError, requests.HTTPError):
                return False

        return self._retry_policy.call("looking for the simple index", read)


@contextlib.contextmanager
def _translated_errors(url: str, kind: str = "a simple index") -> Iterator[None]:
    """Translates exceptions of a request.

    Args:
      url: the URL that is requested.
      kind: what it should be, for messages.
    """
    host = urlsplit(url).netloc.rpartition("@")[2]
    try:
        yield
    except requests.HTTPError as error:
        response = error.response
        assert response is not None, "an HTTPError has a response"
        if response.status_code in _TRANSIENT or response.status_code >= _SERVER_ERROR:
            message = f"{host} answers {response.status_code}"
            raise TransientError(message, _retry_after(response)) from error
        raise UsageError(
            f"{url} answers {response.status_code} {response.reason}; check that it is {kind}"
        ) from error
    except (
        UnsupportedContentTypeError,
        UnsupportedRepoVersionError,
        UnexpectedRepoVersionWarning,
        requests.exceptions.InvalidURL,
        requests.TooManyRedirects,
    ) as error:
        raise UsageError(f"{url} is not {kind} ({error})") from error
    except requests.RequestException as error:
        timeout = isinstance(error, requests.Timeout)
        raise TransientError(
            f"{host} {'did not respond in time' if timeout else 'cannot be reached'}"
        ) from error


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None


def _set_timeout(session: requests.Session, retry_policy: RetryPolicy) -> None:
    """Sets the timeout of every request of a session, even if a caller sets it to None."""
    request: Callable[..., requests.Response] = session.request

    def request_with_timeout(*args: Any, **kwargs: Any) -> requests.Response:
        return request(*args, **{**kwargs, "timeout": retry_policy.timeout})

    session.request = request_with_timeout  # type: ignore[method-assign]
