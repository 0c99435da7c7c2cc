"""The front page: how to install each release, what it contains, and how sizes changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import canonicalize_name

from release.model import cells
from release.model.cells import CellStatus, MissingPlatform
from release.model.product import Product
from release.model.state import CellState, RunState
from release.model.text import MIB
from release.site import chart
from release.site.entry import Entry, SiteFile
from release.site.pages import Pages
from release.site.simple import LINKS, templates

SHOWN = 10
"""Releases shown with their grid."""
LISTED = 50
"""Releases listed on the front page; all.html lists all."""
CHARTED = 200
"""Releases in the chart."""
_RUNS = {
    RunState.PASSED: ("run", "installed and run"),
    RunState.INSTALLED: ("installed", "installed, not tested"),
}
"""State and tooltip of a cell whose file was installed."""


@dataclass(frozen=True, slots=True)
class GridMark:
    """A Python in a grid of packages and platforms."""

    python: str
    """Such as 3.14; empty for a dist."""
    state: str
    """run, installed, built, missing or wrong."""
    title: str
    """Tooltip."""


@dataclass(frozen=True, slots=True)
class ShownRelease:
    """A release on the front page."""

    entry: Entry
    platforms: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[GridMark, ...], ...]], ...]
    """Each package with its marks, by platform."""
    missing: tuple[MissingPlatform, ...]
    dists: tuple[tuple[SiteFile, str], ...]
    """Dist archives with their links."""
    size: float
    """MiB of all files."""
    requirements: str
    """The pinned requirements to install it."""

    @property
    def day(self) -> str:
        """The day it was published."""
        return self.entry.published[:10]

    @property
    def counts(self) -> str:
        """How many cells are built, as a phrase."""
        total = len(self.entry.cells)
        built = sum(cell.status is CellState.BUILT for cell in self.entry.cells)
        if not total:
            return f"{len(self.entry.files)} files"
        return f"{built} of {total} built" if built < total else f"all {built} built"


def write(pages: Pages, product: Product, *, now: datetime, store: str) -> None:
    """Writes index.html and all.html.

    Args:
      pages: the entries to write pages from.
      product: what the releases are of.
      now: UTC; shown on the page.
      store: address of the store; shown on the page.
    """
    shown: list[ShownRelease] = []
    newest: dict[str, ShownRelease] = {}
    listed: list[ShownRelease] = []
    names: list[str] = []
    sizes: list[dict[str, float]] = []
    for number, entry in enumerate(pages.entries()):
        if number < LISTED or entry.kind not in newest:
            one = _shown(pages, entry, product)
            newest.setdefault(entry.kind, one)
            if number < LISTED:
                listed.append(one)
            if number < SHOWN:
                shown.append(one)
        if number < CHARTED:
            names.append(entry.version)
            sizes.append(_sizes(entry))
    template = templates().get_template("index.html.jinja")
    page = template.render(
        title=product.title,
        newest=[
            newest[kind]
            for kind in ("stable", "candidate", "nightly", "development")
            if kind in newest
        ],
        shown=shown,
        listed=listed,
        total=len(pages.tags),
        chart=chart.draw(names[::-1], sizes[::-1]),
        links=LINKS,
        now=f"{now:%Y-%m-%d %H:%M} UTC",
        store=store,
    )
    pages.path("index.html").write_text(page, encoding="utf-8")
    stream = (
        templates()
        .get_template("all.html.jinja")
        .stream(title=product.title, entries=pages.entries(), total=len(pages.tags))
    )
    stream.enable_buffering(100)
    stream.dump(str(pages.path("all.html")), encoding="utf-8")


def _shown(pages: Pages, entry: Entry, product: Product) -> ShownRelease:
    platforms = cells.platforms(entry.cells)
    return ShownRelease(
        entry=entry,
        platforms=platforms,
        rows=tuple(
            (
                package or "dist",
                tuple(
                    tuple(_mark(cell) for cell in cells.at(entry.cells, package, platform))
                    for platform in platforms
                ),
            )
            for package in cells.packages(entry.cells)
        ),
        missing=cells.missing(entry.cells),
        dists=tuple(
            (file, pages.link(file.url, up=0)) for file in entry.files if file.kind == "dist"
        ),
        size=sum(file.size for file in entry.files) / MIB,
        requirements=_requirements(entry, pages.tags, product.headline),
    )


def _mark(cell: CellStatus) -> GridMark:
    if cell.status is CellState.BUILT:
        state, title = _RUNS.get(cell.run, ("built", f"built, not run: {cell.run_detail}"))
    else:
        state = cell.status
        title = "missing" + (f" since {cell.missing_since}" if cell.missing_since else "")
        title += f": {cell.why[0]}" if cell.why else ""
    where = " ".join(filter(None, (cell.package or "dist", cell.platform, cell.python)))
    return GridMark(cell.python or "", state, f"{where}: {title}")


def _requirements(entry: Entry, tags: Sequence[str], headline: Collection[str]) -> str:
    """Pins of the headline packages, or of all projects if the release has none of those."""
    # By PEP 440, ==3.14.0 selects 3.14.0+mine rather than 3.14.0 if the list has both.
    labelled = any(tag.startswith(f"{entry.tag}+") for tag in tags)
    pin = "===" if labelled else "=="
    main: list[str] = [canonicalize_name(name) for name in headline]
    versions = {file.project: file.version for file in entry.files if file.project}
    projects = [name for name in main if name in versions] or sorted(filter(None, versions))
    return " ".join(f"{name}{pin}{versions[name]}" for name in projects)


def _sizes(entry: Entry) -> dict[str, float]:
    """The largest wheel of each project, and the largest dist, in MiB."""
    sizes: dict[str, float] = {}
    for file in entry.files:
        name = file.project or "dist"
        sizes[name] = max(sizes.get(name, 0), file.size / MIB)
    return sizes
