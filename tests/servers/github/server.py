"""Runs the GitHub for tests.

    client -> proxy -> GitHub's API description (prism) -> complement -> emulate

The proxy records requests and injects faults. prism validates each request and response against the
description that GitHub publishes. The complement implements what emulate lacks.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.servers.github.complement import Complement, snapshot_of
from tests.servers.github.proxy import GitHubProxy
from tests.servers.remote.program import await_answer, free_port, program
from tests.servers.remote.wire import Request, Response, serving

MODULES = "GITHUB_FOR_TESTS"
"""Environment variable with the directory of node_modules, a file in that directory, or the file
not_run.txt with the reason why it is missing."""
TOKEN = "ghp_forTestsAloneAndRecognisable0123456789"
OWNER = "admin"

_BYTES = "application/octet-stream"
_REF = re.compile(r"(/git/refs?/)((?:heads|tags)/[^?]+)")
_OPERATIONS = (
    "/releases",
    "/git/",
    "/commits",
    "/statuses",
    "/check-runs",
    "/issues",
    "/compare",
    "/branches",
    "/rules/branches",
)


def _sort_key(release: Mapping[str, Any]) -> str:
    """A sort key for releases of a snapshot, without their content, which can be a gigabyte."""
    assets = [(name, state, len(data)) for name, (state, data) in release["assets"].items()]
    return str({**release, "assets": assets})


class NotRun(Exception):
    """The server cannot run here; the message gives the reason."""


@dataclass(slots=True)
class GitHub:
    """A running GitHub server."""

    url: str
    """For --github-api."""
    proxy: GitHubProxy
    _complement: Complement
    _emulate: httpx.Client
    _names: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def repository(self) -> str:
        """Creates a repository with one commit on main, and returns OWNER/REPO."""
        name = f"{OWNER}/iree-{next(self._names)}"
        self._post("/user/repos", {"name": name.partition("/")[2], "auto_init": True})
        return name

    def head(self, repository: str, branch: str = "main") -> str:
        """The commit of a branch."""
        return str(self._get(f"/repos/{repository}/git/ref/heads/{branch}")["object"]["sha"])

    def commit(
        self,
        repository: str,
        message: str,
        *,
        parents: Sequence[str] | None = None,
        date: datetime | None = None,
        branch: str | None = "main",
    ) -> str:
        """Creates a commit on a branch, or on none."""
        before = parents or [self.head(repository, branch or "main")]
        tree = self._get(f"/repos/{repository}/git/commits/{before[0]}")["tree"]["sha"]
        when = (date or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        author = {"name": "Ada", "email": "ada@example.com", "date": when}
        commit = {
            "message": message,
            "tree": tree,
            "parents": list(before),
            "author": author,
            "committer": author,
        }
        sha = str(self._post(f"/repos/{repository}/git/commits", commit)["sha"])
        if branch:
            self._request(
                "PATCH", f"/repos/{repository}/git/refs/heads/{branch}", {"sha": sha, "force": True}
            )
        return sha

    def check_run(
        self, repository: str, sha: str, name: str, conclusion: str | None, *, at: str
    ) -> None:
        """Adds a check run; one without a conclusion is still running."""
        run: dict[str, Any] = {"name": name, "head_sha": sha, "started_at": at}
        run |= (
            {"status": "completed", "conclusion": conclusion}
            if conclusion
            else {"status": "in_progress"}
        )
        self._post(f"/repos/{repository}/check-runs", run)

    def status(self, repository: str, sha: str, context: str, state: str, *, at: str) -> None:
        """Adds a commit status."""
        status = {"context": context, "state": state, "created_at": at}
        httpx.post(
            f"{self.url}/repos/{repository}/statuses/{sha}",
            json=status,
            headers={"authorization": f"Bearer {TOKEN}"},
        ).raise_for_status()

    def issue(self, repository: str, title: str, labels: Sequence[str]) -> int:
        """Opens an issue, and returns its number."""
        issue = {"title": title, "labels": list(labels)}
        return int(self._post(f"/repos/{repository}/issues", issue)["number"])

    def close_issue(self, repository: str, number: int) -> None:
        """Closes an issue."""
        self._request("PATCH", f"/repos/{repository}/issues/{number}", {"state": "closed"})

    def release(
        self, repository: str, tag: str, files: Mapping[str, bytes], *, draft: bool = False
    ) -> None:
        """Creates a pre-release of main's commit, with files."""
        commit = self.head(repository)
        ref = {"ref": f"refs/tags/{tag}", "sha": commit}
        self._post(f"/repos/{repository}/git/refs", ref)
        release = {"tag_name": tag, "name": tag, "body": "", "draft": draft, "prerelease": True}
        number = self._post(f"/repos/{repository}/releases", release)["id"]
        for name, data in files.items():
            self._complement.add(repository, number, name, data)

    def require(self, repository: str, names: Sequence[str], branch: str = "main") -> None:
        """Creates a ruleset that requires checks."""
        self._complement.state.rules[repository, branch] = list(names)

    def snapshot(self, repository: str) -> dict[str, Any]:
        """The releases of a repository with their assets, and its refs; without ids and times."""
        releases = self._get(f"/repos/{repository}/releases?per_page=100")
        with self._complement.state.lock:
            entries = sorted(
                (
                    {
                        "tag": one["tag_name"],
                        "title": one["name"],
                        "notes": one["body"],
                        "draft": one["draft"],
                        "prerelease": one["prerelease"],
                        "assets": snapshot_of(self._complement.state.assets, repository, one["id"]),
                    }
                    for one in releases
                ),
                key=_sort_key,
            )
        refs = {
            ref["ref"]: ref["object"]["sha"]
            for kind in ("heads/", "tags/")
            for ref in self._get(f"/repos/{repository}/git/matching-refs/{kind}")
        }
        return {"releases": entries, "refs": refs}

    def check(self) -> None:
        """Checks that no request or response violated GitHub's API description.

        Raises:
          AssertionError: one did.
        """
        violations, self.proxy.violations[:] = list(self.proxy.violations), []
        assert not violations, "\n".join(violations)

    def _get(self, path: str) -> Any:
        return self._request("GET", path, None)

    def _post(self, path: str, content: object) -> Any:
        return self._request("POST", path, content)

    def _request(self, method: str, path: str, content: object) -> Any:
        """Sends a request directly to emulate, so that the proxy does not record it."""
        headers = {"authorization": self._complement.emulate_token()}
        response = self._emulate.request(method, path, json=content, headers=headers)
        response.raise_for_status()
        return response.json() if response.content else None


