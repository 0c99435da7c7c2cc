"""The command `publish`: uploads a release to a store as a draft, then makes it visible.

    bazel run //release:publish --//packaging:version=V -- --store S

Exit codes: 0 done, 1 refused, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address
from release.hosting.store import Store
from release.model import release_dir
from release.model.product import Product
from release.model.release_dir import where
from release.model.text import mib
from release.publish import publisher, request, summary
from release.publish.publication import Publication, Published
from release.publish.request import PublishPreview, PublishRequest

app = command.new()


@app.command()
@command.main
def publish(
    store: command.StoreOption,
    release_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Directory of the release [default: the release this command was built with]",
        ),
    ] = None,
    verdicts_at: Annotated[
        Path | None,
        typer.Option(
            "--verdicts",
            metavar="DIR",
            help="Output directory of `validate` [default: inspect the files now, run nothing]",
        ),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="Tag to publish under [default: that of its version]"),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(
            metavar="REV",
            help="Commit that was built [default: that of the tag if it exists, else HEAD]",
        ),
    ] = None,
    missing_why: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why a tolerated platform is missing, for the manifest, the notes and the index",
        ),
    ] = None,
    snapshot: Annotated[
        bool,
        typer.Option(
            "--snapshot",
            help="Then move the branch publish.snapshot_branch of the settings to the commit",
        ),
    ] = False,
    uploads: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            min=1,
            max=32,
            help="Parallel uploads [default: publish.uploads of the settings]",
        ),
    ] = None,
    product: command.ReleaseProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Publish a release: upload everything to a draft, then make it visible."""
    console = Console(stderr=True)
    release = release_dir.read(where(release_at) if release_at else release_dir.built())
    own = release.plan.product
    command.product_of_plan(release.plan, product)
    settings = command.settings_of(own, settings_file).publish
    if uploads:
        settings = replace(settings, uploads=uploads)
    target = address.open_store(store, api=github_api)
    publication = request.resolve(
        PublishRequest(
            store=target,
            release=release,
            settings=settings,
            day=command.now().date(),
            tag=tag,
            commit=commit,
            verdicts=where(verdicts_at) if verdicts_at else None,
            missing_reason=missing_why,
            github_api=github_api,
        ),
        console,
    )
    if dry_run:
        show_preview(target, publication, request.preview(target, publication, settings))
        return
    published = publisher.publish(target, publication, settings, console)
    if snapshot:
        target.move_branch(settings.snapshot_branch, publication.build.commit)
    show(target, published, own, as_json=as_json)


def show_preview(store: Store, publication: Publication, preview: PublishPreview) -> None:
    """Prints what would be done."""
    if preview.already:
        print(f"{publication.tag} is already published in {store.address}")
    for asset in preview.assets:
        action = "already uploaded" if asset.uploaded else "would upload"
        print(f"{action} {asset.name} ({mib(asset.size)})")
    size = sum(asset.size for asset in preview.assets)
    print(
        f"would publish {publication.tag} at {publication.build.commit[:12]} in "
        f"{store.address}: {len(preview.assets)} assets, {mib(size)}"
    )


def show(store: Store, published: Published, product: Product, *, as_json: bool) -> None:
    """Prints what was done; the last line installs the release."""
    release = summary.read(store, published.tag, product)
    assert release, "it was published with a manifest"
    if as_json:
        result = {
            "tag": published.tag,
            "store": store.address,
            "already": published.already,
            "placed": published.placed,
            "missing": published.missing,
            "install": release.install,
        }
        print(json.dumps(result, indent=2))
        return
    for file, since in published.missing.items():
        print(f"missing since {since} (tolerated): {file}")
    if published.already:
        print(f"{published.tag} is already published with the same files in {store.address}")
    else:
        counts = Counter(published.placed.values())
        results = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
        print(f"Published {published.tag} in {store.address}: {results}")
    print(f"\n    {release.install}")


if __name__ == "__main__":
    app(prog_name="publish")
