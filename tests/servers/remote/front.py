"""The front: what clients talk to. Remembers requests, and fails them as it is told."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.servers.remote.wire import Answer, Request

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

    def __str__(self) -> str:
        """For a person, and for names of cases."""
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
"""What any remote may do; each has refusals of its own besides."""

PATIENCE = "5:0.01:600"
"""IREE_RELEASE_PATIENCE of a client that no slow machine makes give up."""


def patience(fault: Fault) -> str:
    """IREE_RELEASE_PATIENCE of a client that meets a fault.

    One that is to give up soon may do so elsewhere too, on a busy machine. It only tries again,
    which it does often enough.
    """
    return "20:0.01:1" if fault.kind == "timeout" else PATIENCE


@dataclass(slots=True)
class Seen:
    """A request that came."""

    method: str
    path: str
    shape: str
    """Method and path, numbers and names left out."""
    status: int = 0
    """0 as long as it is not answered, or never was."""


@dataclass(slots=True)
class _Order:
    fault: Fault | None
    method: str | None
    path: re.Pattern[str] | None
    shape: str | None
    nth: int
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None


class Front(ABC):
    """Hands requests on to what is behind it, and answers back."""

    digests: re.Pattern[bytes]
    """What is a digest in an answer; its groups are what stands before and after it."""

    def __init__(self) -> None:
        """A front without orders."""
        self.seen: list[Seen] = []
        self._orders: list[_Order] = []
        self._lock = threading.Lock()

    @abstractmethod
    def handed_on(self, request: Request) -> Answer:
        """The answer of what is behind."""

    @abstractmethod
    def shape(self, request: Request) -> str:
        """Method and path, numbers and names left out."""

    @abstractmethod
    def lose_half(self, request: Request) -> bool:
        """Hands on the first half of an upload, and loses the connection; False: it is none."""

    def inject(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        path: str | None = None,
        shape: str | None = None,
        nth: int = 1,
    ) -> None:
        """Fails the nth request from now on that is of a method, a path and a shape."""
        pattern = re.compile(path) if path else None
        with self._lock:
            self._orders.append(_Order(fault, method, pattern, shape, nth))

    def at(
        self,
        nth: int,
        *,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """Calls something before the nth request from now is handed on, or after."""
        with self._lock:
            self._orders.append(_Order(None, None, None, None, nth, before, after))

    def calm(self) -> None:
        """Forgets all orders, and what was seen."""
        with self._lock:
            self._orders.clear()
            self.seen.clear()

    def answer(self, request: Request) -> Answer:
        """Answers a request, as ordered."""
        seen = Seen(request.method, request.path, self.shape(request))
        with self._lock:
            self.seen.append(seen)
            order = self._due(seen)
        if order and order.before:
            order.before()
        given = self._failed(request, order.fault) if order and order.fault else None
        if given is None:
            given = self.handed_on(request)
            if order and order.fault:
                given = self._spoilt(given, order.fault)
        if order and order.after:
            order.after()
        seen.status = 0 if given.cut or given.held else given.status
        return given

    def _due(self, seen: Seen) -> _Order | None:
        due = None
        for order in list(self._orders):
            if order.method not in (None, seen.method) or order.shape not in (None, seen.shape):
                continue
            if order.path and not order.path.search(seen.path):
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
            return Answer(0, {}, b"", held=True)
        if fault.kind == "truncated upload" and self.lose_half(request):
            return Answer(0, {}, b"", cut=True)
        return None

    def _spoilt(self, answer: Answer, fault: Fault) -> Answer:
        """An answer to a request that was processed, and then something went wrong."""
        if fault.kind == "cut after":
            return replace(answer, cut=True)
        if fault.kind == "short" and answer.body:
            return replace(answer, short=True)
        if fault.kind == "wrong digest":
            body = self.digests.sub(rb"\g<1>" + b"0" * 64 + rb"\g<2>", answer.body)
            return replace(answer, body=body)
        return answer