def modules() -> Path:
    """The directory with node_modules.

    Raises:
      NotRun: it does not exist.
    """
    value = os.environ.get(MODULES)
    if not value:
        raise NotRun(f"{MODULES} does not name a directory with node_modules")
    path = Path(value)
    if path.name == "not_run.txt":
        raise NotRun(path.read_text().strip())
    # Bazel provides a symlink to a file, because node_modules has too many files for symlinks.
    path = path.resolve()
    return (path.parent if path.is_file() else path) / "node_modules"


@contextmanager
def serve(*, described: bool = True) -> Iterator[GitHub]:
    """Runs a GitHub server.

    Args:
      described: whether to validate requests against GitHub's API description, which takes time.

    Raises:
      NotRun: it cannot run here.
    """
    installed = modules()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        emulate = free_port()
        at = f"http://127.0.0.1:{emulate}"
        process = stack.enter_context(
            program(
                [
                    _node(installed),
                    installed / "emulate" / _main(installed / "emulate", "emulate"),
                    *("--service", "github", "--port", str(emulate), "--base-url", at),
                ],
                scratch / "emulate.log",
            )
        )
        complement = Complement(at, TOKEN)
        stack.callback(complement.close)
        internal = [at]
        upstream: Callable[[Request], Response] = complement.answer
        if described:
            plain = stack.enter_context(serving(complement.answer))
            prism = stack.enter_context(_description(installed, plain, scratch))
            client = stack.enter_context(httpx.Client(base_url=prism, timeout=None))
            upstream = _described(client, complement)
            internal += [prism, plain]
        await_answer(f"{at}/meta", process, scratch / "emulate.log")
        proxy = GitHubProxy(
            upstream, lambda text: _replaced(text, internal, complement.url), complement.bodies
        )
        url = stack.enter_context(serving(proxy.answer))
        complement.url = url
        direct = stack.enter_context(httpx.Client(base_url=at, timeout=None))
        yield GitHub(url, proxy, complement, direct)


