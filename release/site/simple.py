"""The simple repository API (PEP 503, 592, 658, 691, 700, 714), and a flat page of links."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.site.entry import Entry, SiteFile
from release.site.pages import Pages

if TYPE_CHECKING:
    import jinja2

API_VERSION = "1.1"
LINKS = "pip-release-links.html"
"""The flat page, for `pip install --find-links`."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a wheel."""

    file: SiteFile
    href: str
    """URL without the fragment."""
    yanked: str | None
    """The reason, which may be empty; None if it is not yanked."""

    @property
    def fragment(self) -> str:
        """The URL fragment: the digest that installers check the file against."""
        return f"#sha256={self.file.sha256}" if self.file.sha256 else ""


@functools.cache
def templates() -> jinja2.Environment:
    """The environment that renders pages."""
    # Imported here because it is slow, and `--help` does not need it.
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def write(pages: Pages) -> None:
    """Writes simple/ and the flat page of links."""
    projects: dict[str, set[str]] = {}
    for found in pages.entries():
        for file in found.files:
            if file.project:
                projects.setdefault(file.project, set()).add(file.version or "")
    names = sorted(projects)
    _render(pages, "simple/index.html", "projects.html.jinja", projects=names)
    pages.path("simple/index.json").write_text(
        json.dumps(
            {"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in names]}
        )
    )
    for name in names:
        _render(
            pages,
            f"simple/{name}/index.html",
            "project.html.jinja",
            project=name,
            links=_links(pages, name, up=2),
        )
        _write_json(pages, name, sorted(projects[name]))
    _render(pages, LINKS, "links.html.jinja", links=_links(pages, None, up=0))


def _render(pages: Pages, path: str, template: str, **values: Any) -> None:
    stream = templates().get_template(template).stream(**values)
    stream.enable_buffering(100)
    stream.dump(str(pages.path(path)), encoding="utf-8")


def _links(pages: Pages, project: str | None, *, up: int) -> Iterator[Link]:
    """The wheels of one project, or of all projects; the newest release first."""
    for found in pages.entries():
        for file in found.files:
            if file.project and project in (file.project, None):
                yield _link(pages, found, file, up)


def _link(pages: Pages, found: Entry, file: SiteFile, up: int) -> Link:
    return Link(file, pages.link(file.url, up=up), found.yanked)


def _write_json(pages: Pages, project: str, versions: list[str]) -> None:
    """Writes the JSON page of a project, one file at a time."""
    with pages.path(f"simple/{project}/index.json").open("w", encoding="utf-8") as out:
        head = {
            "meta": {"api-version": API_VERSION},
            "name": project,
            "versions": versions,
        }
        out.write(json.dumps(head)[:-1] + ', "files": [')
        for number, link in enumerate(_links(pages, project, up=2)):
            out.write(",\n" if number else "\n")
            out.write(json.dumps(_json(link)))
        out.write("\n]}\n")


def _json(link: Link) -> dict[str, Any]:
    file = link.file
    metadata = {"sha256": file.metadata_sha256} if file.metadata_sha256 else False
    data: dict[str, Any] = {
        "filename": file.name,
        "url": link.href,
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "size": file.size,
        "upload-time": file.uploaded,
        "core-metadata": metadata,
        "dist-info-metadata": metadata,
        "yanked": link.yanked or True if link.yanked is not None else False,
    }
    if file.requires_python:
        data["requires-python"] = file.requires_python
    return data
