"""A store on GitHub: the releases page of a repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, TypeVar

from github import GithubException
from github.GitRef import GitRef
from github.GitRelease import GitRelease
from github.Repository import Repository

from release.hosting import github_assets
from release.hosting.catalogue import LOCK
from release.hosting.github_client import CONFLICT, NOT_FOUND, UNPROCESSABLE, Client, utc
from release.hosting.github_lease import hold
from release.hosting.retry import RetryPolicy
from release.hosting.store import (
    Absent,
    Asset,
    Conflict,
    PutResult,
    Store,
    StoredRelease,
    StoreLimits,
    Upload,
)

_MAX_ASSETS = 1000
_MAX_FILE_SIZE = (2 << 30) - 1
"""GitHub requires each file to be under 2 GiB."""

Result = TypeVar("Result")


class GitHubStore(Store):
    """The releases of a repository on GitHub."""

    local = False
    limits = StoreLimits(assets=_MAX_ASSETS, file_size=_MAX_FILE_SIZE)

    def __init__(self, client: Client) -> None:
        """A store that uses a client."""
        self._client = client
        self.address = f"github:{client.repository}"
        self._ids: dict[str, int] = {}

    @classmethod
    def open(
        cls, repository: str, *, api: str | None = None, retry_policy: RetryPolicy | None = None
    ) -> GitHubStore:
        """A store with the token of the environment.

        Raises:
          UsageError: the token is not set.
        """
        return cls(Client.open(repository, api, retry_policy))

    # Releases.

    def releases(self) -> Iterator[StoredRelease]:
        """All releases including drafts, newest first as GitHub lists them."""
        return (_to_release(release) for page in self._pages() for release in page)

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        """All releases with their assets, which GitHub includes in the list of releases."""
        for page in self._pages():
            for release in page:
                assets = {asset.name: github_assets.to_asset(asset) for asset in release.assets}
                yield _to_release(release), assets

    def release(self, tag: str) -> StoredRelease | None:
        """The release of a tag, draft or not."""
        found = self._call(f"looking for the release {tag}", lambda repo: self._find(repo, tag))
        return _to_release(found) if found else None

    def draft(self, tag: str, *, commit: str, title: str, notes: str) -> StoredRelease:
        """Creates a draft, or returns the release that the tag already has."""

        def create(repository: Repository) -> StoredRelease:
            if found := self._find(repository, tag):
                return _to_release(found)
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
                # Another process has just created it.
                own = None
            # GitHub accepts two drafts with the same tag. If two processes create one at the same
            # time, the first draft stays.
            first = min(
                self._drafts(repository, tag) or filter(None, [own]), key=lambda one: one.id
            )
            if own and first.id != own.id:
                own.delete_release()
            self._ids[tag] = first.id
            return _to_release(first)

        return self._call(f"creating the draft {tag}", create)

    def describe(self, tag: str, *, title: str, notes: str) -> StoredRelease:
        """Sets the title and notes of a release."""

        def update(repository: Repository) -> StoredRelease:
            found = self._existing(repository, tag)
            if (found.name, found.body) == (title, notes):
                return _to_release(found)
            return _to_release(
                found.update_release(title, notes, draft=found.draft, prerelease=found.prerelease)
            )

        return self._call(f"writing the notes of {tag}", update)

    def publish(self, tag: str, *, prerelease: bool, latest: bool) -> StoredRelease:
        """Makes a draft public."""

        def update(repository: Repository) -> StoredRelease:
            found = self._existing(repository, tag)
            if not found.draft and found.prerelease == prerelease:
                return _to_release(found)
            return _to_release(
                found.update_release(
                    found.name or tag,
                    found.body or "",
                    draft=False,
                    prerelease=prerelease,
                    make_latest="true" if latest and not prerelease else "false",
                )
            )

        return self._call(f"publishing {tag}", update)

    def remove(self, tag: str) -> None:
        """Removes a release and its assets."""

        def remove(repository: Repository) -> None:
            while found := self._find(repository, tag):
                try:
                    found.delete_release()
                finally:
                    self._ids.pop(tag, None)

        self._call(f"removing the release {tag}", remove)

    def tidy(self) -> None:
        """Does nothing: GitHub lists everything that it stores."""

    # Assets.

    def assets(self, tag: str) -> Mapping[str, Asset]:
        """The assets of a release by name."""

        def list_assets(repository: Repository) -> dict[str, Asset]:
            return {
                asset.name: github_assets.to_asset(asset)
                for asset in self._existing(repository, tag).get_assets()
            }

        return self._call(f"listing the assets of {tag}", list_assets)

    def put(
        self, tag: str, content: Upload, *, progress: Callable[[int], None] = lambda _: None
    ) -> PutResult:
        """Uploads a file, unless it is already present."""
        result: PutResult = "uploaded"
        attempted = False

        def upload(repository: Repository) -> PutResult:
            nonlocal result, attempted
            found = self._existing(repository, tag)
            existing = github_assets.find(found, content.name)
            if existing and existing.state == "uploaded":
                digest = github_assets.digest(existing)
                if digest != content.sha256:
                    raise Conflict(
                        f"{self.address}: {tag} already has a different {content.name} (sha256 "
                        f"{digest[:12]}, expected {content.sha256[:12]}); it was left unchanged"
                    )
                progress(content.size)
                # The response to an earlier attempt may have been lost.
                return result if attempted or result == "replaced" else "present"
            if existing:
                # An upload was interrupted, perhaps by an earlier attempt.
                result = "replaced"
                existing.delete_asset()
            attempted = True
            github_assets.upload(found, content, progress)
            return result

        return self._call(f"uploading {content.name}", upload)

    def discard(self, tag: str, name: str) -> None:
        """Removes an asset."""

        def remove(repository: Repository) -> None:
            found = self._find(repository, tag)
            existing = github_assets.find(found, name) if found else None
            if existing:
                existing.delete_asset()

        self._call(f"removing {name} of {tag}", remove)

    def read(self, tag: str, name: str) -> Iterator[bytes]:
        """The content of an asset, in chunks; downloaded and verified completely first."""

        def download(repository: Repository) -> BinaryIO:
            asset = github_assets.find(self._existing(repository, tag), name)
            if asset is None:
                raise Absent(f"{self.address}: {tag} has no asset {name}")
            return github_assets.download(asset)

        with self._call(f"reading {name} of {tag}", download) as file:
            while chunk := file.read(github_assets.CHUNK):
                yield chunk

    def find_links(self, tag: str) -> str:
        """The page with the links to a release's assets, which GitHub's release page loads."""
        return f"https://github.com/{self._client.repository}/releases/expanded_assets/{tag}"

    # Refs.

    def tags(self) -> Mapping[str, str]:
        """The commit of each tag."""

        def list_tags(repository: Repository) -> dict[str, str]:
            tags = {}
            for ref in repository.get_git_matching_refs("tags/"):
                sha = ref.object.sha
                if ref.object.type == "tag":
                    # An annotated tag is an object that points to the commit.
                    sha = repository.get_git_tag(sha).object.sha
                tags[ref.ref.removeprefix("refs/tags/")] = sha
            return tags

        return self._call("listing the tags", list_tags)

    def create_tag(self, tag: str, commit: str) -> None:
        """Ensures that a tag exists and points to a commit."""

        def create(repository: Repository) -> None:
            existing = _ref(repository, f"tags/{tag}")
            if existing is None:
                try:
                    repository.create_git_ref(f"refs/tags/{tag}", commit)
                    return
                except GithubException as error:
                    existing = _ref(repository, f"tags/{tag}")
                    # Continue if another process has just created it.
                    if error.status != UNPROCESSABLE or existing is None:
                        raise
            if existing.object.sha != commit:
                raise Conflict(
                    f"{self.address}: the tag {tag} is at {existing.object.sha[:12]}, not at "
                    f"{commit[:12]}"
                )

        self._call(f"creating the tag {tag}", create)

    def remove_tag(self, tag: str) -> None:
        """Removes a tag."""

        def remove(repository: Repository) -> None:
            if ref := _ref(repository, f"tags/{tag}"):
                ref.delete()

        self._call(f"removing the tag {tag}", remove)

    def branch(self, name: str) -> str | None:
        """The commit of a branch."""

        def read(repository: Repository) -> str | None:
            ref = _ref(repository, f"heads/{name}")
            return ref.object.sha if ref else None

        return self._call(f"reading the branch {name}", read)

    def move_branch(self, name: str, commit: str) -> None:
        """Creates or moves a branch."""

        def move(repository: Repository) -> None:
            ref = _ref(repository, f"heads/{name}")
            if ref is None:
                repository.create_git_ref(f"refs/heads/{name}", commit)
            elif ref.object.sha != commit:
                ref.edit(commit, force=True)

        self._call(f"moving the branch {name}", move)

    @contextmanager
    def lease(self, tag: str) -> Iterator[None]:
        """Holds the asset that serves as a lease."""

        def draft(repository: Repository) -> GitRelease:
            return self._existing(repository, tag)

        with hold(self._client, draft, LOCK, f"{self.address}: {tag}"):
            yield

    # Helpers.

    def _call(self, action: str, operation: Callable[[Repository], Result]) -> Result:
        return self._client.call(action, operation)

    def _pages(self) -> Iterator[list[GitRelease]]:
        number = 0
        while page := self._call(
            "listing the releases",
            lambda repository, number=number: list(  # type: ignore[misc]
                repository.get_releases().get_page(number)
            ),
        ):
            yield page
            number += 1

    def _find(self, repository: Repository, tag: str) -> GitRelease | None:
        """The release of a tag; GitHub finds drafts only by id, or in the list of all releases."""
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
            raise Absent(f"{self.address}: no release {tag}")
        return found


def _ref(repository: Repository, name: str) -> GitRef | None:
    """A ref; None if it does not exist."""
    try:
        return repository.get_git_ref(name)
    except GithubException as error:
        # 409: the repository is empty.
        if error.status in (NOT_FOUND, CONFLICT):
            return None
        raise


def _to_release(release: GitRelease) -> StoredRelease:
    return StoredRelease(
        tag=release.tag_name,
        title=release.name or "",
        notes=(release.body or "").replace("\r\n", "\n"),
        draft=release.draft,
        prerelease=release.prerelease,
        created=utc(release.created_at),
        published=None if release.draft else utc(release.published_at),
    )