@contextmanager
def _description(installed: Path, upstream: str, scratch: Path) -> Iterator[str]:
    """Runs prism in front of an upstream URL; yields its URL."""
    description = scratch / "github.json"
    description.write_text(json.dumps(_cut_down(installed)))
    port = free_port()
    package = installed / "@stoplight" / "prism-cli"
    command = [_node(installed), package / _main(package, "prism"), "proxy", description, upstream]
    log = scratch / "prism.log"
    with program([*command, "-h", "127.0.0.1", "-p", port], log) as process:
        url = f"http://127.0.0.1:{port}"
        await_answer(f"{url}/", process, log)
        yield url


def _described(prism: httpx.Client, complement: Complement) -> Callable[[Request], Response]:
    """Forwards requests to prism, except downloads of assets, which are not JSON."""

    def answer(request: Request) -> Response:
        if request.path.startswith("/downloads/") or request.headers.get("accept") == _BYTES:
            return complement.answer(request)
        # GitHub accepts refs with slashes, but the description treats a ref as one path segment.
        path = _REF.sub(lambda match: match[1] + quote(match[2], safe=""), request.path)
        response = prism.request(
            request.method, path, headers=request.headers, content=request.body
        )
        return Response(response.status_code, response.headers, response.content)

    return answer


def _replaced(text: bytes, internal: Sequence[str], public: str) -> bytes:
    for url in internal:
        text = text.replace(url.encode(), public.encode())
    return text


def _node(installed: Path) -> str:
    """Node 24 from npm, or, if npm has none for this machine, the one on PATH.

    Raises:
      NotRun: neither exists.
    """
    for package in sorted(installed.glob("node-linux-*")):
        return str(package / "bin" / "node")
    found = shutil.which("node")
    if not found:
        raise NotRun("Node is neither available from npm for this machine, nor on PATH")
    return found


def _main(package: Path, program: str) -> str:
    """The path of a package's program."""
    return str(json.loads((package / "package.json").read_text())["bin"][program])


def _cut_down(installed: Path) -> dict[str, Any]:
    """The part of GitHub's description that is used here; prism is three times as fast with it."""
    generated = installed / "@octokit" / "openapi" / "generated" / "api.github.com.json"
    whole: dict[str, Any] = json.loads(generated.read_bytes())
    prefix = "/repos/{owner}/{repo}"
    paths = {
        path: whole["paths"][path]
        for path in whole["paths"]
        if path == prefix
        or (path.startswith(prefix) and path.removeprefix(prefix).startswith(_OPERATIONS))
    }
    kept: dict[str, dict[str, Any]] = {}
    waiting = [*_references(paths)]
    while waiting:
        kind, name = waiting.pop()
        if name not in kept.setdefault(kind, {}):
            kept[kind][name] = whole["components"][kind][name]
            waiting += _references(kept[kind][name])
    return {key: whole[key] for key in ("openapi", "info")} | {"paths": paths, "components": kept}


def _references(part: object) -> Iterator[tuple[str, str]]:
    """The kind and name of each component that part of a description refers to."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/")
            yield kind, name
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
