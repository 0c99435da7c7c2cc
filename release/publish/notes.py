"""The notes of a release: made from its manifest and from the store, never from the clock."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release.hosting.store import Store
from release.model import cells, version
from release.model.manifest import CellStatus, Manifest, Origin
from release.publish.publication import Publication

if TYPE_CHECKING:
    import jinja2

MOST_COMMITS = 50
_MIB = 1 << 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#!~])")


@dataclass(frozen=True, slots=True)
class Notes:
    """Title and text of a release."""

    title: str
    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class _Size:
    """A file and how it grew."""

    name: str
    mib: float
    growth: float | None
    """Of the file that was its like in the release before, as a fraction."""


@functools.cache
def templates() -> jinja2.Environment:
    """What renders the notes."""
    # It takes a while to import, which `--help` need not wait for.
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


def render(store: Store, publication: Publication, stated: Manifest) -> Notes:
    """The notes of a release.

    Args:
      store: where it is published.
      publication: what is published.
      stated: its manifest, as the store has it.
    """
    kind = version.kind(stated.version)
    previous = publication.previous
    rendered = (
        templates()
        .get_template("notes.md.jinja")
        .render(
            install=install_line(store, publication.tag, stated),
            kind=kind,
            stated=stated,
            platforms=cells.platforms(stated.cells),
            rows=list(_rows(stated.cells)),
            missing=cells.missing(stated.cells),
            origins=_origins(stated),
            sizes=_sizes(stated, previous[1] if previous else None),
            previous=previous[0].tag if previous else None,
            commits=publication.commits[:MOST_COMMITS],
            more=max(0, len(publication.commits) - MOST_COMMITS),
            evidence=publication.provenance.evidence,
        )
    )
    return Notes(f"{kind} {stated.version}".capitalize(), rendered)


def install_line(store: Store, tag: str, stated: Manifest) -> str:
    """The command that installs compiler and runtime of a release, or whatever it has."""
    packages = sorted({a.package for a in stated.artifacts.values() if a.package})
    main = [name for name in packages if name in ("iree-compiler", "iree-runtime")] or packages
    wanted = " ".join(f"{name}=={stated.version}" for name in main)
    return f"pip install --find-links {_quoted(store.find_links(tag))} {wanted}"


def escaped(text: str) -> str:
    """Text as Markdown that shows it as it is, and calls nobody."""
    one_line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", one_line).replace("@", "@<!-- -->")


def _quoted(text: str) -> str:
    return f"'{text}'" if re.search(r"\s", text) else text


def _rows(statuses: Sequence[CellStatus]) -> Iterator[tuple[str, list[str]]]:
    """Packages, and of each what a cell of the table says, platform by platform."""
    for package in cells.packages(statuses):
        row = []
        for platform in cells.platforms(statuses):
            marks: dict[str, list[str]] = {}
            for cell in cells.at(statuses, package, platform):
                marks.setdefault(_mark(cell), []).append(cell.python or "")
            row.append(
                "<br>".join(f"{mark} {' '.join(ones)}".rstrip() for mark, ones in marks.items())
            )
        yield package or "dist", row


def _mark(cell: CellStatus) -> str:
    if cell.status != "built":
        return "-"
    return "✔" if cell.run == "passed" else "○"


def _origins(stated: Manifest) -> list[Origin]:
    """Where native bytes come from, each once."""
    return list(
        {
            (origin.kind, origin.project, origin.version, origin.revision): origin
            for artifact in stated.artifacts.values()
            for origin in artifact.origins
        }.values()
    )


def _sizes(stated: Manifest, before: Manifest | None) -> list[_Size]:
    """Files by size; of two releases the same file but for the version is its like."""
    old = (
        {name.replace(before.version, ""): a.size for name, a in before.artifacts.items()}
        if before
        else {}
    )
    sizes = []
    for name, artifact in stated.artifacts.items():
        like = old.get(name.replace(stated.version, ""))
        growth = artifact.size / like - 1 if like else None
        sizes.append(_Size(name, artifact.size / _MIB, growth))
    return sorted(sizes, key=lambda size: (-size.mib, size.name))
