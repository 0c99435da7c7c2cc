"""The front: what clients talk to. Remembers requests, and fails them as it is told."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import httpx

from tests.github.wire import Answer, Request

Kind = Literal[
    "status", "timeout", "cut before", "cut after", "short", "wrong digest", "truncated upload"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with one request."""

    kind: Kind
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    message: str = ""
    seconds: float = 0.0
    """Of a time-out."""

    def __str__(self) -> str:
        """For a person, and for names of cases."""
        return str(self.status) if self.kind == "status" else self.kind


_COMPLEMENT = re.compile(r"/assets|/statuses|/rules/")

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."

FAULTS = (
    Fault("status", 401, message="Bad credentials"),
    Fault("status", 403, message="Resource not accessible by personal access token"),
    Fault("status", 403, (("retry-after", "0"),), SECONDARY),
    Fault("status", 404, message="Not Found"),
    Fault("status", 409, message="Conflict"),
    Fault("status", 422, message="Validation Failed"),
    Fault("status", 429, (("retry-after", "0"),), "Too many requests"),
    Fault("status", 500, message="Server Error"),
    Fault("status", 502, message="Bad Gateway"),
    Fault("timeout", seconds=1.5),
    Fault("cut before"),
    Fault("cut after"),
    Fault("short"),
    Fault("wrong digest"),
    Fault("truncated upload"),
)
"""Every fault of the list."""


@dataclass(slots=True)
class Seen:
    """A request that came."""

    method: str
    path: str
    status: int = 0
    """0 as long as it is not answered, or never was."""

    @property
    def shape(self) -> str:
        """Method and path, numbers and names left out."""
        path = self.path.partition("?")[0]
        path = re.sub(r"^/repos/[^/]+/[^/]+", "", path)
        path = re.sub(r"/(?:\d+|[0-9a-f]{40}|candidate-[^/]+)", "/…", path)
        return f"{self.method} {path}"


@dataclass(slots=True)
class _Order:
    fault: Fault | None
    method: str | None
    path: re.Pattern[str] | None
    nth: int
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None


@dataclass(slots=True)
class Front:
    """Hands requests on to the API description, and answers back."""

    behind: httpx.Client
    rewrite: Callable[[bytes], bytes]
    """URLs of what is behind become our own."""
    bodies: dict[str, bytes]
    """Bytes of uploads, which the description's proxy would take for text; shared with what is
    behind it."""
    seen: list[Seen] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """What the API description says against requests and answers."""
    _orders: list[_Order] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def inject(
        self, fault: Fault, *, method: str | None = None, path: str | None = None, nth: int = 1
    ) -> None:
        """Fails the nth request from now on that is of a method and a path."""
        pattern = re.compile(path) if path else None
        with self._lock:
            self._orders.append(_Order(fault, method, pattern, nth))

    def at(
        self,
        nth: int,
        *,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """Calls something before the nth request from now is handed on, or after."""
        with self._lock:
            self._orders.append(_Order(None, None, None, nth, before, after))

    def calm(self) -> None:
        """Forgets all orders, and what was seen."""
        with self._lock:
            self._orders.clear()
            self.seen.clear()

    def answer(self, request: Request) -> Answer:
        """Answers a request, as ordered."""
        seen = Seen(request.method, request.path)
        with self._lock:
            self.seen.append(seen)
            order = self._due(request)
        if order and order.before:
            order.before()
        given = self._failed(request, order.fault) if order and order.fault else None
        if given is None:
            given = self._handed_on(request)
            if order and order.fault:
                given = _spoilt(given, order.fault)
        if order and order.after:
            order.after()
        seen.status = 0 if given.cut else given.status
        return given

    def _due(self, request: Request) -> _Order | None:
        due = None
        for order in list(self._orders):
            if order.method not in (None, request.method):
                continue
            if order.path and not order.path.search(request.path):
                continue
            order.nth -= 1
            if order.nth == 0 and due is None:
                due = order
                self._orders.remove(order)
        return due

    def _failed(self, request: Request, fault: Fault) -> Answer | None:
        """The answer of a fault that keeps a request from being processed as it is."""
        if fault.kind == "status":
            return Answer.of_json(fault.status, {"message": fault.message}, dict(fault.headers))
        if fault.kind == "cut before":
            return Answer(0, {}, b"", cut=True)
        if fault.kind == "timeout":
            time.sleep(fault.seconds)
            return Answer(0, {}, b"", cut=True)
        if (
            fault.kind == "truncated upload"
            and request.method == "POST"
            and "/assets" in request.path
        ):
            headers = {**request.headers, "x-whole": str(len(request.body))}
            half = request.body[: len(request.body) // 2]
            self._handed_on(replace(request, headers=headers, body=half))
            return Answer(0, {}, b"", cut=True)
        return None

    def _handed_on(self, request: Request) -> Answer:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "content-length", "connection", "accept-encoding")
        }
        body = request.body
        if request.method == "POST" and "/assets?" in request.path:
            body = f"upload {next(self._numbers)}".encode()
            self.bodies[body.decode()] = request.body
        answer = self.behind.request(request.method, request.path, headers=headers, content=body)
        for violation in json.loads(answer.headers.get("sl-violations", "[]")):
            # What emulate answers is not ours; what clients ask is, and what the complement says.
            if violation["location"][0] == "request" or _COMPLEMENT.search(request.path):
                told = f"{'.'.join(violation['location'])}: {violation['message']}"
                self.violations.append(f"{request.method} {request.path}: {told}")
        kept = {
            name: self.rewrite(answer.headers[name].encode()).decode()
            for name in ("content-type", "link", "location")
            if name in answer.headers
        }
        body = answer.content
        if "json" in answer.headers.get("content-type", ""):
            body = self.rewrite(body)
        return Answer(answer.status_code, kept, body)


def _spoilt(answer: Answer, fault: Fault) -> Answer:
    """An answer to a request that was processed, and then something went wrong."""
    if fault.kind == "cut after":
        return replace(answer, cut=True)
    if fault.kind == "short" and answer.body:
        return replace(answer, short=True)
    if fault.kind == "wrong digest" and b'"sha256:' in answer.body:
        body = re.sub(rb'"sha256:[0-9a-f]{64}"', b'"sha256:' + b"0" * 64 + b'"', answer.body)
        return replace(answer, body=body)
    return answer
