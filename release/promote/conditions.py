"""The conditions under which a candidate is promoted, and how a user overrides them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from release.hosting.source import CommitSource
from release.model.cells import CellStatus
from release.model.errors import Refused, UsageError
from release.model.manifest import Condition
from release.model.settings import PromoteSettings
from release.model.state import CellState, RunState
from release.model.text import listed
from release.promote.candidate import Candidate

MOST_LISTED = 3
"""How many cells or issues a detail lists."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the conditions are checked against."""

    candidate: Candidate
    settings: PromoteSettings
    source: CommitSource
    """The repository whose issues may block a promotion."""
    local: bool
    """Whether the store is local, so that the promotion is a rehearsal."""
    now: datetime
    """UTC."""


def examine(circumstances: Circumstances) -> tuple[Condition, ...]:
    """Checks each condition.

    Raises:
      RemoteError: the issues cannot be read now.
    """
    return tuple(check(circumstances) for check in _CHECKS.values())


def overrides(texts: Iterable[str]) -> dict[str, str]:
    """Parses NAME=REASON, once for each override.

    Raises:
      UsageError: one has another form, or names no condition.
    """
    found = {}
    for text in texts:
        name, _, reason = text.partition("=")
        if name not in _CHECKS:
            raise UsageError(
                f"--override {text}: unknown condition; expected one of {', '.join(_CHECKS)}"
            )
        if not reason.strip():
            raise UsageError(f"--override {text}: give a reason, as in {name}=REASON")
        found[name] = reason.strip()
    return found


def require(conditions: Sequence[Condition], given: Mapping[str, str]) -> dict[str, str]:
    """Refuses a promotion with an unmet condition that is not overridden.

    Args:
      conditions: the results of all checks.
      given: the overrides: reasons by name of the condition.

    Returns:
      The overrides that were needed.

    Raises:
      Refused: a condition is not met and not overridden; the message lists all of them.
    """
    unmet = [one for one in conditions if not one.met]
    open_ones = [one for one in unmet if one.name not in given]
    if open_ones:
        details = "; ".join(f"{one.name}: {one.detail}" for one in open_ones)
        raise Refused(
            f"the candidate must not be promoted: {details}; wait, fix it, or give a reason with "
            f"--override {open_ones[0].name}=REASON"
        )
    return {one.name: given[one.name] for one in unmet}


def _age(circumstances: Circumstances) -> Condition:
    published = circumstances.candidate.release.published
    assert published, "it is not a draft"
    minimum = timedelta(days=circumstances.settings.minimum_age_days)
    age = circumstances.now - published
    return Condition(
        "age",
        age >= minimum,
        f"published on {published:%Y-%m-%d}, {age.days} days ago; promote.minimum_age_days is "
        f"{minimum.days}",
    )


def _platforms(circumstances: Circumstances) -> Condition:
    cells = circumstances.candidate.manifest.cells
    missing = [cell.name for cell in cells if cell.status is CellState.MISSING]
    if missing:
        return Condition("platforms", False, f"missing: {listed(missing, MOST_LISTED)}")
    return Condition("platforms", True, "every planned file exists")


def _verdicts(circumstances: Circumstances) -> Condition:
    """No cell is wrong or failed, and each required package ran on each of its platforms.

    Without a smoke program, packages are only installed; whether that is enough is a setting. It is
    always enough for packages that the product declares to be installed alone: nothing runs them.
    """
    cells = circumstances.candidate.manifest.cells
    wrong = [
        cell.name for cell in cells if cell.status is CellState.WRONG or cell.run is RunState.FAILED
    ]
    if wrong:
        detail = f"the gate found these wrong or failing: {listed(wrong, MOST_LISTED)}"
        return Condition("verdicts", False, detail)
    ran = _places(cells, RunState.PASSED)
    installed = _places(cells, RunState.INSTALLED)
    alone = {
        package.name
        for package in circumstances.candidate.plan.product.packages
        if package.alone is not None
    }
    if circumstances.settings.installed_is_enough:
        ran |= installed
    else:
        ran |= {place for place in installed if place[0] in alone}
    required = dict.fromkeys((cell.package, cell.platform) for cell in cells if cell.required)
    untested = [place for place in required if place not in ran and place in installed]
    not_run = [place for place in required if place not in ran | installed]
    details = []
    if not_run:
        details.append(f"not run: {_listed(not_run)}")
    if untested:
        details.append(
            f"installed, but not tested: {_listed(untested)}; write a smoke program, or set "
            "promote.installed_is_enough"
        )
    if details:
        return Condition("verdicts", False, "; ".join(details))
    done = "installed or ran" if required.keys() & installed else "ran"
    return Condition("verdicts", True, f"the gate found no fault, and {done} all that is required")


def _places(cells: Sequence[CellStatus], state: RunState) -> set[tuple[str | None, str]]:
    """The packages and platforms of which a cell has a state; None stands for the dist."""
    return {(cell.package, cell.platform) for cell in cells if cell.run is state}


def _listed(places: Iterable[tuple[str | None, str]]) -> str:
    return listed((f"{package or 'dist'} {platform}" for package, platform in places), MOST_LISTED)


def _blockers(circumstances: Circumstances) -> Condition:
    label = circumstances.settings.blocker_label
    issues = circumstances.source.open_issues(label)
    if issues is None:
        hint = "" if circumstances.local else "; name a repository with --source github:OWNER/REPO"
        return Condition(
            "blockers",
            circumstances.local,
            f"not checked: {circumstances.source.name} has no issues{hint}",
        )
    if not issues:
        return Condition("blockers", True, f"no open issue has the label {label}")
    blockers = listed((f"#{issue.number} ({issue.title})" for issue in issues), MOST_LISTED)
    return Condition("blockers", False, f"open issues with the label {label}: {blockers}")


_CHECKS: Mapping[str, Callable[[Circumstances], Condition]] = {
    "age": _age,
    "platforms": _platforms,
    "verdicts": _verdicts,
    "blockers": _blockers,
}
"""The check of each condition, by its name."""
