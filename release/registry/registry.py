"""A registry of Python packages: asked by its simple index, written to as twine does.

The index says what is there, with digests (PEP 503, 691, 700). An upload is never repeated blindly:
after each try the index is asked, whatever the answer was.
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
from release.registry.file import Placed, RegistryFile

Answer = TypeVar("Answer")

_PASSING = (408, 425, 429)
_FORBIDDEN = (401, 403)
_TOO_LARGE = 413
_SERVER_ERROR = 500
_GUESSES = ("simple/", "+simple/")
"""Where indexes are, seen from where is uploaded: pypiserver's, devpi's."""


class Registry:
    """A registry."""

    index: str
    """URL of its simple index."""
    upload: str | None
    """URL that files are sent to; None: it is only asked."""

    def __init__(self, index: str, upload: str | None, patience: RetryPolicy) -> None:
        """A registry.

        Args:
          index: URL of its simple index.
          upload: URL that files are sent to; None: it is only asked.
          patience: how often it is asked again.
        """
        self.index = index if index.endswith("/") else f"{index}/"
        self.upload = upload
        self._patience = patience
        self._session = requests.Session()
        # As pip does: what was true before an upload is no answer after it.
        self._session.headers["Cache-Control"] = "max-age=0"
        _limit_time(self._session, patience)
        self._simple = PyPISimple(self.index, session=self._session)

    @classmethod
    def open(cls, index: str | None, upload: str | None = None) -> Registry:
        """A registry by its addresses.

        Args:
          index: URL of its simple index; when left out it is looked for below `upload`.
          upload: URL that files are sent to.

        Raises:
          UsageError: an address is malformed, or the index is not found.
          RemoteError: it cannot be reached now.
        """
        patience = RetryPolicy.from_environment()
        for option, url, example in (("--index", index, "simple/"), ("--registry", upload, "")):
            if url is not None and urlsplit(url).scheme not in ("http", "https"):
                raise UsageError(f"{option} {url}: write a URL, such as https://HOST/{example}")
            if url is not None and urlsplit(url).password:
                raise UsageError(
                    f"{option}: it must not hold a password; give it in TWINE_PASSWORD"
                )
        if index:
            return cls(index, upload, patience)
        if upload is None:
            raise UsageError("name the registry's simple index with --index URL")
        base = upload if upload.endswith("/") else f"{upload}/"
        for guess in _GUESSES:
            registry = cls(base + guess, upload, patience)
            if registry._has_index():
                return registry
        raise UsageError(
            f"--registry {upload}: no simple index is below it; name it with --index URL"
        )

    @property
    def local(self) -> bool:
        """Whether what is sent stays on this machine."""
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
        """The files of a project by name; none when there is no such project.

        Raises:
          RemoteError: it cannot be asked now.
          UsageError: it is no registry.
        """

        def asked() -> Mapping[str, RegistryFile]:
            with _understood(self.index):
                try:
                    page = self._simple.get_project_page(project)
                except NoSuchProjectError:
                    return {}
                return {
                    one.filename: RegistryFile(
                        name=one.filename,
                        project=project,
                        version=one.version,
                        sha256=one.digests.get("sha256") or self._digest(one.url),
                        size=one.size,
                        yanked=one.is_yanked,
                    )
                    for one in page.packages
                }

        return self._patience.ask(f"asking for {project}", asked)

    def files_of(self, projects: Iterable[str]) -> dict[str, Mapping[str, RegistryFile]]:
        """The files of several projects, each asked for once.

        Raises:
          RemoteError, UsageError: as `files`.
        """
        return {project: self.files(project) for project in dict.fromkeys(projects)}

    def download(self, project: str, name: str, target: Path) -> None:
        """Fetches a file, held against the digest that the registry tells.

        Raises:
          Refused: it has no such file, or sends other bytes.
          RemoteError: it cannot be asked now.
        """

        def fetched() -> None:
            with _understood(self.index):
                for one in self._simple.get_project_page(project).packages:
                    if one.filename == name:
                        self._simple.download_package(one, target, verify=bool(one.digests))
                        return
            raise Refused(f"{self.host}: it has no {name}")

        try:
            self._patience.ask(f"fetching {name}", fetched)
        except (NoSuchProjectError, DigestMismatchError) as error:
            raise Refused(f"{self.host}: {name} cannot be had ({error})") from error

    def put(self, wheel: Path, project: str, sha256: str) -> Placed:
        """Sees to it that the registry has a wheel, which it had not when it was asked last.

        Args:
          wheel: the file.
          project: its project.
          sha256: its digest in hex.

        Raises:
          Refused: the registry does not take it, or has other bytes under that name.
          UsageError: the credentials are not accepted, or there are none.
          RemoteError: it failed; a rerun goes on.
        """
        tried, placed = False, None

        def done() -> Placed:
            nonlocal tried, placed
            there = self.files(project).get(wheel.name) if tried else None
            if there is None and placed is None:
                tried = True
                placed = self._send(wheel, project)
                there = self.files(project).get(wheel.name)
            if there is None:
                # It was taken, and is not sent again: an index may be behind.
                raise TransientError(f"{self.host} does not show {wheel.name} yet")
            if told := self.difference(there, sha256):
                raise Refused(told)
            return placed or "uploaded"

        return self._patience.ask(f"uploading {wheel.name}", done)

    def difference(self, there: RegistryFile, sha256: str) -> str | None:
        """In what a file that it has differs from what it should be, in words."""
        if there.sha256 == sha256:
            return None
        return (
            f"{self.host}: {there.name} is there with other bytes (sha256 "
            f"{there.sha256[:12]}, not {sha256[:12]}), and no name is taken twice; release "
            "under another version"
        )

    def _send(self, wheel: Path, project: str) -> Placed:
        """Sends a wheel once; whether it is there now, with these bytes, is to be asked."""
        assert self.upload, "it is opened with one"
        with _understood(self.upload, "where twine uploads to"):
            try:
                # What it prints is meant for its own command line. Left to itself it would send
                # again what may have arrived.
                with contextlib.redirect_stdout(io.StringIO()):
                    package = PackageFile.from_filename(str(wheel), None)
                    answer = self._repository.upload(package, max_redirects=1)
            except TwineException as error:
                said = " ".join(str(error).split())
                raise UsageError(
                    f"{self.host}: {said}; give a token in TWINE_PASSWORD with "
                    "TWINE_USERNAME=__token__"
                ) from error
        if answer.ok:
            return "uploaded"
        said = f"{self.host} answers {answer.status_code} {answer.reason}"
        if answer.status_code in _PASSING or answer.status_code >= _SERVER_ERROR:
            raise TransientError(said, _after(answer))
        if answer.status_code in _FORBIDDEN:
            raise UsageError(
                f"{said} to {wheel.name}: TWINE_USERNAME and TWINE_PASSWORD do not give the right "
                "to upload it"
            )
        if answer.status_code == _TOO_LARGE:
            raise Refused(f"{said} to {wheel.name}: it takes no file that large; ask for more")
        # Somebody else may have been quicker, with the same bytes: then all is well.
        if wheel.name in self.files(project):
            return "present"
        raise Refused(f"{said} to {wheel.name}, and does not take it")

    @functools.cached_property
    def _repository(self) -> Repository:
        assert self.upload, "it is opened with one"
        logging.getLogger("twine").setLevel(logging.ERROR)
        # Secrets come from the environment, never from a key ring or a file.
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        username, password = (os.environ.get(f"TWINE_{name}") for name in ("USERNAME", "PASSWORD"))
        if self.local and not username:
            # A registry of this machine may let everybody in, and twine asks for a name.
            username, password = "anonymous", password or "anonymous"
        repository = Settings(
            repository_url=self.upload,
            username=username,
            password=password,
            non_interactive=True,
            disable_progress_bar=True,
            config_file=os.devnull,
        ).create_repository()
        _limit_time(repository.session, self._patience)
        return repository

    def _digest(self, url: str) -> str:
        """The sha256 of a file whose digest the registry does not tell."""
        digest = hashlib.sha256()
        with self._session.get(url, stream=True) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_content(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def _has_index(self) -> bool:
        def asked() -> bool:
            try:
                with (
                    _understood(self.index),
                    # It may list each project there is: its head says enough.
                    self._session.get(self.index, stream=True) as answer,
                ):
                    answer.raise_for_status()
                    return True
            except (UsageError, requests.HTTPError):
                return False

        return self._patience.ask("looking for its simple index", asked)


@contextlib.contextmanager
def _understood(url: str, what: str = "a simple index") -> Iterator[None]:
    """Makes what went wrong with a request one of our errors.

    Args:
      url: what was asked.
      what: what that should be.
    """
    host = urlsplit(url).netloc.rpartition("@")[2]
    try:
        yield
    except requests.HTTPError as error:
        answer = error.response
        assert answer is not None, "a status is what it is about"
        if answer.status_code in _PASSING or answer.status_code >= _SERVER_ERROR:
            raise TransientError(f"{host} answers {answer.status_code}", _after(answer)) from error
        raise UsageError(
            f"{url}: it answers {answer.status_code} {answer.reason}; is that {what}?"
        ) from error
    except (
        UnsupportedContentTypeError,
        UnsupportedRepoVersionError,
        UnexpectedRepoVersionWarning,
        requests.exceptions.InvalidURL,
        requests.TooManyRedirects,
    ) as error:
        raise UsageError(f"{url}: that is not {what} ({error})") from error
    except requests.RequestException as error:
        kind = "does not answer" if isinstance(error, requests.Timeout) else "cannot be reached"
        raise TransientError(f"{host} {kind}") from error


def _after(answer: requests.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None


def _limit_time(session: requests.Session, patience: RetryPolicy) -> None:
    """Lets no request of a session wait for ever: not where a caller sets its time-out to None."""
    request: Callable[..., requests.Response] = session.request

    def limited(*arguments: Any, **named: Any) -> requests.Response:
        return request(*arguments, **{**named, "timeout": patience.timeout})

    session.request = limited  # type: ignore[method-assign]
