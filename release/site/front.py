"""The front page, for people: what to install, what is in it, how it grew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from release.model import cells
from release.model.cells import Missing
from release.model.manifest import CellStatus
from release.site import chart
from release.site.entry import Entry, SiteFile
from release.site.pages import Pages
from release.site.simple import LINKS, templates

SHOWN = 10
"""Releases that are shown with their grid."""
LISTED = 50
"""Releases that are listed on the front page; all.html has all."""
CHARTED = 200
"""Releases that the chart has room for."""

_MIB = 1 << 20
_MAIN = ("iree-compiler", "iree-runtime")


@dataclass(frozen=True, slots=True)
class GridMark:
    """A cell of a grid."""

    python: str
    """Such as 3.14; empty of a dist."""
    state: str
    """run, built, missing or wrong."""
    title: str
    """What it says in words."""


@dataclass(frozen=True, slots=True)
class ShownRelease:
    """A release on the page."""

    entry: Entry
    platforms: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[GridMark, ...], ...]], ...]
    """Packages, and of each the marks by platform."""
    missing: tuple[Missing, ...]
    dists: tuple[tuple[SiteFile, str], ...]
    """Dist archives and their links."""
    size: float
    """MiB of all files."""
    wanted: str
    """What to install of it, pinned."""

    @property
    def day(self) -> str:
        """When it was published."""
        return self.entry.published[:10]

    @property
    def counts(self) -> str:
        """How many cells are built, in words."""
        own = self.entry.cells
        built = sum(cell.status == "built" for cell in own)
        if not own:
            return f"{len(self.entry.files)} files"
        return f"{built} of {len(own)} built" if built < len(own) else f"all {built} built"


def write(pages: Pages, *, now: datetime, store: str) -> None:
    """Writes index.html and all.html.

    Args:
      pages: what they are made from.
      now: UTC, shown.
      store: its address, shown.
    """
    shown: list[ShownRelease] = []
    newest: dict[str, ShownRelease] = {}
    listed: list[ShownRelease] = []
    names: list[str] = []
    sizes: list[dict[str, float]] = []
    for number, entry in enumerate(pages.entries()):
        if number < LISTED or entry.kind not in newest:
            one = _shown(pages, entry)
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
        .stream(entries=pages.entries(), total=len(pages.tags))
    )
    stream.enable_buffering(100)
    stream.dump(str(pages.path("all.html")), encoding="utf-8")


def _shown(pages: Pages, entry: Entry) -> ShownRelease:
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
        size=sum(file.size for file in entry.files) / _MIB,
        wanted=_wanted(entry, pages.tags),
    )


def _mark(cell: CellStatus) -> GridMark:
    if cell.status == "built":
        state = "run" if cell.run == "passed" else "built"
        title = "installed and run" if state == "run" else f"built, not run: {cell.run_detail}"
    else:
        state = cell.status
        title = "missing" + (f" since {cell.missing_since}" if cell.missing_since else "")
        title += f": {cell.why[0]}" if cell.why else ""
    where = " ".join(filter(None, (cell.package or "dist", cell.platform, cell.python)))
    return GridMark(cell.python or "", state, f"{where}: {title}")


def _wanted(entry: Entry, tags: Sequence[str]) -> str:
    """Compiler and runtime, pinned; or whatever a release has instead."""
    # By PEP 440, ==3.14.0 takes 3.14.0+mine rather than 3.14.0 where the list has both.
    labelled = any(tag.startswith(f"{entry.tag}+") for tag in tags)
    pin = "===" if labelled else "=="
    versions = {file.project: file.version for file in entry.files if file.project}
    projects = [name for name in _MAIN if name in versions] or sorted(filter(None, versions))
    return " ".join(f"{name}{pin}{versions[name]}" for name in projects)


def _sizes(entry: Entry) -> dict[str, float]:
    """The largest wheel of each project, and the largest dist, in MiB."""
    sizes: dict[str, float] = {}
    for file in entry.files:
        name = file.project or "dist"
        sizes[name] = max(sizes.get(name, 0), file.size / _MIB)
    return sizes
