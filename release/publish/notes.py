"""The notes of a release, generated from its manifest and the store; they contain no time."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.hosting.store import Store
from release.model import cells, version
from release.model.cells import CellStatus
from release.model.manifest import Manifest, Origin
from release.model.product import Product
from release.model.state import CellState, RunState
from release.model.text import MIB
from release.publish.publication import Publication

if TYPE_CHECKING:
    import jinja2

MOST_COMMITS = 50
"""How many commits the notes list."""
_MARKS = {RunState.PASSED: "✔", RunState.INSTALLED: "◐"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#!~])")


@dataclass(frozen=True, slots=True)
class Notes:
    """Title and text of a release."""

    title: str
    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class _Size:
    """The size of a file, and how much it grew."""

    name: str
    mib: float
    growth: float | None
    """Relative to the same file of the release before, as a fraction."""


@functools.cache
def templates() -> jinja2.Environment:
    """The templates of the notes."""
    # Imported here because it is slow to import, and `--help` does not need it.
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        # It is Markdown; the filter `text` escapes.
        autoescape=False,
    )
    environment.filters["text"] = escaped
    return environment


def render(store: Store, publication: Publication, manifest: Manifest) -> Notes:
    """The notes of a release.

    Args:
      store: the store that it is published in.
      publication: the release.
      manifest: its manifest in the store.
    """
    kind = version.kind(manifest.version)
    previous = publication.previous
    rendered = (
        templates()
        .get_template("notes.md.jinja")
        .render(
            install=install_line(
                store, publication.tag, manifest, publication.release.plan.product
            ),
            manifest=manifest,
            platforms=cells.platforms(manifest.cells),
            rows=list(_rows(manifest.cells)),
            missing=cells.missing(manifest.cells),
            origins=_origins(manifest),
            sizes=_sizes(manifest, previous[1] if previous else None),
            previous=previous[0].tag if previous else None,
            commits=publication.commits[:MOST_COMMITS],
            more=max(0, len(publication.commits) - MOST_COMMITS),
            evidence=publication.build.evidence,
        )
    )
    return Notes(f"{kind} {manifest.version}".capitalize(), rendered)


def install_line(store: Store, tag: str, manifest: Manifest, product: Product) -> str:
    """The command that installs the headline packages, or all packages if it lacks those."""
    packages = sorted({a.package for a in manifest.artifacts.values() if a.package})
    main = [name for name in packages if name in product.headline] or packages
    requirements = " ".join(f"{name}=={manifest.version}" for name in main)
    return f"pip install --find-links {_quoted(store.find_links(tag))} {requirements}"


def escaped(text: str) -> str:
    """Text as Markdown that shows it unchanged, and mentions no users."""
    one_line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", one_line).replace("@", "@<!-- -->")


def _quoted(text: str) -> str:
    return f"'{text}'" if re.search(r"\s", text) else text


def _rows(statuses: Sequence[CellStatus]) -> Iterator[tuple[str, list[str]]]:
    """The rows of the table: a package, and its cells by platform."""
    for package in cells.packages(statuses):
        row = []
        for platform in cells.platforms(statuses):
            marks: dict[str, list[str]] = {}
            for cell in cells.at(statuses, package, platform):
                marks.setdefault(_mark(cell), []).append(cell.python or "")
            row.append(
                "<br>".join(f"{mark} {' '.join(own)}".rstrip() for mark, own in marks.items())
            )
        yield package or "dist", row


def _mark(cell: CellStatus) -> str:
    if cell.status is not CellState.BUILT:
        return "-"
    return _MARKS.get(cell.run, "○")


def _origins(manifest: Manifest) -> list[Origin]:
    """The origins of native code, each once."""
    return list(
        {
            (origin.kind, origin.project, origin.version, origin.revision): origin
            for artifact in manifest.artifacts.values()
            for origin in artifact.origins
        }.values()
    )


def _sizes(manifest: Manifest, before: Manifest | None) -> list[_Size]:
    """The files, the largest first; two releases have the same file under another version."""
    old = (
        {name.replace(before.version, ""): a.size for name, a in before.artifacts.items()}
        if before
        else {}
    )
    sizes = []
    for name, artifact in manifest.artifacts.items():
        previous = old.get(name.replace(manifest.version, ""))
        growth = artifact.size / previous - 1 if previous else None
        sizes.append(_Size(name, artifact.size / MIB, growth))
    return sorted(sizes, key=lambda size: (-size.mib, size.name))
