"""What must be so before a candidate is promoted, and how a person decides otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release.hosting.source import CommitSource
from release.model.errors import Refused, UsageError
from release.model.manifest import CellStatus
from release.model.settings import PromoteSettings
from release.promote.candidate import Candidate

MOST_TOLD = 3
"""Cells or issues that a detail names."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One of them, and how it stands."""

    name: str
    met: bool
    detail: str
    """Why it is met or not, for a person."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What conditions are held against."""

    candidate: Candidate
    settings: PromoteSettings
    source: CommitSource
    """Whose issues may stand in the way."""
    local: bool
    """Whether the store is this machine's alone, so that it is a rehearsal."""
    now: datetime
    """UTC."""


def examine(circumstances: Circumstances) -> tuple[Condition, ...]:
    """How each condition stands.

    Raises:
      RemoteError: the issues cannot be asked for now.
    """
    return tuple(look(circumstances) for look in _LOOKS.values())


def overrides(texts: Iterable[str]) -> dict[str, str]:
    """Reads NAME=REASON, each of them.

    Raises:
      UsageError: one is not of that form, or names no condition.
    """
    found = {}
    for text in texts:
        name, _, reason = text.partition("=")
        if name not in _LOOKS:
            raise UsageError(f"--override {text}: there are {', '.join(_LOOKS)}")
        if not reason.strip():
            raise UsageError(f"--override {text}: give a reason, as in {name}=REASON")
        found[name] = reason.strip()
    return found


def hold(conditions: Sequence[Condition], overridden: Mapping[str, str]) -> dict[str, str]:
    """Lets a promotion go on.

    Returns:
      The overrides that were needed.

    Raises:
      Refused: a condition is not met, and nobody overrode it; all of them are told.
    """
    unmet = [one for one in conditions if not one.met]
    against = [one for one in unmet if one.name not in overridden]
    if against:
        told = "; ".join(f"{one.name}: {one.detail}" for one in against)
        raise Refused(
            f"it must not be promoted: {told}; wait, mend it, or say why it may be all the same "
            f"with --override {against[0].name}=REASON"
        )
    return {one.name: overridden[one.name] for one in unmet}


def _age(about: Circumstances) -> Condition:
    published = about.candidate.release.published
    assert published, "it is no draft"
    least = timedelta(days=about.settings.minimum_age_days)
    age = about.now - published
    return Condition(
        "age",
        age >= least,
        f"it was published on {published:%Y-%m-%d}, {age.days} days ago, and {least.days} are "
        "asked for (promote.minimum_age_days)",
    )


def _platforms(about: Circumstances) -> Condition:
    missing = [cell for cell in about.candidate.manifest.cells if cell.status == "missing"]
    return Condition(
        "platforms",
        not missing,
        f"it lacks {_some(map(_name, missing))}" if missing else "all that it planned is there",
    )


def _verdicts(about: Circumstances) -> Condition:
    """Nothing is wrong, nothing failed, and each required package ran on each of its platforms."""
    cells = about.candidate.manifest.cells
    wrong = [_name(cell) for cell in cells if cell.status == "wrong" or cell.run == "failed"]
    if wrong:
        return Condition("verdicts", False, f"the gate found wrong or failing: {_some(wrong)}")
    ran = {(cell.package, cell.platform) for cell in cells if cell.run == "passed"}
    idle = {
        f"{cell.package or 'dist'} {cell.platform}": None
        for cell in cells
        if cell.required and (cell.package, cell.platform) not in ran
    }
    if idle:
        return Condition("verdicts", False, f"nobody ran {_some(idle)}")
    return Condition("verdicts", True, "the gate found nothing wrong, and ran what is required")


def _blockers(about: Circumstances) -> Condition:
    label = about.settings.blocker_label
    issues = about.source.open_issues(label)
    if issues is None:
        return Condition(
            "blockers",
            about.local,
            f"not asked: {about.source.name} has no issues"
            + ("" if about.local else "; name a repository with --source github:OWNER/REPO"),
        )
    if not issues:
        return Condition("blockers", True, f"no open issue has the label {label}")
    told = _some(f"#{issue.number} ({issue.title})" for issue in issues)
    return Condition("blockers", False, f"open with the label {label}: {told}")


_LOOKS: Mapping[str, Callable[[Circumstances], Condition]] = {
    "age": _age,
    "platforms": _platforms,
    "verdicts": _verdicts,
    "blockers": _blockers,
}
"""The conditions by name."""


def _name(cell: CellStatus) -> str:
    return " ".join(filter(None, (cell.package or "dist", cell.platform, cell.python)))


def _some(names: Iterable[str]) -> str:
    """The first ones, and how many more there are."""

    def told() -> Iterator[str]:
        yield from listed[:MOST_TOLD]
        if len(listed) > MOST_TOLD:
            yield f"and {len(listed) - MOST_TOLD} more"

    listed = list(names)
    return ", ".join(told())
