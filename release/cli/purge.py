"""The verb `purge`: removes what is older than the policy keeps.

    bazel run //release:purge -- --store github:OWNER/REPO
    bazel run //release:purge -- --store github:OWNER/REPO --yes

Of an index that a directory does not serve, what goes is taken first:

    bazel run //release:purge -- --store github:OWNER/REPO --site DIR --index-only

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from release.cli import command
from release.hosting import address, catalogue
from release.hosting.store import Absent, Asset, Busy, Store, StoredRelease
from release.model.document import DocumentError
from release.model.errors import RemoteError, UsageError
from release.model.manifest import Manifest
from release.model.settings import PurgeSettings
from release.purge import retention
from release.purge.retention import Decision, RetentionCandidate
from release.site import site as site_of

Outcome = Literal["removed", "kept", "failed"]
"""What became of what was to go; kept: it changed meanwhile, or somebody is at work on it."""

_MIB = 1 << 20

app = command.new()


@app.command()
@command.main
def purge(
    store: command.StoreOption,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; else it is only said.")] = False,
    after_days: Annotated[
        int | None, typer.Option(metavar="DAYS", min=1, help="Instead of purge.after_days.")
    ] = None,
    keep_last: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Instead of purge.keep_last.")
    ] = None,
    pin: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Keep this; may be given again.")
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The index that is rewritten; PATH/site of directory:PATH."
        ),
    ] = None,
    index_only: Annotated[
        bool,
        typer.Option(
            "--index-only",
            help="Write the index without what would go, and remove nothing: for an index that is "
            "served from elsewhere, and has to be brought there first.",
        ),
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="List also what is kept.")] = False,
    today: command.DateOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Says what would be removed and why the rest is kept; with --yes, removes it."""
    if index_only and yes:
        raise UsageError("--index-only removes nothing, and --yes would; give one of them")
    now = command.now(today)
    chosen = command.settings_of(settings_file).purge
    chosen = replace(
        chosen,
        after_days=after_days or chosen.after_days,
        keep_last=keep_last or chosen.keep_last,
        pinned=(*chosen.pinned, *(pin or ())),
    )
    view = PurgeView(address.open_store(store, api=github_api), chosen, now)
    decisions = view.decide()
    doomed = sorted((one for one in decisions if one.goes), key=lambda one: _order(one, now))
    acting = yes and not dry_run
    index_only = index_only and not dry_run
    if not as_json:
        show(decisions, now, every=every)
    outcomes: dict[str, Outcome] = {}
    if acting:
        view.store.tidy()
        outcomes = carry_out(view, doomed, site, quiet=as_json)
    elif index_only:
        write_index_without(view, doomed, site, quiet=as_json)
    elif doomed and not as_json:
        print("Nothing was removed; add --yes to remove it." if not yes else "Nothing was removed.")
    if as_json:
        told = [_json(one, now, outcomes) for one in decisions]
        print(json.dumps({"decisions": told}, indent=2))
    failed = [tag for tag, outcome in outcomes.items() if outcome == "failed"]
    if failed:
        raise RemoteError(
            f"{view.store.address}: {len(failed)} of {len(doomed)} could not be removed, such as "
            f"{failed[0]}; run this again"
        )


@dataclass(frozen=True, slots=True)
class PurgeView:
    """A store as it is now, under a policy."""

    store: Store
    settings: PurgeSettings
    now: datetime
    """UTC."""
    known: dict[tuple[str, Asset], tuple[Manifest | None, bool]] = field(default_factory=dict)
    """Manifests that were read, which need not be read again; None and False: it could not be."""

    def decide(self) -> tuple[Decision, ...]:
        """Decides on what is in the store just now.

        A manifest can only keep a release, so none is read when nothing would go anyway. One that
        cannot be read is told.
        """
        listed = list(self.store.inventory())
        tags = self.store.tags()

        def decided(held: list[RetentionCandidate]) -> tuple[Decision, ...]:
            return retention.decide(held, tags, self.settings, now=self.now)

        decisions = decided(
            [RetentionCandidate(release, None, size=_size(files)) for release, files in listed]
        )
        if any(one.goes and one.release for one in decisions):
            return decided([self._held(release, files) for release, files in listed])
        return decisions

    def _held(self, release: StoredRelease, files: Mapping[str, Asset]) -> RetentionCandidate:
        asset = files.get(catalogue.MANIFEST)
        if asset is None or not asset.complete:
            return RetentionCandidate(release, None, size=_size(files))
        key = (release.tag, asset)
        if key not in self.known:
            try:
                self.known[key] = catalogue.manifest_of(self.store, release.tag), True
            except DocumentError as error:
                command.complain(f"{error}; mend or delete it: no old release goes until then")
                self.known[key] = None, False
        manifest, readable = self.known[key]
        return RetentionCandidate(release, manifest, readable, _size(files))


