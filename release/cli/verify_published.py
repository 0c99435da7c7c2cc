"""The command `verify_published`: installs a release from the registry as users do, and tests it.

    bazel run //release:verify_published -- --index URL
    bazel run //release:verify_published -- --index URL --store STORE --tag TAG

Exit codes: 0 passed, 1 failed or not tested, 2 bad usage, 75 the registry cannot be reached.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from release.cli import command
from release.hosting import catalogue
from release.hosting.store import Store
from release.model import manifest, plan, products, release_dir, wheelhouse
from release.model.errors import Refused, UsageError
from release.model.wheelhouse import NAME
from release.registry import expected, installation, verification
from release.registry.address import open_registry
from release.registry.installation import PushedRelease
from release.turbine import smoke_test
from release.turbine.companion import companion_of

if TYPE_CHECKING:
    from release.registry.registry import Registry

app = command.new()


@app.command()
@command.main
def verify_published(
    index: command.IndexOption = None,
    registry: command.RegistryOption = None,
    pushed_at: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="What was pushed: a wheelhouse, of which only wheelhouse.json is read, or the "
            "directory of a release [default: wheelhouse/ of this checkout]",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="STORE",
            help="Store with the release that was pushed, instead of --from: directory:PATH or "
            "github:OWNER/REPO",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Published release in the store")
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(metavar="X.Y", help="Python to test on; repeatable [default: all]"),
    ] = None,
    suite: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="pytest file or directory, for a wheelhouse [default: the built-in suite]",
        ),
    ] = None,
    product: command.PushedProductOption = None,
    github_api: command.GithubApiOption = None,
    dry_run: command.DryRunOption = False,
    as_json: command.JsonOption = False,
) -> None:
    """Check the registry against what was pushed, install it by name, and test it."""
    target = open_registry(index, registry)
    if (store is None) != (tag is None) or (store and pushed_at):
        raise UsageError("pass --store and --tag together, or --from DIR")
    if store and tag:
        _refuse_suite(suite, tag)
        opened = command.store_of(command.product_of(product).product, store, api=github_api)
        _verify_release(target, _stored(opened, tag), python or [], dry_run, as_json)
        return
    directory = (
        release_dir.where(pushed_at) if pushed_at else release_dir.workspace() / "wheelhouse"
    )
    if (directory / NAME).exists():
        _verify_wheelhouse(target, directory, product, suite, python or [], dry_run, as_json)
    elif (directory / "manifest.json").exists():
        _refuse_suite(suite, str(directory))
        built = plan.read(directory / "plan.json")
        command.product_of_plan(built, product)
        release = PushedRelease(built, manifest.read(directory / "manifest.json"))
        _verify_release(target, release, python or [], dry_run, as_json)
    else:
        raise UsageError(
            f"{directory}: neither a wheelhouse nor a release; pass --from DIR, or --store and "
            "--tag"
        )


def _refuse_suite(suite: Path | None, release: str) -> None:
    """Refuses a suite for the release of a product.

    Raises:
      UsageError: the user named one.
    """
    if suite is not None:
        raise UsageError(
            f"--suite {suite}: {release} is a release, which the smoke program of its product "
            "tests; omit the option, or name a wheelhouse with --from"
        )


def _stored(store: Store, tag: str) -> PushedRelease:
    """A published release of a store.

    Raises:
      Refused: it is not published, or has no plan.
    """
    found = catalogue.plan_of(store, tag)
    published = expected.published_manifest(store, tag)
    if found is None:
        raise Refused(f"{store.address}: {tag} has no plan")
    return PushedRelease(found, published)


def _verify_release(
    registry: Registry, release: PushedRelease, pythons: list[str], dry_run: bool, as_json: bool
) -> None:
    """Verifies a release of a product."""
    chosen = installation.pythons_of(release, pythons)
    if dry_run:
        count = len(expected.from_manifest(release.manifest))
        print(f"would check {count} digests on {registry.host}")
        print(f"would install {release.name} from {registry.index} on Python {', '.join(chosen)}")
        return
    outcomes = installation.verify_release(
        registry,
        release,
        products.declared().get(release.plan.product.name),
        chosen,
        Console(stderr=True),
    )
    if as_json:
        result = {
            "version": release.plan.version,
            "registry": registry.host,
            "wheels": len(expected.from_manifest(release.manifest)),
            "outcomes": [one.to_json() for one in outcomes],
        }
        print(json.dumps(result, indent=2))
    installation.require_pass(release, outcomes)
    if not as_json:
        print(f"{release.name} on {registry.host} matches what was pushed, and passes the tests")


def _verify_wheelhouse(
    registry: Registry,
    directory: Path,
    product: str | None,
    suite: Path | None,
    pythons: list[str],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Verifies the release of a companion."""
    companion = companion_of(command.product_of(product).product)
    tests = smoke_test.suite_at(suite)
    pushed = wheelhouse.read(directory / NAME)
    locks = verification.locks_of(pushed, pythons)
    name = f"{companion.name} {pushed.version}"
    if dry_run:
        print(f"would check {len(pushed.of_role('turbine', 'core'))} digests on {registry.host}")
        print(f"would install {name} from {registry.index} and test it")
        return
    verified = verification.verify_release(
        registry, pushed, locks, companion, tests, Console(stderr=True)
    )
    if as_json:
        result = {
            "version": pushed.version,
            "registry": registry.host,
            "wheels": verified.wheels,
            "outcomes": [asdict(one) for one in verified.outcomes],
        }
        print(json.dumps(result, indent=2))
    smoke_test.require_pass(name, verified.outcomes)
    if not as_json:
        print(f"{name} on {registry.host} matches what was pushed, and passes the tests")


if __name__ == "__main__":
    app(prog_name="verify_published")
