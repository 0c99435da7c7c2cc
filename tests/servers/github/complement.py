"""Implements what emulate lacks: content and unique names of assets, statuses, tokens, rules.

It sits between GitHub's API description and emulate, and forwards all other requests to emulate.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from tests.servers.remote.wire import Request, Response

_RELEASE = re.compile(r"/repos/([^/]+/[^/]+)/releases(?:/.*)?")
_ASSETS = re.compile(r"/repos/([^/]+/[^/]+)/releases/(\d+)/assets")
_ASSET = re.compile(r"/repos/([^/]+/[^/]+)/releases/assets/(\d+)")
_TAG = re.compile(r"/repos/([^/]+/[^/]+)/releases/tags/(.+)")
_TAG_REF = re.compile(r"/repos/([^/]+/[^/]+)/git/refs/tags/(.+)")
_SET_STATUS = re.compile(r"/repos/([^/]+/[^/]+)/statuses/([0-9a-f]+)")
_STATUSES = re.compile(r"/repos/([^/]+/[^/]+)/commits/([0-9a-f]+)/statuses")
_RULES = re.compile(r"/repos/([^/]+/[^/]+)/rules/branches/(.+)")
_DOWNLOAD = "/downloads/"
_MAX_PER_PAGE = 100
_REQUESTS_PER_TOKEN = 4000


@dataclass(slots=True)
class Asset:
    """A file of a release."""

    number: int
    repository: str
    release: int
    name: str
    label: str
    content_type: str
    data: bytes
    state: str
    created: str
    digest: str = field(init=False)
    """As GitHub writes it."""

    def __post_init__(self) -> None:
        # Computed once, not in every listing: a release has hundreds of megabytes.
        self.digest = f"sha256:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(slots=True)
class State:
    """The state of the complement, guarded by `lock`."""

    assets: dict[int, Asset] = field(default_factory=dict)
    statuses: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    rules: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


class Complement:
    """Answers requests itself, or forwards them to emulate."""

    def __init__(self, emulate: str, token: str) -> None:
        """A complement.

        Args:
          emulate: URL of emulate.
          token: the only valid token.
        """
        self.state = State()
        self.bodies: dict[str, bytes] = {}
        """Uploaded files, which bypass prism."""
        self.url = ""
        """The URL that clients use; set when all servers are running."""
        self._token = token
        self._requests = itertools.count()
        self._emulate = httpx.Client(base_url=emulate, timeout=None)
        self._handlers: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
            ("GET", _ASSETS, self._list_assets),
            ("POST", _ASSETS, self._upload),
            ("GET", _ASSET, self._get_asset),
            ("PATCH", _ASSET, self._change_asset),
            ("DELETE", _ASSET, self._delete_asset),
            ("GET", _TAG, self._by_tag),
            ("DELETE", _TAG_REF, self._delete_tag),
            ("POST", _SET_STATUS, self._set_status),
            ("GET", _STATUSES, self._list_statuses),
            ("GET", _RULES, self._list_rules),
        ]

    def close(self) -> None:
        """Closes connections."""
        self._emulate.close()

    def answer(self, request: Request) -> Response:
        """Answers a request."""
        if "/git/ref" in request.path:
            request = replace(request, path=request.path.replace("%2F", "/"))
        path = urlsplit(request.path).path
        if path.startswith(_DOWNLOAD):
            return self._download(int(path.removeprefix(_DOWNLOAD).partition("/")[0]))
        if request.headers.get("authorization", "").split(" ")[-1] != self._token:
            return Response.of_json(401, {"message": "Bad credentials"})
        for method, pattern, handler in self._handlers:
            match = pattern.fullmatch(path)
            if match and method == request.method:
                with self.state.lock:
                    return handler(request, *match.groups())
        return self._with_assets(path, _corrected(self.forward(request)))

    def emulate_token(self) -> str:
        """A token for emulate, which accepts any token, but each only for 5,000 requests."""
        return f"Bearer {self._token}{next(self._requests) // _REQUESTS_PER_TOKEN}"

    def forward(self, request: Request) -> Response:
        """Forwards a request to emulate."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        headers["authorization"] = self.emulate_token()
        response = self._emulate.request(
            request.method, request.path, headers=headers, content=request.body
        )
        kept = {
            name: response.headers[name]
            for name in ("content-type", "link")
            if name in response.headers
        }
        return Response(response.status_code, kept, response.content)

    # Assets.

    def _list_assets(self, request: Request, repository: str, release: str) -> Response:
        query = parse_qs(urlsplit(request.path).query)
        size = min(int(query.get("per_page", ["30"])[0]), _MAX_PER_PAGE)
        page = int(query.get("page", ["1"])[0])
        assets = self._of(repository, int(release))
        page_assets = assets[(page - 1) * size : page * size]
        headers = {}
        if len(assets) > page * size:
            at = f"{self.url}{urlsplit(request.path).path}?per_page={size}&page={page + 1}"
            headers["link"] = f'<{at}>; rel="next"'
        return Response.of_json(200, [self._asset_json(asset) for asset in page_assets], headers)

    def add(self, repository: str, release: int, name: str, data: bytes) -> None:
        """Adds an asset without an upload request."""
        asset = Asset(
            number=next(self.state.numbers),
            repository=repository,
            release=release,
            name=name,
            label="",
            content_type="application/octet-stream",
            data=data,
            state="uploaded",
            created=_now(),
        )
        with self.state.lock:
            self.state.assets[asset.number] = asset

    def _upload(self, request: Request, repository: str, release: str) -> Response:
        query = parse_qs(urlsplit(request.path).query)
        name = query["name"][0]
        if any(asset.name == name for asset in self._of(repository, int(release))):
            errors = [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]
            return Response.of_json(422, {"message": "Validation Failed", "errors": errors})
        data = self.bodies.pop(request.body.decode())
        whole = len(data) == int(request.headers.get("x-whole", len(data)))
        asset = Asset(
            number=next(self.state.numbers),
            repository=repository,
            release=int(release),
            name=name,
            label=query.get("label", [""])[0],
            content_type=request.headers.get("content-type", "application/octet-stream"),
            data=data,
            state="uploaded" if whole else "open",
            created=_now(),
        )
        self.state.assets[asset.number] = asset
        return Response.of_json(201, self._asset_json(asset))

    def _get_asset(self, request: Request, _: str, number: str) -> Response:
        asset = self.state.assets.get(int(number))
        if asset is None:
            return _not_found()
        if "octet-stream" in request.headers.get("accept", ""):
            at = f"{self.url}{_DOWNLOAD}{asset.number}/{quote(asset.name)}"
            return Response(302, {"location": at}, b"")
        return Response.of_json(200, self._asset_json(asset))

    def _change_asset(self, request: Request, _: str, number: str) -> Response:
        asset = self.state.assets.get(int(number))
        if asset is None:
            return _not_found()
        change = json.loads(request.body)
        asset.name = change.get("name", asset.name)
        asset.label = change.get("label", asset.label)
        return Response.of_json(200, self._asset_json(asset))

    def _delete_asset(self, _request: Request, _: str, number: str) -> Response:
        removed = self.state.assets.pop(int(number), None)
        return Response(204, {}, b"") if removed else _not_found()

    def _download(self, number: int) -> Response:
        with self.state.lock:
            asset = self.state.assets.get(number)
        if asset is None:
            return _not_found()
        return Response(200, {"content-type": asset.content_type}, asset.data)

    def _of(self, repository: str, release: int) -> list[Asset]:
        key = (repository, release)
        return [a for a in self.state.assets.values() if (a.repository, a.release) == key]

    def _asset_json(self, asset: Asset) -> dict[str, Any]:
        return {
            "url": f"{self.url}/repos/{asset.repository}/releases/assets/{asset.number}",
            "browser_download_url": f"{self.url}{_DOWNLOAD}{asset.number}/{quote(asset.name)}",
            "id": asset.number,
            "node_id": f"RA_{asset.number}",
            "name": asset.name,
            "label": asset.label,
            "state": asset.state,
            "content_type": asset.content_type,
            "size": len(asset.data),
            "digest": asset.digest if asset.state == "uploaded" else None,
            "download_count": 0,
            "created_at": asset.created,
            "updated_at": asset.created,
            "uploader": None,
        }

    # Releases.

    def _with_assets(self, path: str, response: Response) -> Response:
        """Adds assets and the upload URL to releases in a response."""
        match = _RELEASE.fullmatch(path)
        if not match or response.status >= 400 or not response.body:
            return response
        content = json.loads(response.body)
        for release in content if isinstance(content, list) else [content]:
            if isinstance(release, dict) and "tag_name" in release:
                at = f"{self.url}/repos/{match[1]}/releases/{release['id']}/assets"
                release["assets_url"] = at
                release["upload_url"] = f"{at}{{?name,label}}"
                with self.state.lock:
                    assets = self._of(match[1], release["id"])
                    release["assets"] = [self._asset_json(asset) for asset in assets]
        return Response.of_json(response.status, content, response.headers)

    def _by_tag(self, request: Request, _repository: str, _tag: str) -> Response:
        """GitHub does not find drafts by their tag."""
        response = self.forward(request)
        if response.status == 200 and json.loads(response.body)["draft"]:
            return _not_found()
        return self._with_assets(urlsplit(request.path).path, response)

    def _delete_tag(self, request: Request, repository: str, tag: str) -> Response:
        """GitHub turns a release into a draft when its tag is removed."""
        release = self.forward(
            Request("GET", f"/repos/{repository}/releases/tags/{tag}", request.headers, b"")
        )
        response = self.forward(request)
        if release.status == 200 and response.status == 204:
            number = json.loads(release.body)["id"]
            change = json.dumps({"draft": True}).encode()
            self.forward(
                Request("PATCH", f"/repos/{repository}/releases/{number}", request.headers, change)
            )
        return response

    # Checks.

    def _set_status(self, request: Request, repository: str, sha: str) -> Response:
        content = json.loads(request.body)
        number = next(self.state.numbers)
        status = {
            "url": f"{self.url}/repos/{repository}/statuses/{sha}",
            "avatar_url": None,
            "id": number,
            "node_id": f"SC_{number}",
            "state": content["state"],
            "description": content.get("description"),
            "target_url": content.get("target_url"),
            "context": content.get("context", "default"),
            "created_at": content.get("created_at") or _now(),
            "updated_at": content.get("created_at") or _now(),
            "creator": None,
        }
        # GitHub lists the newest first.
        self.state.statuses.setdefault((repository, sha), []).insert(0, status)
        return Response.of_json(201, status)

    def _list_statuses(self, _request: Request, repository: str, sha: str) -> Response:
        return Response.of_json(200, self.state.statuses.get((repository, sha), []))

    def _list_rules(self, _request: Request, repository: str, branch: str) -> Response:
        names = self.state.rules.get((repository, branch))
        checks = {
            "required_status_checks": [{"context": name} for name in names or ()],
            "strict_required_status_checks_policy": False,
        }
        rule = {
            "type": "required_status_checks",
            "parameters": checks,
            "ruleset_source_type": "Repository",
            "ruleset_source": repository,
            "ruleset_id": 1,
        }
        return Response.of_json(200, [rule] if names else [])


def snapshot_of(
    assets: Mapping[int, Asset], repository: str, release: int
) -> dict[str, tuple[str, bytes]]:
    """State and content of each asset of a release, by name."""
    return {
        asset.name: (asset.state, asset.data)
        for asset in assets.values()
        if (asset.repository, asset.release) == (repository, release)
    }


def _corrected(response: Response) -> Response:
    """Corrects where a response of emulate differs from GitHub's."""
    body = response.body.replace(b"/git/ref/", b"/git/refs/")
    if b'"check_runs"' in body:
        content = json.loads(body)
        for run in content["check_runs"]:
            run["output"].setdefault("annotations_url", f"{run['url']}/annotations")
        body = json.dumps(content).encode()
    return replace(response, body=body)


def _not_found() -> Response:
    return Response.of_json(404, {"message": "Not Found"})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
