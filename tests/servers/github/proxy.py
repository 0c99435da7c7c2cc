"""The proxy of the GitHub for tests: records API violations, and passes uploads around prism."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace

from tests.servers.remote import proxy
from tests.servers.remote.proxy import Fault, FaultProxy
from tests.servers.remote.wire import Request, Response

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
    *proxy.FAULTS,
)
"""All faults that are tested on GitHub."""


class GitHubProxy(FaultProxy):
    """Forwards requests to the API description."""

    digests = re.compile(rb'("sha256:)[0-9a-f]{64}(")')

    def __init__(
        self,
        upstream: Callable[[Request], Response],
        rewrite: Callable[[bytes], bytes],
        bodies: dict[str, bytes],
    ) -> None:
        """A proxy.

        Args:
          upstream: answers forwarded requests.
          rewrite: replaces upstream URLs in a response with those of this proxy.
          bodies: uploaded files, which prism would treat as text; shared with the complement.
        """
        super().__init__()
        self.violations: list[str] = []
        """Requests and responses that violate the API description."""
        self._upstream = upstream
        self._rewrite = rewrite
        self._bodies = bodies
        self._numbers = itertools.count()

    def shape(self, request: Request) -> str:
        """Method and path without numbers and names."""
        path = request.path.partition("?")[0]
        path = re.sub(r"^/repos/[^/]+/[^/]+", "", path)
        path = re.sub(r"/(?:[0-9a-f]{40}|\d+|candidate-[^/]+)", "/…", path)
        return f"{request.method} {path}"

    def truncate_upload(self, request: Request) -> bool:
        """Forwards half of an asset; the header x-whole tells the complement the full size."""
        if request.method != "POST" or "/assets" not in request.path:
            return False
        headers = {**request.headers, "x-whole": str(len(request.body))}
        half = request.body[: len(request.body) // 2]
        self.forward(replace(request, headers=headers, body=half))
        return True

    def forward(self, request: Request) -> Response:
        """Returns GitHub's response."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        body = request.body
        if request.method == "POST" and "/assets?" in request.path:
            body = f"upload {next(self._numbers)}".encode()
            self._bodies[body.decode()] = request.body
        response = self._upstream(replace(request, headers=headers, body=body))
        for violation in json.loads(response.headers.get("sl-violations", "[]")):
            # Ignore responses of emulate; check requests, and responses of the complement.
            if violation["location"][0] == "request" or _COMPLEMENT.search(request.path):
                message = f"{'.'.join(violation['location'])}: {violation['message']}"
                self.violations.append(f"{request.method} {request.path}: {message}")
        kept = {
            name: self._rewrite(response.headers[name].encode()).decode()
            for name in ("content-type", "link", "location")
            if name in response.headers
        }
        body = response.body
        if "json" in response.headers.get("content-type", ""):
            body = self._rewrite(body)
        return Response(response.status, kept, body)
