"""The verb `publish`: uploads a release to a store and makes it visible last.

    bazel run //release:publish --//packaging:version=V -- --store S

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed and a rerun goes on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace as changed
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.gate import examination
from release.gate.release_set import SizeLimits
from release.hosting import address, catalogue
from release.hosting.checkout import Checkout
from release.hosting.source import Commit
from release.hosting.store import Store, StoredRelease, Upload
from release.model import release_dir, version
from release.model.errors import UsageError
from release.model.manifest import Manifest
from release.model.release_dir import where
from release.publish import judgement, notes, publisher
from release.publish.publication import Publication, Published
from release.publish.published_manifest import BuildRecord

_MIB = 1 << 20
_SHA = re.compile("[0-9a-f]{40}")

app = command.new()


@app.command()
@command.main
def publish(
    store: command.StoreOption,
    release_at: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="The release; what this was built with if left out."
        ),
    ] = None,
    verdicts_at: Annotated[
        Path | None,
        typer.Option(
            "--verdicts",
            metavar="DIR",
            help="What `validate` wrote of it; else its files are inspected now, and not run.",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Instead of the one of its version.")
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REV", help="What was built; the tag's, else HEAD, when left out."),
    ] = None,
    missing_why: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why a tolerated platform is missing; the manifest, the notes and the page say "
            "it.",
        ),
    ] = None,
    snapshot: Annotated[
        bool,
        typer.Option(
            "--snapshot",
            help="Then move publish.snapshot_branch of the settings to its commit.",
        ),
    ] = False,
    uploads: Annotated[
        int | None, typer.Option(metavar="K", min=1, max=32, help="Uploads at a time.")
    ] = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Publishes a release: everything goes into a draft, which becomes visible last."""
    errors = Console(stderr=True)
    chosen = command.settings_of(settings_file).publish
    if uploads:
        chosen = changed(chosen, uploads=uploads)
    target = address.open_store(store, api=github_api)
    release = release_dir.read(where(release_at) if release_at else release_dir.built())
    publisher.check_version(target, release.plan.version)
    name = tag or version.tag_of(release.plan.version)
    provenance = find_provenance(target, name, commit)
    if missing_why:
        platforms = {cell.platform for cell in release.plan.cells}
        provenance = changed(provenance, unbuilt=dict.fromkeys(platforms, missing_why))
    before = catalogue.previous(target, release.plan.version)
    if verdicts_at:
        judged = judgement.read(where(verdicts_at), release)
    else:
        wishes = examination.ExaminationOptions(
            run=False, limits=SizeLimits(wheel=chosen.registry_file_limit)
        )
        examined = examination.examine(
            release,
            wishes,
            previous=before[1] if before else None,
            day=command.now().date(),
            console=errors,
        )
        judged = judgement.of(examined, release)
    publication = Publication(
        release=release,
        judgement=judged,
        provenance=provenance,
        tag=name,
        previous=before,
        commits=commits_since(target, before, provenance.commit, github_api),
    )
    if dry_run:
        print_plan(target, publication, publisher.prepare(target, publication, chosen)[1])
        return
    published = publisher.publish(target, publication, chosen, errors)
    if snapshot:
        target.move_branch(chosen.snapshot_branch, provenance.commit)
    show(target, published, as_json=as_json)


def find_provenance(store: Store, tag: str, commit: str | None) -> BuildRecord:
    """What was built: as the user says, or as the tag does, or what is checked out.

    Raises:
      UsageError: none of them says.
    """
    if commit and _SHA.fullmatch(commit):
        return BuildRecord(commit)
    here = workspace_checkout()
    if commit:
        if here is None:
            raise UsageError(f"--commit {commit}: this is no checkout; write all 40 digits")
        return BuildRecord(here.commit(commit).sha)
    tagged = store.tags().get(tag)
    if here is None:
        if tagged is None:
            raise UsageError(f"{tag} is no tag yet, and this is no checkout; name --commit")
        return BuildRecord(tagged)
    return BuildRecord(tagged or here.head, dirty=here.dirty)


def workspace_checkout() -> Checkout | None:
    """The checkout that `bazel run` was called in; None when it is none of git's."""
    try:
        return Checkout(release_dir.workspace())
    except UsageError:
        return None


def commits_since(
    target: Store, before: tuple[StoredRelease, Manifest] | None, commit: str, api: str | None
) -> Sequence[Commit]:
    """The commits since the release before, where they can be known."""
    if before is None or before[1].commit is None:
        return ()
    here = workspace_checkout()
    source = here if target.local else address.open_source(target.address, api=api)
    return source.between(before[1].commit, commit) if source else ()


def print_plan(target: Store, publication: Publication, assets: Sequence[Upload]) -> None:
    """Says what would be done."""
    there = target.release(publication.tag)
    if there and not there.draft:
        print(f"{publication.tag} is published already in {target.address}")
    own = target.assets(publication.tag) if there else {}
    for content in assets:
        asset = own.get(content.name)
        same = asset and asset.complete and asset.sha256 in (content.sha256, None)
        what = "have" if same else "would upload"
        print(f"{what} {content.name} ({content.size / _MIB:.1f} MiB)")
    size = sum(content.size for content in assets) / _MIB
    print(
        f"would publish {publication.tag} at {publication.provenance.commit[:12]} in "
        f"{target.address}: {len(assets)} assets, {size:.1f} MiB"
    )


def show(target: Store, published: Published, *, as_json: bool) -> None:
    """Says what was done."""
    stated = catalogue.manifest_of(target, published.tag)
    assert stated, "it was published with one"
    install = notes.install_line(target, published.tag, stated)
    if as_json:
        print(
            json.dumps(
                {
                    "tag": published.tag,
                    "store": target.address,
                    "already": published.already,
                    "placed": published.placed,
                    "missing": published.missing,
                    "install": install,
                },
                indent=2,
            )
        )
        return
    for file, since in published.missing.items():
        print(f"missing, tolerated, since {since}: {file}")
    if published.already:
        print(f"{published.tag} was published before, with these very bytes, in {target.address}")
    else:
        counts = Counter(published.placed.values())
        told = ", ".join(f"{count} {placed}" for placed, count in sorted(counts.items()))
        print(f"Published {published.tag} in {target.address}: {told}")
    print(f"\n    {install}")


if __name__ == "__main__":
    app(prog_name="publish")
