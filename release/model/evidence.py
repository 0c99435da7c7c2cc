"""evidence.json: why a commit became a candidate."""

from __future__ import annotations

from dataclasses import dataclass, field

from release.model import document
from release.model.record import Record

SCHEMA = 1
"""The schema that this program reads and writes."""


@dataclass(frozen=True, slots=True)
class RecordedCheck(Record):
    """A check of the commit."""

    name: str
    conclusion: str
    """success, pending or failure."""
    at: str
    """When it started, in ISO 8601."""
    url: str | None


@dataclass(frozen=True, slots=True)
class PassedOver(Record):
    """A newer commit that was not chosen."""

    commit: str
    """40 hex digits."""
    subject: str
    why: str
    """Which required checks did not succeed."""


@dataclass(frozen=True, slots=True)
class CommitEvidence(Record):
    """Why a commit became a candidate."""

    schema: int = field(default=SCHEMA, kw_only=True, metadata={"schema": SCHEMA})
    product: str | None = field(default=None, kw_only=True)
    """The name of the product; None for a candidate that was tagged before there were products."""
    tag: str
    """The candidate."""
    branch: str | None
    """Where the commit was looked for; None if it was named."""
    commit: str
    """40 hex digits."""
    subject: str
    """The first line of its message."""
    committed: str
    """When it was committed, in ISO 8601."""
    chosen: str
    """When it was chosen, in ISO 8601, UTC."""
    why: str
    """A sentence."""
    required: tuple[str, ...] | None
    """Names of the checks that had to succeed; None if the source has no checks."""
    checks: tuple[RecordedCheck, ...]
    """The latest run of each check."""
    passed_over: tuple[PassedOver, ...]
    """Newer commits, the newest first."""


def loads(text: bytes, where: str) -> CommitEvidence:
    """Reads evidence.json.

    Args:
      text: its content.
      where: where it comes from, for messages.

    Raises:
      document.DocumentError: it is not evidence, or has another schema.
    """
    return document.loads(text, where, "record of evidence", CommitEvidence.from_json)
