"""The command `purge`: removes releases that are older than the policy keeps.

    bazel run //release:purge -- --store github:OWNER/REPO
    bazel run //release:purge -- --store github:OWNER/REPO --yes

If the index is not served from the store's directory, publish it without these releases first:

    bazel run //release:purge -- --store github:OWNER/REPO --site DIR --index-only

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from release.cli import command
from release.model.errors import RemoteError, UsageError
from release.model.text import MIB, mib
from release.purge import purge as purging
from release.purge import retention
from release.purge.purge import Outcome, PurgeRun, Removal
from release.purge.retention import Decision

app = command.new()


@app.command()
@command.main
def purge(
    store: command.StoreOption,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the releases [default: only list them]")
    ] = False,
    after_days: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=1,
            help="Keep younger releases [default: purge.after_days of the settings]",
        ),
    ] = None,
    keep_last: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Keep the newest N pre-releases [default: purge.keep_last of the settings]",
        ),
    ] = None,
    pin: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Keep this release; repeatable")
    ] = None,
    site: command.SiteOption = None,
    index_only: Annotated[
        bool,
        typer.Option(
            "--index-only",
            help="Write the index without these releases, but remove none: for an index that has "
            "to be deployed first",
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Also list the releases that are kept")
    ] = False,
    today: command.DateOption = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """List what would be removed and why the rest is kept; with --yes, remove it."""
    if index_only and yes:
        raise UsageError("--index-only and --yes exclude each other; pass only one")
    now = command.now(today)
    own = command.product_of(product).product
    settings = command.settings_of(own, settings_file).purge
    settings = replace(
        settings,
        after_days=after_days or settings.after_days,
        keep_last=keep_last or settings.keep_last,
        pinned=(*settings.pinned, *(pin or ())),
    )
    target = command.store_of(own, store, api=github_api)
    run = PurgeRun(target, own, settings, now, command.print_error)
    decisions = run.decide()
    selected = purging.to_remove(decisions, now)
    if not as_json:
        show(decisions, now, every=every)
    removals: list[Removal] = []
    if yes and not dry_run:
        removals = purging.remove_all(
            run, selected, site, lambda removal: _report(removal, quiet=as_json)
        )
    elif index_only and not dry_run:
        directory = purging.write_index_without(run, selected, site)
        if not as_json:
            print(f"Wrote {directory}/index.html; nothing was removed.")
    elif selected and not as_json:
        print("Nothing was removed." if yes else "Nothing was removed; pass --yes to remove it.")
    if as_json:
        outcomes = {one.tag: one.outcome for one in removals}
        listed = [_json(one, now, outcomes) for one in decisions]
        print(json.dumps({"decisions": listed}, indent=2))
    failed = [one.tag for one in removals if one.outcome == "failed"]
    if failed:
        raise RemoteError(
            f"{run.store.address}: {len(failed)} of {len(selected)} could not be removed, such as "
            f"{failed[0]}; run this again"
        )


def show(decisions: Sequence[Decision], now: datetime, *, every: bool) -> None:
    """Prints what would be removed, and why the rest is kept."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "tag", "days", "MiB", "reason"):
        table.add_column(title, justify="right" if title in ("days", "MiB") else "left")
    for one in decisions:
        if one.remove or every:
            days = str(retention.age_of(one.release, now).days) if one.release else ""
            size = f"{one.size / MIB:,.0f}" if one.release else ""
            action = "remove" if one.remove else "keep"
            table.add_row(action, one.tag, days, size, f"{one.reason}: {one.detail}")
    if table.row_count:
        Console(soft_wrap=True).print(table, highlight=False, markup=False)
    kept = Counter(one.reason for one in decisions if not one.remove)
    reasons = ", ".join(f"{count} {reason}" for reason, count in kept.most_common())
    sizes = [one.size for one in decisions if one.remove]
    freed = f" ({mib(sum(sizes), 0)})" if sizes else ""
    print(f"{len(sizes)} to remove{freed}; kept: {reasons or 'none'}.")


def _report(removal: Removal, *, quiet: bool) -> None:
    if removal.is_error:
        command.print_error(removal.message)
    elif not quiet:
        print(removal.message)


def _json(decision: Decision, now: datetime, outcomes: Mapping[str, Outcome]) -> dict[str, object]:
    release = decision.release
    return {
        "tag": decision.tag,
        "goes": decision.remove,
        "reason": decision.reason,
        "detail": decision.detail,
        "days": retention.age_of(release, now).days if release else None,
        "size": decision.size,
        "outcome": outcomes.get(decision.tag),
    }


if __name__ == "__main__":
    app(prog_name="purge")
