"""Tagging: a green commit becomes a candidate, with a tag, a draft and the evidence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from release.hosting.catalogue import EVIDENCE
from release.hosting.source import Commit, CommitSource
from release.hosting.store import Conflict, Store, StoredRelease, Upload
from release.model import document, version
from release.model import evidence as evidence_json
from release.model.errors import Refused
from release.model.evidence import CommitEvidence, PassedOver, RecordedCheck
from release.model.settings import TagSettings
from release.nightly import green
from release.nightly.green import MOST_RECORDED, Choice

_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Tagged:
    """A commit that is a candidate, or would become one."""

    tag: str
    commit: Commit
    created: bool
    """Whether the tag did not exist before."""
    evidence: CommitEvidence
    """Why this commit was chosen."""

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
    """Chooses the commit that becomes a candidate: the given one, or the newest green one.

    Raises:
      Refused: no commit is green.
      UsageError: the commit does not exist, or the required checks are not known.
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
    product: str,
    now: datetime,
    number: int | None = None,
    name: str | None = None,
    override: bool = False,
) -> Tagged:
    """Makes a commit a candidate, unless it is one already.

    Args:
      store: where the tag and the draft are created.
      choice: the commit.
      product: name of the product, for the evidence.
      now: UTC; its day is the candidate's.
      number: N of the tag of a new candidate; by default the next of the day.
      name: the tag to use, which need not be a candidate's.
      override: whether the user named the commit.

    Raises:
      Conflict: the tag is at another commit.
      document.DocumentError: the existing evidence cannot be read.
      RemoteError: the store failed; a rerun continues.
    """
    commit = choice.commit
    for _ in range(_ATTEMPTS):
        tags = store.tags()
        chosen = name or _name(tags, commit.sha, now.date(), number)
        try:
            store.create_tag(chosen, commit.sha)
            break
        except Conflict:
            # Another run took the number: try the next, unless the user gave it.
            if name or number is not None:
                raise
    else:
        raise Refused(
            f"{store.address}: other runs took each candidate tag of {now:%Y-%m-%d} first; give a "
            "number with --number"
        )
    release = store.draft(
        chosen,
        commit=commit.sha,
        title=f"{version.of_tag(chosen)} (being built)",
        notes=f"Being built from {commit.sha}.\n",
    )
    evidence = _record(
        store, release, evidence_of(choice, chosen, now, product=product, override=override)
    )
    return Tagged(chosen, commit, chosen not in tags, evidence)


def preview(
    store: Store,
    choice: Choice,
    *,
    product: str,
    now: datetime,
    number: int | None = None,
    name: str | None = None,
    override: bool = False,
) -> Tagged:
    """What `tag` would do; changes nothing."""
    tags = store.tags()
    chosen = name or _name(tags, choice.commit.sha, now.date(), number)
    evidence = evidence_of(choice, chosen, now, product=product, override=override)
    return Tagged(chosen, choice.commit, chosen not in tags, evidence)


def _name(tags: Mapping[str, str], commit: str, today: date, number: int | None) -> str:
    """The newest candidate tag at a commit, or the next one of the day."""
    candidates = {
        (day, int(text.rpartition(".")[2])): sha
        for tag_name, sha in tags.items()
        if (text := version.of_tag(tag_name)) and (day := version.day(text))
    }
    existing = [key for key, sha in candidates.items() if sha == commit]
    if existing:
        return version.tag_of(version.nightly(*max(existing)))
    if number is None:
        number = 1 + max((n for day, n in candidates if day == today), default=0)
    return version.tag_of(version.nightly(today, number))


def _record(store: Store, release: StoredRelease, evidence: CommitEvidence) -> CommitEvidence:
    """Adds the evidence to a draft that has none; returns the evidence that the release has."""
    asset = store.assets(release.tag).get(EVIDENCE)
    if asset is None or not asset.complete:
        if not release.draft:
            return evidence
        try:
            store.put(release.tag, Upload.of_bytes(EVIDENCE, document.dumps(evidence.to_json())))
        except Conflict:
            # Another run that tagged the same commit at the same time was faster.
            pass
        else:
            return evidence
    # The evidence of an earlier run stays: it says when and why the commit was chosen.
    text = b"".join(store.read(release.tag, EVIDENCE))
    where = f"{store.address}: {EVIDENCE} of {release.tag}"
    return evidence_json.loads(text, where)


def evidence_of(
    choice: Choice, tag: str, now: datetime, *, product: str, override: bool
) -> CommitEvidence:
    """Why the commit was chosen."""
    if override:
        actor = os.environ.get("GITHUB_ACTOR")
        why = "it was named with --commit" + (f" by {actor}" if actor else "")
    elif choice.required is None:
        why = "it is checked out, and a checkout has no checks"
    else:
        why = "it is the newest commit whose required checks all succeeded"
    return CommitEvidence(
        product=product,
        tag=tag,
        branch=choice.branch,
        commit=choice.commit.sha,
        subject=choice.commit.subject,
        committed=choice.commit.committed.isoformat(),
        chosen=now.isoformat(timespec="seconds"),
        why=why,
        required=choice.required,
        checks=tuple(
            RecordedCheck(check.name, check.conclusion, check.at.isoformat(), check.url)
            for check in choice.checks
        ),
        passed_over=tuple(
            PassedOver(commit.sha, commit.subject, reason)
            for commit, reason in choice.passed_over[:MOST_RECORDED]
        ),
    )
