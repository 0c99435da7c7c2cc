"""A proxy in front of a server: it records requests, and injects faults."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.servers.remote.wire import Request, Response

Kind = Literal[
    "status", "timeout", "cut before", "cut after", "short", "wrong digest", "truncated upload"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is injected into one request."""

    kind: Kind
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    message: str = ""

    def __str__(self) -> str:
        """For messages, and for names of test cases."""
        return str(self.status) if self.kind == "status" else self.kind


FAULTS = (
    Fault("status", 429, (("retry-after", "0"),), "Too many requests"),
    Fault("status", 500, message="Server Error"),
    Fault("timeout"),
    Fault("cut before"),
    Fault("cut after"),
    Fault("short"),
    Fault("wrong digest"),
    Fault("truncated upload"),
)
"""The faults that every server can have; each kind of server adds its own errors."""

RETRY_SETTINGS = "5:0.01:600"
"""IREE_RELEASE_PATIENCE of a client that does not time out on a slow machine."""


def retry_settings(fault: Fault) -> str:
    """IREE_RELEASE_PATIENCE of a client that meets a fault.

    A client with a short timeout may also time out on other requests if the machine is busy, so it
    gets enough attempts.
    """
    return "20:0.01:1" if fault.kind == "timeout" else RETRY_SETTINGS


@dataclass(slots=True)
class Seen:
    """A request that was received."""

    method: str
    path: str
    shape: str
    """Method and path without numbers and names."""
    status: int = 0
    """0 until it is answered."""


@dataclass(slots=True)
class _Rule:
    """What to do with a future request."""

    fault: Fault | None
    method: str | None
    path: re.Pattern[str] | None
    shape: str | None
    nth: int
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None


class FaultProxy(ABC):
    """Forwards requests to a server, and injects faults."""

    digests: re.Pattern[bytes]
    """Matches a digest in a response; its groups are the text before and after it."""

    def __init__(self) -> None:
        """A proxy without faults."""
        self.seen: list[Seen] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    @abstractmethod
    def forward(self, request: Request) -> Response:
        """Returns the server's response."""

    @abstractmethod
    def shape(self, request: Request) -> str:
        """Method and path without numbers and names."""

    @abstractmethod
    def truncate_upload(self, request: Request) -> bool:
        """Forwards the first half of an upload; returns False if the request is not an upload."""

    def inject(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        path: str | None = None,
        shape: str | None = None,
        nth: int = 1,
    ) -> None:
        """Injects a fault into the nth future request with a method, a path and a shape."""
        pattern = re.compile(path) if path else None
        with self._lock:
            self._rules.append(_Rule(fault, method, pattern, shape, nth))

    def at(
        self,
        nth: int,
        *,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """Calls a function before the nth future request is forwarded, or after."""
        with self._lock:
            self._rules.append(_Rule(None, None, None, None, nth, before, after))

    def reset(self) -> None:
        """Forgets all faults and all recorded requests."""
        with self._lock:
            self._rules.clear()
            self.seen.clear()

    def answer(self, request: Request) -> Response:
        """Answers a request."""
        seen = Seen(request.method, request.path, self.shape(request))
        with self._lock:
            self.seen.append(seen)
            rule = self._due(seen)
        if rule and rule.before:
            rule.before()
        response = self._failed(request, rule.fault) if rule and rule.fault else None
        if response is None:
            response = self.forward(request)
            if rule and rule.fault:
                response = self._corrupted(response, rule.fault)
        if rule and rule.after:
            rule.after()
        seen.status = 0 if response.cut or response.hang else response.status
        return response

    def _due(self, seen: Seen) -> _Rule | None:
        due = None
        for rule in list(self._rules):
            if rule.method not in (None, seen.method) or rule.shape not in (None, seen.shape):
                continue
            if rule.path and not rule.path.search(seen.path):
                continue
            rule.nth -= 1
            if rule.nth == 0 and due is None:
                due = rule
                self._rules.remove(rule)
        return due

    def _failed(self, request: Request, fault: Fault) -> Response | None:
        """The response of a fault that prevents the server from processing the request."""
        if fault.kind == "status":
            return Response.of_json(fault.status, {"message": fault.message}, dict(fault.headers))
        if fault.kind == "cut before":
            return Response(0, {}, b"", cut=True)
        if fault.kind == "timeout":
            return Response(0, {}, b"", hang=True)
        if fault.kind == "truncated upload" and self.truncate_upload(request):
            return Response(0, {}, b"", cut=True)
        return None

    def _corrupted(self, response: Response, fault: Fault) -> Response:
        """The response of a fault after the server has processed the request."""
        if fault.kind == "cut after":
            return replace(response, cut=True)
        if fault.kind == "short" and response.body:
            return replace(response, short=True)
        if fault.kind == "wrong digest":
            body = self.digests.sub(rb"\g<1>" + b"0" * 64 + rb"\g<2>", response.body)
            return replace(response, body=body)
        return response
