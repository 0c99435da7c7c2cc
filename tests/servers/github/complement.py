"""What emulate lacks of GitHub: bytes of assets, names that are taken, statuses, tokens, rules.

Stands between GitHub's API description and emulate: what it does not know itself it hands on.
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

from tests.servers.remote.wire import Answer, Request

_RELEASE = re.compile(r"/repos/([^/]+/[^/]+)/releases(?:/.*)?")
_ASSETS = re.compile(r"/repos/([^/]+/[^/]+)/releases/(\d+)/assets")
_ASSET = re.compile(r"/repos/([^/]+/[^/]+)/releases/assets/(\d+)")
_TAG = re.compile(r"/repos/([^/]+/[^/]+)/releases/tags/(.+)")
_TAG_REF = re.compile(r"/repos/([^/]+/[^/]+)/git/refs/tags/(.+)")
_SET_STATUS = re.compile(r"/repos/([^/]+/[^/]+)/statuses/([0-9a-f]+)")
_STATUSES = re.compile(r"/repos/([^/]+/[^/]+)/commits/([0-9a-f]+)/statuses")
_RULES = re.compile(r"/repos/([^/]+/[^/]+)/rules/branches/(.+)")
_DOWNLOAD = "/downloads/"
_MOST_PER_PAGE = 100
_PER_TOKEN = 4000


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
        # Once, and not in every listing: a release has hundreds of megabytes.
        self.digest = f"sha256:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(slots=True)
class State:
    """All that is known here; guarded by `lock`."""

    assets: dict[int, Asset] = field(default_factory=dict)
    statuses: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    rules: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


class Complement:
    """Answers requests, from its own knowledge or emulate's."""

    def __init__(self, emulate: str, token: str) -> None:
        """A complement.

        Args:
          emulate: URL of emulate.
          token: the only one that is known.
        """
        self.state = State()
        self.bodies: dict[str, bytes] = {}
        """Bytes of uploads, which come around the description's proxy."""
        self.url = ""
        """Its own URL as clients see it; set when all is up."""
        self._token = token
        self._asked = itertools.count()
        self._emulate = httpx.Client(base_url=emulate, timeout=None)
        self._own: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
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
        """Ends connections."""
        self._emulate.close()

    def answer(self, request: Request) -> Answer:
        """Answers a request."""
        if "/git/ref" in request.path:
            request = replace(request, path=request.path.replace("%2F", "/"))
        path = urlsplit(request.path).path
        if path.startswith(_DOWNLOAD):
            return self._download(int(path.removeprefix(_DOWNLOAD).partition("/")[0]))
        if request.headers.get("authorization", "").split(" ")[-1] != self._token:
            return Answer.of_json(401, {"message": "Bad credentials"})
        for method, pattern, own in self._own:
            match = pattern.fullmatch(path)
            if match and method == request.method:
                with self.state.lock:
                    return own(request, *match.groups())
        return self._with_assets(path, _mended(self.forward(request)))

    def emulate_token(self) -> str:
        """A token that emulate takes: any, but each for 5,000 requests alone."""
        return f"Bearer {self._token}{next(self._asked) // _PER_TOKEN}"

    def forward(self, request: Request) -> Answer:
        """Hands a request on to emulate."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        headers["authorization"] = self.emulate_token()
        answer = self._emulate.request(
            request.method, request.path, headers=headers, content=request.body
        )
        kept = {
            name: answer.headers[name]
            for name in ("content-type", "link")
            if name in answer.headers
        }
        return Answer(answer.status_code, kept, answer.content)

    # Assets.

    def _list_assets(self, request: Request, repository: str, release: str) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        size = min(int(query.get("per_page", ["30"])[0]), _MOST_PER_PAGE)
        page = int(query.get("page", ["1"])[0])
        own = self._of(repository, int(release))
        shown = own[(page - 1) * size : page * size]
        headers = {}
        if len(own) > page * size:
            at = f"{self.url}{urlsplit(request.path).path}?per_page={size}&page={page + 1}"
            headers["link"] = f'<{at}>; rel="next"'
        return Answer.of_json(200, [self._shown(asset) for asset in shown], headers)

    def add(self, repository: str, release: int, name: str, data: bytes) -> None:
        """Adds an asset that nobody uploads."""
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

    def _upload(self, request: Request, repository: str, release: str) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        name = query["name"][0]
        if any(asset.name == name for asset in self._of(repository, int(release))):
            errors = [{"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}]
            return Answer.of_json(422, {"message": "Validation Failed", "errors": errors})
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
        return Answer.of_json(201, self._shown(asset))

    def _get_asset(self, request: Request, _: str, number: str) -> Answer:
        asset = self.state.assets.get(int(number))
        if asset is None:
            return _not_found()
        if "octet-stream" in request.headers.get("accept", ""):
            at = f"{self.url}{_DOWNLOAD}{asset.number}/{quote(asset.name)}"
            return Answer(302, {"location": at}, b"")
        return Answer.of_json(200, self._shown(asset))

    def _change_asset(self, request: Request, _: str, number: str) -> Answer:
        asset = self.state.assets.get(int(number))
        if asset is None:
            return _not_found()
        wanted = json.loads(request.body)
        asset.name = wanted.get("name", asset.name)
        asset.label = wanted.get("label", asset.label)
        return Answer.of_json(200, self._shown(asset))

    def _delete_asset(self, _request: Request, _: str, number: str) -> Answer:
        gone = self.state.assets.pop(int(number), None)
        return Answer(204, {}, b"") if gone else _not_found()

    def _download(self, number: int) -> Answer:
        with self.state.lock:
            asset = self.state.assets.get(number)
        if asset is None:
            return _not_found()
        return Answer(200, {"content-type": asset.content_type}, asset.data)

    def _of(self, repository: str, release: int) -> list[Asset]:
        key = (repository, release)
        return [a for a in self.state.assets.values() if (a.repository, a.release) == key]

    def _shown(self, asset: Asset) -> dict[str, Any]:
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

    def _with_assets(self, path: str, answer: Answer) -> Answer:
        """Releases as GitHub shows them: with their assets, and where to send more."""
        match = _RELEASE.fullmatch(path)
        if not match or answer.status >= 400 or not answer.body:
            return answer
        shown = json.loads(answer.body)
        for release in shown if isinstance(shown, list) else [shown]:
            if isinstance(release, dict) and "tag_name" in release:
                at = f"{self.url}/repos/{match[1]}/releases/{release['id']}/assets"
                release["assets_url"] = at
                release["upload_url"] = f"{at}{{?name,label}}"
                with self.state.lock:
                    own = self._of(match[1], release["id"])
                    release["assets"] = [self._shown(asset) for asset in own]
        return Answer.of_json(answer.status, shown, answer.headers)

    def _by_tag(self, request: Request, _repository: str, _tag: str) -> Answer:
        """GitHub does not find drafts by their tag."""
        answer = self.forward(request)
        if answer.status == 200 and json.loads(answer.body)["draft"]:
            return _not_found()
        return self._with_assets(urlsplit(request.path).path, answer)

    def _delete_tag(self, request: Request, repository: str, tag: str) -> Answer:
        """GitHub makes a draft of a release whose tag is removed."""
        there = self.forward(
            Request("GET", f"/repos/{repository}/releases/tags/{tag}", request.headers, b"")
        )
        answer = self.forward(request)
        if there.status == 200 and answer.status == 204:
            number = json.loads(there.body)["id"]
            change = json.dumps({"draft": True}).encode()
            self.forward(
                Request("PATCH", f"/repos/{repository}/releases/{number}", request.headers, change)
            )
        return answer

    # Checks.

    def _set_status(self, request: Request, repository: str, sha: str) -> Answer:
        wanted = json.loads(request.body)
        number = next(self.state.numbers)
        status = {
            "url": f"{self.url}/repos/{repository}/statuses/{sha}",
            "avatar_url": None,
            "id": number,
            "node_id": f"SC_{number}",
            "state": wanted["state"],
            "description": wanted.get("description"),
            "target_url": wanted.get("target_url"),
            "context": wanted.get("context", "default"),
            "created_at": wanted.get("created_at") or _now(),
            "updated_at": wanted.get("created_at") or _now(),
            "creator": None,
        }
        # The newest first, as GitHub lists them.
        self.state.statuses.setdefault((repository, sha), []).insert(0, status)
        return Answer.of_json(201, status)

    def _list_statuses(self, _request: Request, repository: str, sha: str) -> Answer:
        return Answer.of_json(200, self.state.statuses.get((repository, sha), []))

    def _list_rules(self, _request: Request, repository: str, branch: str) -> Answer:
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
        return Answer.of_json(200, [rule] if names else [])


def snapshot_of(
    assets: Mapping[int, Asset], repository: str, release: int
) -> dict[str, tuple[str, bytes]]:
    """The assets of a release: state and bytes by name."""
    return {
        asset.name: (asset.state, asset.data)
        for asset in assets.values()
        if (asset.repository, asset.release) == (repository, release)
    }


def _mended(answer: Answer) -> Answer:
    """An answer of emulate's, with what it writes otherwise than GitHub."""
    body = answer.body.replace(b"/git/ref/", b"/git/refs/")
    if b'"check_runs"' in body:
        shown = json.loads(body)
        for run in shown["check_runs"]:
            run["output"].setdefault("annotations_url", f"{run['url']}/annotations")
        body = json.dumps(shown).encode()
    return replace(answer, body=body)


def _not_found() -> Answer:
    return Answer.of_json(404, {"message": "Not Found"})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
