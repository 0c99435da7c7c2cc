"""Tagging: a green commit becomes a candidate, with a tag, a draft and the evidence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from release.hosting.catalogue import EVIDENCE
from release.hosting.source import Commit, CommitSource
from release.hosting.store import Conflict, Store, StoredRelease, Upload
from release.model import document, version
from release.model.errors import Refused
from release.model.settings import TagSettings
from release.nightly import green
from release.nightly.green import MOST_RECORDED, Choice

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
    source: CommitSource,
    settings: TagSettings,
    *,
    now: datetime,
    commit: str | None,
    branch: str | None,
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
      number: N of the tag, unless the commit is a candidate already; else the next of the day.
      named: the tag, instead of a candidate's.
      override: whether somebody named the commit.

    Raises:
      Conflict: the tag is at another commit.
      document.DocumentError: there is evidence, and it cannot be read.
      RemoteError: the store failed; a rerun goes on.
    """
    commit = choice.commit
    for _ in range(_TRIES):
        tags = store.tags()
        found = named or _name(tags, commit.sha, now.date(), number)
        try:
            store.create_tag(found, commit.sha)
            break
        except Conflict:
            # Somebody was quicker. A number that was given is given; a counter goes on.
            if named or number is not None:
                raise
    else:
        raise Refused(
            f"{store.address}: others take each candidate of {now:%Y-%m-%d} first; give a number "
            "with --number"
        )
    release = store.draft(
        found,
        commit=commit.sha,
        title=f"{version.of_tag(found)} (being built)",
        notes=f"Being built from {commit.sha}.\n",
    )
    evidence = _recorded(store, release, evidence_of(choice, found, now, override=override))
    return Tagged(found, commit, found not in tags, evidence)


def preview(
    store: Store,
    choice: Choice,
    *,
    now: datetime,
    number: int | None = None,
    named: str | None = None,
) -> str:
    """The tag that `tag` would give a commit: the newest candidate's that it is, or the next."""
    return named or _name(store.tags(), choice.commit.sha, now.date(), number)


def _name(tags: Mapping[str, str], commit: str, today: date, number: int | None) -> str:
    candidates = {
        (day, int(text.rpartition(".")[2])): sha
        for name, sha in tags.items()
        if (text := version.of_tag(name)) and (day := version.day(text))
    }
    own = [key for key, sha in candidates.items() if sha == commit]
    if own:
        return version.tag_of(version.nightly(*max(own)))
    if number is None:
        number = 1 + max((n for day, n in candidates if day == today), default=0)
    return version.tag_of(version.nightly(today, number))


def _recorded(store: Store, release: StoredRelease, evidence: dict[str, Any]) -> Mapping[str, Any]:
    """Puts the evidence into a draft, unless there is some; returns what is there."""
    there = store.assets(release.tag).get(EVIDENCE)
    if there is None or not there.complete:
        if not release.draft:
            return evidence
        try:
            store.put(release.tag, Upload.of_bytes(EVIDENCE, document.dumps(evidence)))
        except Conflict:
            # Somebody who tagged in the same moment was quicker.
            pass
        else:
            return evidence
    # Of another run, it says when and why: it stays.
    text = b"".join(store.read(release.tag, EVIDENCE))
    where = f"{store.address}: {EVIDENCE} of {release.tag}"
    return document.loads(text, where, "statement of evidence", dict)


def evidence_of(choice: Choice, tag: str, now: datetime, *, override: bool) -> dict[str, Any]:
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
        "branch": choice.branch,
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
