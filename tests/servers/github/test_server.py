"""Tests that the GitHub for tests behaves like GitHub where emulate does not."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
import requests
from github import Auth, Github, GithubException
from github.GitRelease import GitRelease
from github.Repository import Repository

from tests.servers.github.fixtures import github, github_server
from tests.servers.github.server import TOKEN, GitHub
from tests.servers.remote.proxy import Fault

__all__ = ["github", "github_server"]


def connected(github: GitHub, token: str = TOKEN, *, timeout: int = 600) -> Github:
    return Github(
        base_url=github.url,
        auth=Auth.Token(token),
        retry=None,
        per_page=100,
        timeout=timeout,
        seconds_between_requests=0,
        seconds_between_writes=0,
    )


@pytest.fixture
def repository(github: GitHub) -> Iterator[Repository]:
    connection = connected(github)
    yield connection.get_repo(github.repository())
    connection.close()


@pytest.fixture
def draft(repository: Repository) -> GitRelease:
    return repository.create_git_release("v1", "v1", "", draft=True, make_latest="false")


def upload(draft: GitRelease, name: str = "a.whl", data: bytes = b"bytes") -> object:
    return draft.upload_asset_from_memory(io.BytesIO(data), len(data), name)


def status_of(error: pytest.ExceptionInfo[GithubException]) -> int:
    return error.value.status


def test_only_its_own_token_is_valid(github: GitHub, repository: Repository) -> None:
    with pytest.raises(GithubException) as error:
        connected(github, "another").get_repo(repository.full_name)
    assert status_of(error) == 401


def test_a_ref_is_created_once(github: GitHub, repository: Repository) -> None:
    head = github.head(repository.full_name)
    repository.create_git_ref("refs/tags/t", head)
    with pytest.raises(GithubException) as error:
        repository.create_git_ref("refs/tags/t", head)
    assert status_of(error) == 422


def test_a_draft_is_listed_but_not_found_by_its_tag(
    repository: Repository, draft: GitRelease
) -> None:
    assert [one.id for one in repository.get_releases()] == [draft.id]
    with pytest.raises(GithubException) as error:
        repository.get_release("v1")
    assert status_of(error) == 404


def test_content_is_stored_and_its_digest_reported(github: GitHub, draft: GitRelease) -> None:
    upload(draft, data=bytes(range(256)) * 9)
    (asset,) = draft.get_assets()
    assert (asset.state, asset.size) == ("uploaded", 2304)
    assert (asset.digest or "").startswith("sha256:")
    _, _, chunks = asset.download_asset(chunk_size=1000)
    assert b"".join(chunks) == bytes(range(256)) * 9
    # As on GitHub, a redirect leads to a URL that needs no token.
    assert httpx.get(asset.browser_download_url).content == bytes(range(256)) * 9
    assert [seen.status for seen in github.proxy.seen][-3:] == [302, 200, 200]


def test_asset_names_are_unique(draft: GitRelease) -> None:
    upload(draft)
    with pytest.raises(GithubException) as error:
        upload(draft)
    assert status_of(error) == 422
    assert error.value.data["errors"][0]["code"] == "already_exists"


def test_assets_are_listed_in_pages(draft: GitRelease) -> None:
    for number in range(101):
        upload(draft, f"{number}.whl")
    assert len({asset.name for asset in draft.get_assets()}) == 101


def test_removing_the_tag_of_a_release_makes_it_a_draft(
    github: GitHub, repository: Repository, draft: GitRelease
) -> None:
    repository.create_git_ref("refs/tags/v1", github.head(repository.full_name))
    draft.update_release("v1", "", draft=False)
    assert not repository.get_release("v1").draft
    repository.get_git_ref("tags/v1").delete()
    assert repository.get_release(draft.id).draft


def test_an_invalid_call_is_detected(github: GitHub, repository: Repository) -> None:
    """Catches: a client that only works with our own server."""
    httpx.post(
        f"{github.url}/repos/{repository.full_name}/releases",
        json={"tag": "v1"},
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    with pytest.raises(AssertionError, match="tag_name"):
        github.check()


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 429, 500, 502])
def test_a_request_can_be_refused(github: GitHub, repository: Repository, status: int) -> None:
    github.proxy.inject(Fault("status", status), method="GET", path="/releases", nth=2)
    assert list(repository.get_releases()) == []
    with pytest.raises(GithubException) as error:
        list(repository.get_releases())
    assert status_of(error) == status
    assert list(repository.get_releases()) == []


def test_a_connection_can_be_cut_before_and_after(github: GitHub, repository: Repository) -> None:
    for kind, count in (("cut before", 0), ("cut after", 1)):
        github.proxy.inject(Fault(kind), method="POST")  # type: ignore[arg-type]
        with pytest.raises(requests.ConnectionError):
            repository.create_git_release("v1", "v1", "", draft=True, make_latest="false")
        assert len(list(repository.get_releases())) == count


def test_a_response_can_be_late_or_short(github: GitHub, repository: Repository) -> None:
    # Lazy, so that its first request is the one that times out.
    impatient = connected(github, timeout=1).withLazy(True).get_repo(repository.full_name)
    github.proxy.inject(Fault("timeout"))
    with pytest.raises(requests.ReadTimeout):
        impatient.get_git_matching_refs("tags/").totalCount  # noqa: B018
    github.proxy.inject(Fault("short"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(repository.get_releases())


def test_an_upload_can_be_cut_or_get_a_wrong_digest(github: GitHub, draft: GitRelease) -> None:
    github.proxy.inject(Fault("truncated upload"), method="POST")
    with pytest.raises(requests.ConnectionError):
        upload(draft)
    (asset,) = draft.get_assets()
    assert (asset.state, asset.size) == ("open", 2)
    asset.delete_asset()
    github.proxy.inject(Fault("wrong digest"), method="POST")
    assert upload(draft).digest == f"sha256:{'0' * 64}"  # type: ignore[attr-defined]
