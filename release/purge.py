"""The verb `purge`: removes what is older than the policy keeps.

    bazel run //release:purge -- --store github:OWNER/REPO
    bazel run //release:purge -- --store github:OWNER/REPO --yes

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from release import program, retention, settings
from release.document import DocumentError
from release.errors import RemoteError
from release.folder import where
from release.retention import Decision, Held
from release.settings import Purging
from release.site import site as site_of
from release.store import address, catalogue
from release.store.directory import DirectoryStore
from release.store.store import Busy, Store

app = program.new()


@app.command()
@program.verb
def purge(
    store: program.StoreOption,
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
            metavar="FOLDER", help="The index that is rewritten; PATH/site of directory:PATH."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List also what is kept.")] = False,
    today: program.DateOption = None,
    github_api: program.GithubApiOption = None,
    settings_file: program.SettingsOption = None,
    dry_run: program.DryRunOption = False,
    as_json: program.JsonOption = False,
) -> None:
    """Says what would be removed and why the rest is kept; with --yes, removes it."""
    now = program.now(today)
    chosen = settings.read(where(Path(settings_file)) if settings_file else None).purge
    chosen = replace(
        chosen,
        after_days=after_days or chosen.after_days,
        keep_last=keep_last or chosen.keep_last,
        pinned=(*chosen.pinned, *(pin or ())),
    )
    target = address.open_store(store, api=github_api)
    decisions = retention.decide(hold(target), target.tags(), chosen, now=now)
    doomed = sorted((one for one in decisions if one.goes), key=_age)
    acting = yes and not dry_run
    if as_json:
        print(json.dumps({"removed": acting, "decisions": list(map(_json, decisions))}, indent=2))
    else:
        show(decisions, now, every=every)
    if acting:
        target.tidy()
    if not doomed:
        return
    if not acting:
        if not as_json:
            print("Nothing was removed; add --yes to remove it.")
        return
    rewrite_index(target, site, doomed, now)
    failed = [one.tag for one in doomed if not remove(target, one, chosen, now, quiet=as_json)]
    if failed:
        raise RemoteError(
            f"{target.address}: {len(failed)} of {len(doomed)} could not be removed, such as "
            f"{failed[0]}; run this again"
        )


def hold(store: Store) -> list[Held]:
    """All releases of a store with what their manifests say.

    A manifest that cannot be read is no reason to stop, and one to keep its release.
    """
    held = []
    for release, assets in store.inventory():
        manifest, readable = None, True
        if catalogue.MANIFEST in assets and assets[catalogue.MANIFEST].complete:
            try:
                manifest = catalogue.manifest_of(store, release.tag)
            except DocumentError as error:
                program.complain(f"{error}; it is kept")
                readable = False
        held.append(Held(release, manifest, readable))
    return held


def show(decisions: Sequence[Decision], now: datetime, *, every: bool) -> None:
    """Prints what goes, and why the rest stays."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "tag", "days", "why"):
        table.add_column(title, justify="right" if title == "days" else "left")
    for one in decisions:
        if one.goes or every:
            days = str(retention.age_of(one.release, now).days) if one.release else ""
            table.add_row(
                "goes" if one.goes else "kept", one.tag, days, f"{one.reason}: {one.detail}"
            )
    if table.row_count:
        Console(soft_wrap=True).print(table, highlight=False, markup=False)
    kept = Counter(one.reason for one in decisions if not one.goes)
    told = ", ".join(f"{count} {reason}" for reason, count in kept.most_common())
    print(f"{sum(one.goes for one in decisions)} go; kept: {told or 'none'}.")


def rewrite_index(
    store: Store, site: Path | None, doomed: Sequence[Decision], now: datetime
) -> None:
    """Takes what is about to go out of the index, so that nobody finds links to nothing."""
    folder = where(site) if site else None
    if folder is None and isinstance(store, DirectoryStore) and (store.root / "site").exists():
        folder = store.root / "site"
    if folder:
        site_of.write(store, folder, now=now, without=frozenset(one.tag for one in doomed))


def remove(
    store: Store, decision: Decision, settings: Purging, now: datetime, *, quiet: bool
) -> bool:
    """Removes a release and its tag, unless it became one to keep; says whether it could."""
    try:
        with store.lease(decision.tag) if _is_draft(decision) else nullcontext():
            if not _still_goes(store, decision, settings, now):
                print(f"kept {decision.tag}: it changed meanwhile")
                return True
            store.remove(decision.tag)
        store.remove_tag(decision.tag)
    except Busy as error:
        program.complain(f"{error}; it is kept")
        return True
    except RemoteError as error:
        program.complain(str(error))
        return False
    if not quiet:
        print(f"removed {decision.tag}")
    return True


def _still_goes(store: Store, decision: Decision, settings: Purging, now: datetime) -> bool:
    """Whether a release is still what was decided on: not published, pinned or promoted since."""
    release = store.release(decision.tag)
    if release is None:
        return True
    if decision.release is None:
        return False
    alone = replace(settings, keep_last=0)
    (again,) = retention.decide([Held(release, None)], {}, alone, now=now)
    return again.goes and again.reason == decision.reason


def _is_draft(decision: Decision) -> bool:
    """Whether somebody may be publishing it."""
    return decision.release is not None and decision.release.draft


def _age(decision: Decision) -> tuple[bool, str]:
    """The oldest first, tags without a release last."""
    release = decision.release
    return (release is None, str((release.published or release.created) if release else ""))


def _json(decision: Decision) -> dict[str, object]:
    return {
        "tag": decision.tag,
        "goes": decision.goes,
        "reason": decision.reason,
        "detail": decision.detail,
    }


if __name__ == "__main__":
    app(prog_name="purge")
