"""A store on GitHub: the releases page of a repository."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from github import GithubException
from github.GitRef import GitRef
from github.GitRelease import GitRelease
from github.GitReleaseAsset import GitReleaseAsset
from github.Repository import Repository

from release.hosting.catalogue import LOCK
from release.hosting.github_client import CONFLICT, NOT_FOUND, UNPROCESSABLE, Client, is_taken, utc
from release.hosting.github_lease import hold
from release.hosting.retry import RetryPolicy, TransientError
from release.hosting.store import (
    Absent,
    Asset,
    Conflict,
    Placed,
    Store,
    StoredRelease,
    StoreLimits,
    Upload,
)

_CHUNK = 1 << 20
_MOST_ASSETS = 1000
_LARGEST = (2 << 30) - 1
"""GitHub: each file must be under 2 GiB."""
_IN_MEMORY = 8 << 20

Answer = TypeVar("Answer")


class GitHubStore(Store):
    """The releases of a repository on GitHub."""

    local = False
    limits = StoreLimits(assets=_MOST_ASSETS, file_size=_LARGEST)

    def __init__(self, client: Client) -> None:
        """A store."""
        self._client = client
        self.address = f"github:{client.repository}"
        self._ids: dict[str, int] = {}

    @classmethod
    def open(
        cls, repository: str, *, api: str | None = None, patience: RetryPolicy | None = None
    ) -> GitHubStore:
        """A store, with the token of the environment.

        Raises:
          UsageError: there is no token.
        """
        return cls(Client.open(repository, api, patience))

    # Releases.

    def releases(self) -> Iterator[StoredRelease]:
        """All releases, drafts too, as GitHub lists them: the newest first."""
        return (_release(one) for page in self._pages() for one in page)

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        """All releases with their assets, which GitHub lists along with them."""
        for page in self._pages():
            for one in page:
                yield _release(one), {asset.name: _asset(asset) for asset in one.assets}

    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not."""
        found = self._ask(f"looking for the release {tag}", lambda repo: self._find(repo, tag))
        return _release(found) if found else None

    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Makes a draft, unless the tag has a release."""

        def made(repository: Repository) -> StoredRelease:
            if found := self._find(repository, tag):
                return _release(found)
            try:
                own = repository.create_git_release(
                    tag,
                    name=title,
                    message=notes,
                    draft=True,
                    prerelease=True,
                    target_commitish=commit,
                    make_latest="false",
                )
            except GithubException as error:
                if error.status != UNPROCESSABLE or not self._drafts(repository, tag):
                    raise
                # Somebody was quicker.
                own = None
            # GitHub may take two drafts of one tag. Of two that were made at once the first stays.
            first = min(
                self._drafts(repository, tag) or filter(None, [own]), key=lambda one: one.id
            )
            if own and first.id != own.id:
                own.delete_release()
            self._ids[tag] = first.id
            return _release(first)

        return self._ask(f"making the draft {tag}", made)

    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Gives a release its title and notes."""

        def done(repository: Repository) -> StoredRelease:
            found = self._existing(repository, tag)
            if (found.name, found.body) == (title, notes):
                return _release(found)
            return _release(
                found.update_release(title, notes, draft=found.draft, prerelease=found.prerelease)
            )

        return self._ask(f"writing the notes of {tag}", done)

    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft visible to all."""

        def done(repository: Repository) -> StoredRelease:
            found = self._existing(repository, tag)
            if not found.draft and found.prerelease == prerelease:
                return _release(found)
            return _release(
                found.update_release(
                    found.name or tag,
                    found.body or "",
                    draft=False,
                    prerelease=prerelease,
                    make_latest="true" if latest and not prerelease else "false",
                )
            )

        return self._ask(f"publishing {tag}", done)

    def remove(self, tag: str) -> None:
        """Removes a release with its assets."""

        def done(repository: Repository) -> None:
            while found := self._find(repository, tag):
                try:
                    found.delete_release()
                finally:
                    self._ids.pop(tag, None)

        self._ask(f"removing the release {tag}", done)

    def tidy(self) -> None:
        """Does nothing: GitHub lists all that it has."""

    # Assets.

    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name."""

        def listed(repository: Repository) -> dict[str, Asset]:
            return {one.name: _asset(one) for one in self._existing(repository, tag).get_assets()}

        return self._ask(f"listing the assets of {tag}", listed)

    def put(
        self, tag: str, content: Upload, *, sent: Callable[[int], None] = lambda _: None
    ) -> Placed:
        """Uploads a file, or finds it there."""
        placed: Placed = "uploaded"

        def done(repository: Repository) -> Placed:
            nonlocal placed
            found = self._existing(repository, tag)
            there = _named(found, content.name)
            if there and there.state == "uploaded":
                digest = _digest(there)
                if digest != content.sha256:
                    raise Conflict(
                        f"{self.address}: {content.name} of {tag} is there with other bytes "
                        f"(sha256 {digest[:12]}, not {content.sha256[:12]}) and was left alone"
                    )
                sent(content.size)
                # The answer to an upload of ours may have been lost.
                return "present" if placed == "uploaded" and not tried else placed
            if there:
                # Somebody's upload was interrupted, perhaps our own.
                placed = "replaced"
                there.delete_asset()
            tried.append(content.name)
            _upload(found, content, sent)
            return placed

        tried: list[str] = []
        return self._ask(f"uploading {content.name}", done)

    def discard(self, tag: str, name: str) -> None:
        """Removes an asset."""

        def done(repository: Repository) -> None:
            found = self._find(repository, tag)
            there = _named(found, name) if found else None
            if there:
                there.delete_asset()

        self._ask(f"removing {name} of {tag}", done)

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The bytes of an asset: fetched whole and held against their digest, then handed out."""

        def fetched(repository: Repository) -> BinaryIO:
            there = _named(self._existing(repository, tag), name)
            if there is None:
                raise Absent(f"{self.address}: {tag} has no asset {name}")
            return _fetch(there)

        with self._ask(f"reading {name} of {tag}", fetched) as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def find_links(self, tag: str) -> str:
        """The page of a release's assets, as GitHub's own page loads it."""
        return f"https://github.com/{self._client.repository}/releases/expanded_assets/{tag}"

    # Refs.

    def tags(self) -> Mapping[str, str]:
        """The commit of each tag."""

        def listed(repository: Repository) -> dict[str, str]:
            tags = {}
            for ref in repository.get_git_matching_refs("tags/"):
                sha = ref.object.sha
                if ref.object.type == "tag":
                    # An annotated tag is an object of its own.
                    sha = repository.get_git_tag(sha).object.sha
                tags[ref.ref.removeprefix("refs/tags/")] = sha
            return tags

        return self._ask("listing the tags", listed)

    def create_tag(self, tag: str, commit: str) -> None:
        """Sees to it that a tag is at a commit."""

        def done(repository: Repository) -> None:
            there = _ref(repository, f"tags/{tag}")
            if there is None:
                try:
                    repository.create_git_ref(f"refs/tags/{tag}", commit)
                    return
                except GithubException as error:
                    there = _ref(repository, f"tags/{tag}")
                    # Else somebody was quicker.
                    if error.status != UNPROCESSABLE or there is None:
                        raise
            if there.object.sha != commit:
                raise Conflict(
                    f"{self.address}: the tag {tag} is at {there.object.sha[:12]}, not at "
                    f"{commit[:12]}"
                )

        self._ask(f"making the tag {tag}", done)

    def remove_tag(self, tag: str) -> None:
        """Removes a tag."""

        def done(repository: Repository) -> None:
            if there := _ref(repository, f"tags/{tag}"):
                there.delete()

        self._ask(f"removing the tag {tag}", done)

    def branch(self, name: str) -> str | None:
        """The commit of a branch."""

        def found(repository: Repository) -> str | None:
            there = _ref(repository, f"heads/{name}")
            return there.object.sha if there else None

        return self._ask(f"reading the branch {name}", found)

    def move_branch(self, name: str, commit: str) -> None:
        """Makes a branch, or moves it."""

        def done(repository: Repository) -> None:
            there = _ref(repository, f"heads/{name}")
            if there is None:
                repository.create_git_ref(f"refs/heads/{name}", commit)
            elif there.object.sha != commit:
                there.edit(commit, force=True)

        self._ask(f"moving the branch {name}", done)

    @contextmanager
    def lease(self, tag: str) -> Iterator[None]:
        """Holds the asset that is a lease."""

        def locks(repository: Repository) -> GitRelease:
            return self._existing(repository, tag)

        with hold(self._client, locks, LOCK, f"{self.address}: {tag}"):
            yield

    # Below: looking for things.

    def _ask(self, what: str, do: Callable[[Repository], Answer]) -> Answer:
        return self._client.ask(what, do)

    def _pages(self) -> Iterator[list[GitRelease]]:
        number = 0
        while page := self._ask(
            "listing the releases",
            lambda repository, number=number: list(  # type: ignore[misc]
                repository.get_releases().get_page(number)
            ),
        ):
            yield page
            number += 1

    def _find(self, repository: Repository, tag: str) -> GitRelease | None:
        """The release of a tag. GitHub finds a draft only by number, or in the list of all."""
        if tag in self._ids:
            try:
                found = repository.get_release(self._ids[tag])
            except GithubException as error:
                if error.status != NOT_FOUND:
                    raise
                del self._ids[tag]
            else:
                if found.tag_name == tag:
                    return found
        try:
            found = repository.get_release(tag)
        except GithubException as error:
            if error.status != NOT_FOUND:
                raise
            drafts = self._drafts(repository, tag)
            if not drafts:
                return None
            found = min(drafts, key=lambda one: one.id)
        self._ids[tag] = found.id
        return found

    def _drafts(self, repository: Repository, tag: str) -> list[GitRelease]:
        return [one for one in repository.get_releases() if one.draft and one.tag_name == tag]

    def _existing(self, repository: Repository, tag: str) -> GitRelease:
        found = self._find(repository, tag)
        if found is None:
            raise Absent(f"{self.address}: it has no release {tag}")
        return found


class _Sending:
    """A file that is being sent, and tells of it."""

    def __init__(self, file: BinaryIO, size: int, sent: Callable[[int], None]) -> None:
        self._file = file
        self._size = size
        self._sent = sent
        self.count = 0

    def __len__(self) -> int:
        """Bytes, by which requests knows the length."""
        return self._size

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._file.read(size)
        self.count += len(chunk)
        self._sent(len(chunk))
        return chunk


def _upload(release: GitRelease, content: Upload, sent: Callable[[int], None]) -> None:
    """Uploads a file, and holds what GitHub then has against its digest."""
    with content.open() as file:
        sending = _Sending(file, content.size, sent)
        try:
            asset = release.upload_asset_from_memory(
                sending,  # type: ignore[arg-type]
                content.size,
                content.name,
                content_type="application/octet-stream",
            )
            if asset.state != "uploaded" or _digest(asset) != content.sha256:
                asset.delete_asset()
                raise TransientError(f"GitHub has other bytes of {content.name} than were sent")
        except GithubException as error:
            sent(-sending.count)
            if is_taken(error):
                raise TransientError(f"{content.name} came from somebody else", 0) from None
            raise
        except BaseException:
            sent(-sending.count)
            raise


def _named(release: GitRelease, name: str) -> GitReleaseAsset | None:
    return next((one for one in release.get_assets() if one.name == name), None)


def _digest(asset: GitReleaseAsset) -> str:
    """The sha256 in hex of what GitHub has; where it does not tell, all of it is read."""
    if asset.digest and asset.digest.startswith("sha256:"):
        return asset.digest.removeprefix("sha256:")
    with _fetch(asset) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _fetch(asset: GitReleaseAsset) -> BinaryIO:
    """The bytes of an asset, whole."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    digest = hashlib.sha256()
    try:
        _, _, chunks = asset.download_asset(chunk_size=_CHUNK)
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        stated = (asset.digest or "").removeprefix("sha256:")
        if file.tell() != asset.size or stated not in ("", digest.hexdigest()):
            raise TransientError(f"GitHub sent other bytes of {asset.name} than it has")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file  # type: ignore[return-value]


def _ref(repository: Repository, name: str) -> GitRef | None:
    """A ref; None when there is none."""
    try:
        return repository.get_git_ref(name)
    except GithubException as error:
        # 409: the repository is empty.
        if error.status in (NOT_FOUND, CONFLICT):
            return None
        raise


def _release(one: GitRelease) -> StoredRelease:
    return StoredRelease(
        tag=one.tag_name,
        title=one.name or "",
        notes=(one.body or "").replace("\r\n", "\n"),
        draft=one.draft,
        prerelease=one.prerelease,
        created=utc(one.created_at),
        published=None if one.draft else utc(one.published_at),
    )


def _asset(one: GitReleaseAsset) -> Asset:
    digest = one.digest or ""
    return Asset(
        name=one.name,
        size=one.size,
        sha256=digest.removeprefix("sha256:") if digest.startswith("sha256:") else None,
        uploaded=utc(one.updated_at),
        url=one.browser_download_url,
        complete=one.state == "uploaded",
    )
