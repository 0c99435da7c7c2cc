"""Measures the index of many releases, compared with the flat page that it replaces.

    ./bazelw run //tests/benchmarks:index -- [--assets N] [--runs N] [--json]

Creates a store with that many wheels, twelve per release, and writes its site: first completely,
then again with one new release. The flat page has links without digests, metadata or
requires-python, like the page of upstream's index job. Goal on two cores: seconds.
"""

from __future__ import annotations

import argparse
import html
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from release.hosting.directory_store import DirectoryStore
from release.hosting.store import Asset, StoredRelease
from release.site import site
from tests.release.products import make_product

NOW = datetime(2026, 11, 25, tzinfo=UTC)
WHEELS = 12
PRODUCT = make_product()
PROJECTS = ("iree-compiler", "iree-runtime", "iree-tools-tf")


class Sample(DirectoryStore):
    """A store with generated releases."""

    def __init__(self, root: Path, count: int) -> None:
        super().__init__(root)
        self.count = count

    def inventory(self) -> Iterator[tuple[StoredRelease, Mapping[str, Asset]]]:
        """All releases, the newest first."""
        for number in reversed(range(self.count)):
            day = NOW - timedelta(days=self.count - number)
            tag = f"candidate-{day:%Y%m%d}.1"
            yield StoredRelease(tag, tag, "", False, True, day, day), _assets(tag, day)

    def read(self, tag: str, name: str) -> Iterator[bytes]:  # noqa: ARG002
        """The manifest of a release."""
        yield json.dumps(_manifest(tag.removeprefix("candidate-"))).encode()


@dataclass(frozen=True, slots=True)
class Result:
    """The duration of a step, as the median of all runs."""

    what: str
    assets: int
    seconds: float


def _wheels(version: str) -> list[tuple[str, str]]:
    tags = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "win_amd64", "macosx_13_0_arm64")
    return [
        (project, f"{project.replace('-', '_')}-{version}-cp312-abi3-{tag}.whl")
        for project in PROJECTS
        for tag in tags
    ]


def _assets(tag: str, day: datetime) -> dict[str, Asset]:
    names = [name for _, name in _wheels(tag.removeprefix("candidate-"))]
    return {
        name: Asset(name, 80_000_000, "ab" * 32, day, f"releases/{tag}/{name}")
        for name in [*names, *(f"{name}.metadata" for name in names), "manifest.json"]
    }


def _manifest(version: str) -> dict[str, object]:
    artifacts = [
        {
            "filename": name,
            "kind": "wheel",
            "platform": "linux_x86_64",
            "sha256": "ab" * 32,
            "size": 80_000_000,
            "origins": [],
            "package": project,
            "tags": [],
            "requires_python": ">=3.11",
            "requires": ["numpy"],
            "metadata_sha256": "cd" * 32,
        }
        for project, name in _wheels(version)
    ]
    cells = [
        {
            "package": project,
            "platform": "linux_x86_64",
            "python": "3.14",
            "required": True,
            "status": "built",
            "wheel": name,
        }
        for project, name in _wheels(version)
    ]
    return {
        "schema": 1,
        "version": version,
        "artifacts": artifacts,
        "cells": cells,
        "dists": [],
    }


def flat_page(store: Sample, path: Path) -> None:
    """Writes the page that the index replaces: a link for each wheel."""
    with path.open("w") as page:
        page.write("<html><body>\n")
        for _, assets in store.inventory():
            for name, asset in assets.items():
                if name.endswith(".whl"):
                    page.write(f"<a href={html.escape(asset.url)}>{html.escape(name)}</a><br />\n")
        page.write("</body></html>\n")


def _median(run: Callable[[], object], runs: int) -> float:
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def benchmark(assets: int, runs: int, directory: Path) -> tuple[list[Result], float]:
    """Measures all steps; also returns the peak memory of Python objects for the complete site."""
    store = Sample(directory / "store", assets // WHEELS)
    total = store.count * WHEELS
    flat = _median(lambda: flat_page(store, directory / "flat.html"), runs)
    numbers = iter(range(1000))
    new = _median(
        lambda: site.write(store, directory / f"site{next(numbers)}", PRODUCT, now=NOW), runs
    )

    def another() -> None:
        store.count += 1
        site.write(store, directory / "site0", PRODUCT, now=NOW)

    again = _median(another, runs)
    tracemalloc.start()
    site.write(store, directory / "site-traced", PRODUCT, now=NOW)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = [
        Result("flat page", total, flat),
        Result("site, complete", total, new),
        Result("site, one new release", total, again),
    ]
    return results, peak


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--assets", type=int, default=10_000, help="Wheels in the store [default: %(default)s]"
    )
    parser.add_argument(
        "--runs", type=int, default=3, help="Runs of each step [default: %(default)s]"
    )
    parser.add_argument("--json", action="store_true", help="Print JSON instead of text")
    options = parser.parse_args(argv)
    if options.runs < 1 or options.assets < WHEELS:
        print("--runs must be at least 1, and --assets at least 12.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        results, peak = benchmark(options.assets, options.runs, Path(directory))
    if options.json:
        print(json.dumps({"ways": list(map(asdict, results)), "peak": peak}, indent=1))
        return 0
    for result in results:
        print(
            f"{result.what}: {result.assets} wheels, {result.seconds:.2f} s "
            f"({result.seconds / results[0].seconds:.1f} times the flat page)"
        )
    print(f"peak memory of Python objects for the complete site: {peak / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
