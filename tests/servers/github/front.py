"""The front of the GitHub for tests: hands on to the API description, and takes uploads apart."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace

from tests.servers.remote import front
from tests.servers.remote.front import Fault, Front
from tests.servers.remote.wire import Answer, Request

_COMPLEMENT = re.compile(r"/assets|/statuses|/rules/")

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."

FAULTS = (
    Fault("status", 401, message="Bad credentials"),
    Fault("status", 403, message="Resource not accessible by personal access token"),
    Fault("status", 403, (("retry-after", "0"),), SECONDARY),
    Fault("status", 404, message="Not Found"),
    Fault("status", 409, message="Conflict"),
    Fault("status", 422, message="Validation Failed"),
    Fault("status", 502, message="Bad Gateway"),
    *front.FAULTS,
)
"""Every fault of the list."""


class GitHubFront(Front):
    """Hands requests on to the API description, and answers back."""

    digests = re.compile(rb'("sha256:)[0-9a-f]{64}(")')

    def __init__(
        self,
        behind: Callable[[Request], Answer],
        rewrite: Callable[[bytes], bytes],
        bodies: dict[str, bytes],
    ) -> None:
        """A front.

        Args:
          behind: what requests are handed on to.
          rewrite: makes URLs of what is behind our own.
          bodies: bytes of uploads, which the description's proxy would take for text; shared with
            what is behind it.
        """
        super().__init__()
        self.violations: list[str] = []
        """What the API description says against requests and answers."""
        self._behind = behind
        self._rewrite = rewrite
        self._bodies = bodies
        self._numbers = itertools.count()

    def shape(self, request: Request) -> str:
        """Method and path, numbers and names left out."""
        path = request.path.partition("?")[0]
        path = re.sub(r"^/repos/[^/]+/[^/]+", "", path)
        path = re.sub(r"/(?:[0-9a-f]{40}|\d+|candidate-[^/]+)", "/…", path)
        return f"{request.method} {path}"

    def lose_half(self, request: Request) -> bool:
        """Hands on half of an asset; what is behind is told that it is no more."""
        if request.method != "POST" or "/assets" not in request.path:
            return False
        headers = {**request.headers, "x-whole": str(len(request.body))}
        half = request.body[: len(request.body) // 2]
        self.handed_on(replace(request, headers=headers, body=half))
        return True

    def handed_on(self, request: Request) -> Answer:
        """What GitHub answers."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        body = request.body
        if request.method == "POST" and "/assets?" in request.path:
            body = f"upload {next(self._numbers)}".encode()
            self._bodies[body.decode()] = request.body
        answer = self._behind(replace(request, headers=headers, body=body))
        for violation in json.loads(answer.headers.get("sl-violations", "[]")):
            # What emulate answers is not ours; what clients ask is, and what the complement says.
            if violation["location"][0] == "request" or _COMPLEMENT.search(request.path):
                told = f"{'.'.join(violation['location'])}: {violation['message']}"
                self.violations.append(f"{request.method} {request.path}: {told}")
        kept = {
            name: self._rewrite(answer.headers[name].encode()).decode()
            for name in ("content-type", "link", "location")
            if name in answer.headers
        }
        body = answer.body
        if "json" in answer.headers.get("content-type", ""):
            body = self._rewrite(body)
        return Answer(answer.status, kept, body)
