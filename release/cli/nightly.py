"""The command `nightly`: everything from a green commit to an index that lists its release.

    bazel run //release:nightly
    bazel run //release:nightly -- --store github:OWNER/REPO

Without arguments it rehearses in the directory `store/` of this checkout.
Exit codes: 0 done, 1 the release was refused, 2 bad usage, 75 a remote failed; rerun to continue.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import address
from release.model import release_dir
from release.nightly import nightly as nightlies
from release.nightly.nightly import NightlyOptions, NightlyRun
from release.publish.summary import ReleaseSummary
from release.site import site as sites

app = command.new()


@app.command()
@command.main
def nightly(
    store: command.OwnStoreOption = None,
    version: Annotated[
        str | None,
        typer.Option(metavar="V", help="Version to build [default: the next nightly of the day]"),
    ] = None,
    commit: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Commit to build [default: the newest green commit]"),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="N of YYYYMMDD.N, such as the CI run number [default: the next of the day]",
        ),
    ] = None,
    source: command.SourceOption = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Directory to write the index to [default: PATH/site of directory:PATH, site/ of "
            "this checkout for GitHub]",
        ),
    ] = None,
    run: Annotated[
        bool, typer.Option(help="Install and run the files that pass inspection")
    ] = True,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLATFORM:WHAT",
            help="Fail unless this was run, such as linux_aarch64:run; repeatable",
        ),
    ] = None,
    product: command.ProductOption = None,
    github_api: command.GithubApiOption = None,
    settings_file: command.SettingsOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Choose a commit and a version; build, validate and publish it; write the index."""
    declared = command.product_of(product)
    workspace = release_dir.workspace()
    target = address.open_own(store, api=github_api)
    this = NightlyRun(
        workspace=workspace,
        product=declared,
        store=target,
        source=address.source_of(target, source, api=github_api),
        settings=command.settings_of(declared.product, settings_file),
        site=sites.directory_of(target, site) or workspace / "site",
        verdicts=workspace / "verdicts",
        now=command.now(),
        console=Console(stderr=True),
        options=NightlyOptions(
            version=version,
            commit=commit,
            number=number,
            smoke_test=run,
            require=tuple(require or ()),
        ),
    )
    if dry_run:
        candidate = nightlies.preview(this)
        commit_at = f"{candidate.commit.sha[:12]} ({candidate.commit.subject})"
        print(f"would tag {commit_at} as {candidate.tag}")
        print(f"would build it as {candidate.version}, validate it{' and run it' * run}")
        print(f"would publish it in {target.address} and write {this.site}/index.html")
        return
    show(this, nightlies.publish(this), as_json=as_json)


def show(run: NightlyRun, published: ReleaseSummary, *, as_json: bool) -> None:
    """Prints the result; the last line installs the release."""
    if as_json:
        result = {
            "tag": published.tag,
            "version": published.manifest.version,
            "commit": published.manifest.commit,
            "store": run.store.address,
            "site": str(run.site),
            "missing": published.missing,
            "install": published.install,
        }
        print(json.dumps(result, indent=2))
        return
    for file, since in published.missing.items():
        print(f"missing since {since} (tolerated): {file}")
    print(f"Published {published.tag} in {run.store.address}; see {run.site}/index.html")
    print(f"\n    {published.install}")


if __name__ == "__main__":
    app(prog_name="nightly")
