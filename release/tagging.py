"""Tagging: a green commit becomes a candidate, with a tag, a draft and the evidence."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from release import green, version
from release.document import dumps
from release.errors import Refused
from release.green import MOST_RECORDED, Choice
from release.settings import Tagging
from release.source.source import Commit, Source
from release.store.catalogue import EVIDENCE
from release.store.store import Conflict, Content, Store

_CANDIDATE = re.compile(re.escape(version.CANDIDATE) + r"(\d{8})\.([1-9]\d*)")
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Tagged:
    """A candidate."""

    tag: str
    commit: Commit
    made: bool
    """Whether it was made now; it was there otherwise."""
    evidence: Mapping[str, Any]
    """Why that commit: content of evidence.json."""

    @property
    def version(self) -> str:
        """The version that it is built as."""
        return version.of_tag(self.tag) or ""


def choose(
    source: Source, settings: Tagging, *, now: datetime, commit: str | None, branch: str | None
) -> Choice:
    """The commit that becomes a candidate: a given one, or the newest green one.

    Raises:
      Refused: none is green.
      UsageError: there is no such commit, or nobody says what is required.
    """
    if commit is not None:
        return green.given(source, commit)
    return green.newest(
        source,
        branch or settings.branch,
        required=settings.required_checks,
        maximum_age=timedelta(days=settings.maximum_age_days),
        now=now,
    )


def tag(
    store: Store,
    choice: Choice,
    *,
    now: datetime,
    number: int | None = None,
    named: str | None = None,
    override: bool = False,
) -> Tagged:
    """Makes a commit a candidate, or finds that it is one.

    Args:
      store: where tag and draft are made.
      choice: the commit.
      now: UTC; its day is the candidate's.
      number: N of the tag; else the next of the day.
      named: the tag, instead of a candidate's.
      override: whether somebody named the commit.

    Raises:
      Conflict: the tag is at another commit.
      RemoteError: the store failed; a rerun goes on.
    """
    commit = choice.commit
    found = preview(store, choice, now=now, number=number, named=named)
    made = store.tags().get(found) is None
    for _ in range(_TRIES):
        try:
            store.create_tag(found, commit.sha)
            break
        except Conflict:
            # Somebody was quicker. A number that was given is given; a counter goes on.
            if named or number is not None:
                raise
            found = preview(store, choice, now=now)
    else:
        raise Refused(f"{store.address}: no free candidate of {now:%Y-%m-%d} was found")
    evidence = _evidence(choice, found, now, override=override)
    release = store.draft(
        found,
        commit=commit.sha,
        title=f"{version.of_tag(found)} (being built)",
        notes=f"Being built from {commit.sha}.\n",
    )
    if release.draft:
        there = store.assets(found).get(EVIDENCE)
        # Of another run, it says when and why: it stays.
        if there and there.complete:
            evidence = json.loads(b"".join(store.read(found, EVIDENCE)))
        else:
            store.put(found, Content.of_bytes(EVIDENCE, dumps(evidence)))
    return Tagged(found, commit, made, evidence)


def preview(
    store: Store,
    choice: Choice,
    *,
    now: datetime,
    number: int | None = None,
    named: str | None = None,
) -> str:
    """The tag that `tag` would give a commit: the newest candidate's that it is, or the next."""
    if named:
        return named
    candidates = {
        (match[1], int(match[2])): commit
        for name, commit in store.tags().items()
        if (match := _CANDIDATE.fullmatch(name))
    }
    own = [key for key, commit in candidates.items() if commit == choice.commit.sha]
    if own and number is None:
        day, last = max(own)
        return f"{version.CANDIDATE}{day}.{last}"
    today = f"{now:%Y%m%d}"
    if number is None:
        number = 1 + max((n for day, n in candidates if day == today), default=0)
    return version.tag_of(version.nightly(now.date(), number))


def _evidence(choice: Choice, tag: str, now: datetime, *, override: bool) -> dict[str, Any]:
    """Why that commit; content of evidence.json."""
    if override:
        why = "it was named" + (f" by {actor}" if (actor := os.environ.get("GITHUB_ACTOR")) else "")
    elif choice.required is None:
        why = "it is what is checked out; nothing is checked there"
    else:
        why = "it is the newest whose required checks all succeeded"
    return {
        "schema": 1,
        "tag": tag,
        "commit": choice.commit.sha,
        "subject": choice.commit.subject,
        "committed": choice.commit.committed.isoformat(),
        "chosen": now.isoformat(timespec="seconds"),
        "why": why,
        "required": list(choice.required) if choice.required is not None else None,
        "checks": [
            {
                "name": check.name,
                "conclusion": check.conclusion,
                "at": check.at.isoformat(),
                "url": check.url,
            }
            for check in choice.checks
        ],
        "passed_over": [
            {"commit": commit.sha, "subject": commit.subject, "why": reason}
            for commit, reason in choice.passed_over[:MOST_RECORDED]
        ],
    }