def show(decisions: Sequence[Decision], now: datetime, *, every: bool) -> None:
    """Prints what goes, and why the rest stays."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "tag", "days", "MiB", "why"):
        table.add_column(title, justify="right" if title in ("days", "MiB") else "left")
    for one in decisions:
        if one.goes or every:
            days = str(retention.age_of(one.release, now).days) if one.release else ""
            size = f"{one.size / _MIB:,.0f}" if one.release else ""
            what = "goes" if one.goes else "kept"
            table.add_row(what, one.tag, days, size, f"{one.reason}: {one.detail}")
    if table.row_count:
        Console(soft_wrap=True).print(table, highlight=False, markup=False)
    kept = Counter(one.reason for one in decisions if not one.goes)
    told = ", ".join(f"{count} {reason}" for reason, count in kept.most_common())
    going = [one.size for one in decisions if one.goes]
    freed = f", {sum(going) / _MIB:,.0f} MiB" if going else ""
    print(f"{len(going)} go{freed}; kept: {told or 'none'}.")


def carry_out(
    view: PurgeView, doomed: Sequence[Decision], site: Path | None, *, quiet: bool
) -> dict[str, Outcome]:
    """Removes what goes: from the index first, so that nobody finds links to nothing there.

    Args:
      view: the store.
      doomed: what goes.
      site: directory of the index, if it is not at its own place.
      quiet: whether nothing is printed to stdout.

    Returns:
      What became of each, by tag.
    """
    if not doomed:
        return {}
    rewrite_index(view, site, without=frozenset(one.tag for one in doomed))
    outcomes: dict[str, Outcome] = {}
    for one in doomed:
        outcomes[one.tag], line = remove(view, one)
        if line and not quiet:
            print(line)
    if any(outcomes[one.tag] == "kept" and not _is_draft(one) for one in doomed):
        left = frozenset(tag for tag, outcome in outcomes.items() if outcome == "failed")
        rewrite_index(view, site, without=left)
    return outcomes


def write_index_without(
    view: PurgeView, doomed: Sequence[Decision], site: Path | None, *, quiet: bool
) -> None:
    """Writes the index as if what goes were gone already."""
    directory = site_of.required_place(view.store, site)
    site_of.write(view.store, directory, now=view.now, without=frozenset(one.tag for one in doomed))
    if not quiet:
        print(f"Written: {directory}/index.html; nothing was removed.")


def rewrite_index(view: PurgeView, site: Path | None, *, without: frozenset[str]) -> None:
    """Writes the index as if some tags were not there."""
    site_of.rewrite(view.store, site, now=view.now, without=without)


def remove(view: PurgeView, decision: Decision) -> tuple[Outcome, str]:
    """Removes a release and its tag, unless it became one to keep.

    What can be said of it is decided anew, since it is lost for ever: a person may have pinned it,
    or a release may have been made that was promoted from it or requires it.

    Returns:
      What became of it, and a line for stdout.
    """
    store, tag = view.store, decision.tag
    try:
        with store.lease(tag) if _is_draft(decision) else nullcontext():
            again = next((one for one in view.decide() if one.tag == tag), None)
            # None: somebody else removed it, and perhaps not its tag.
            if again and (not again.goes or again.reason not in (decision.reason, "left tag")):
                return "kept", f"kept {tag}, it changed meanwhile: {again.detail}"
            store.remove(tag)
        store.remove_tag(tag)
    except Busy as error:
        command.complain(f"{error}; it is kept")
        return "kept", ""
    except Absent:
        return "kept", f"left {tag}: somebody else removed it"
    except RemoteError as error:
        command.complain(str(error))
        return "failed", ""
    return "removed", f"removed {tag}"


def _is_draft(decision: Decision) -> bool:
    """Whether somebody may be publishing it."""
    return decision.release is not None and decision.release.draft


def _order(decision: Decision, now: datetime) -> tuple[bool, timedelta, str]:
    """The oldest first, tags without a release last."""
    release = decision.release
    age = retention.age_of(release, now) if release else timedelta()
    return release is None, -age, decision.tag


def _size(files: Mapping[str, Asset]) -> int:
    return sum(file.size for file in files.values())


def _json(decision: Decision, now: datetime, outcomes: Mapping[str, Outcome]) -> dict[str, object]:
    release = decision.release
    return {
        "tag": decision.tag,
        "goes": decision.goes,
        "reason": decision.reason,
        "detail": decision.detail,
        "days": retention.age_of(release, now).days if release else None,
        "size": decision.size,
        "outcome": outcomes.get(decision.tag),
    }


if __name__ == "__main__":
    app(prog_name="purge")
