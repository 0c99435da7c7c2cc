"""Starts and stops the GitHub for tests.

    client -> front -> GitHub's API description (prism) -> complement -> emulate

The front remembers requests and fails them as it is told; prism holds each request and answer
against the description that GitHub publishes.
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
from tests.servers.github.front import GitHubFront
from tests.servers.remote.program import await_answer, free_port, program
from tests.servers.remote.wire import Answer, Request, serving

MODULES = "GITHUB_FOR_TESTS"
"""Names the directory with node_modules, a file in it, or one that says why there is none."""
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


def _without_bytes(release: Mapping[str, Any]) -> str:
    """What releases of a snapshot are sorted by: their bytes may be a gigabyte."""
    assets = [(name, state, len(data)) for name, (state, data) in release["assets"].items()]
    return str({**release, "assets": assets})


class NotRun(Exception):
    """It cannot be started here; the message says why."""


@dataclass(slots=True)
class GitHub:
    """A GitHub of its own."""

    url: str
    """For --github-api."""
    front: GitHubFront
    _complement: Complement
    _emulate: httpx.Client
    _names: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def repository(self) -> str:
        """Makes a repository with one commit on main, and returns OWNER/REPO."""
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
        """Makes a commit on a branch, or on none."""
        before = parents or [self.head(repository, branch or "main")]
        tree = self._get(f"/repos/{repository}/git/commits/{before[0]}")["tree"]["sha"]
        when = (date or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        who = {"name": "Ada", "email": "ada@example.com", "date": when}
        wanted = {
            "message": message,
            "tree": tree,
            "parents": list(before),
            "author": who,
            "committer": who,
        }
        sha = str(self._post(f"/repos/{repository}/git/commits", wanted)["sha"])
        if branch:
            self._ask(
                "PATCH", f"/repos/{repository}/git/refs/heads/{branch}", {"sha": sha, "force": True}
            )
        return sha

    def check_run(
        self, repository: str, sha: str, name: str, conclusion: str | None, *, at: str
    ) -> None:
        """Adds a check run; one without a conclusion is still running."""
        wanted: dict[str, Any] = {"name": name, "head_sha": sha, "started_at": at}
        wanted |= (
            {"status": "completed", "conclusion": conclusion}
            if conclusion
            else {"status": "in_progress"}
        )
        self._post(f"/repos/{repository}/check-runs", wanted)

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
        wanted = {"title": title, "labels": list(labels)}
        return int(self._post(f"/repos/{repository}/issues", wanted)["number"])

    def close_issue(self, repository: str, number: int) -> None:
        """Closes an issue."""
        self._ask("PATCH", f"/repos/{repository}/issues/{number}", {"state": "closed"})

    def release(
        self, repository: str, tag: str, files: Mapping[str, bytes], *, draft: bool = False
    ) -> None:
        """Makes a pre-release of main's commit, with files."""
        commit = self.head(repository)
        ref = {"ref": f"refs/tags/{tag}", "sha": commit}
        self._post(f"/repos/{repository}/git/refs", ref)
        wanted = {"tag_name": tag, "name": tag, "body": "", "draft": draft, "prerelease": True}
        number = self._post(f"/repos/{repository}/releases", wanted)["id"]
        for name, data in files.items():
            self._complement.add(repository, number, name, data)

    def require(self, repository: str, names: Sequence[str], branch: str = "main") -> None:
        """Makes a ruleset that requires checks."""
        self._complement.state.rules[repository, branch] = list(names)

    def snapshot(self, repository: str) -> dict[str, Any]:
        """What a repository has: releases with their assets, and refs; no numbers and times."""
        releases = self._get(f"/repos/{repository}/releases?per_page=100")
        with self._complement.state.lock:
            shown = sorted(
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
                key=_without_bytes,
            )
        refs = {
            ref["ref"]: ref["object"]["sha"]
            for kind in ("heads/", "tags/")
            for ref in self._get(f"/repos/{repository}/git/matching-refs/{kind}")
        }
        return {"releases": shown, "refs": refs}

    def check(self) -> None:
        """Says what was against GitHub's description of its API.

        Raises:
          AssertionError: something was.
        """
        violations, self.front.violations[:] = list(self.front.violations), []
        assert not violations, "\n".join(violations)

    def _get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def _post(self, path: str, content: object) -> Any:
        return self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: object) -> Any:
        """Asks emulate itself: what tests prepare is no request of ours."""
        headers = {"authorization": self._complement.emulate_token()}
        answer = self._emulate.request(method, path, json=content, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def modules() -> Path:
    """The directory with node_modules.

    Raises:
      NotRun: there is none.
    """
    named = os.environ.get(MODULES)
    if not named:
        raise NotRun(f"{MODULES} does not name a directory with node_modules")
    path = Path(named)
    if path.name == "not_run.txt":
        raise NotRun(path.read_text().strip())
    # Bazel gives a link to a file; the directory beside the real one is too large for links.
    path = path.resolve()
    return (path.parent if path.is_file() else path) / "node_modules"


@contextmanager
def serve(*, described: bool = True) -> Iterator[GitHub]:
    """Starts a GitHub, and stops it.

    Args:
      described: whether requests are held against GitHub's description, which costs time.

    Raises:
      NotRun: it cannot be started here.
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
        inner = [at]
        behind: Callable[[Request], Answer] = complement.answer
        if described:
            plain = stack.enter_context(serving(complement.answer))
            prism = stack.enter_context(_description(installed, plain, scratch))
            client = stack.enter_context(httpx.Client(base_url=prism, timeout=None))
            behind = _described(client, complement)
            inner += [prism, plain]
        await_answer(f"{at}/meta", process, scratch / "emulate.log")
        front = GitHubFront(
            behind, lambda text: _replaced(text, inner, complement.url), complement.bodies
        )
        url = stack.enter_context(serving(front.answer))
        complement.url = url
        direct = stack.enter_context(httpx.Client(base_url=at, timeout=None))
        yield GitHub(url, front, complement, direct)


@contextmanager
def _description(installed: Path, behind: str, scratch: Path) -> Iterator[str]:
    """Starts prism before what is behind; gives its URL."""
    description = scratch / "github.json"
    description.write_text(json.dumps(_cut_down(installed)))
    port = free_port()
    package = installed / "@stoplight" / "prism-cli"
    command = [_node(installed), package / _main(package, "prism"), "proxy", description, behind]
    log = scratch / "prism.log"
    with program([*command, "-h", "127.0.0.1", "-p", port], log) as process:
        url = f"http://127.0.0.1:{port}"
        await_answer(f"{url}/", process, log)
        yield url


def _described(prism: httpx.Client, complement: Complement) -> Callable[[Request], Answer]:
    """Answers by way of the description; the bytes of an asset are not JSON, and go around it."""

    def answer(request: Request) -> Answer:
        if request.path.startswith("/downloads/") or request.headers.get("accept") == _BYTES:
            return complement.answer(request)
        # In the description a ref is one part of a path, and GitHub takes it with its slashes.
        path = _REF.sub(lambda match: match[1] + quote(match[2], safe=""), request.path)
        given = prism.request(request.method, path, headers=request.headers, content=request.body)
        return Answer(given.status_code, given.headers, given.content)

    return answer


def _replaced(text: bytes, inner: Sequence[str], ours: str) -> bytes:
    for url in inner:
        text = text.replace(url.encode(), ours.encode())
    return text


def _node(installed: Path) -> str:
    """Node 24: npm's, or, where npm has none for this machine, the one on PATH.

    Raises:
      NotRun: there is none.
    """
    for package in sorted(installed.glob("node-linux-*")):
        return str(package / "bin" / "node")
    found = shutil.which("node")
    if not found:
        raise NotRun("there is no Node for this machine, neither from npm nor on PATH")
    return found


def _main(package: Path, program: str) -> str:
    """The script of a package's program."""
    return str(json.loads((package / "package.json").read_text())["bin"][program])


def _cut_down(installed: Path) -> dict[str, Any]:
    """GitHub's description of what is asked here; prism takes three times as long for the rest."""
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
    """The kind and name of each component that a part of a description refers to."""
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
