"""What the documents refer to exists: links, paths and Bazel labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests import workspace

ROOT = workspace.root()
FILES = workspace.files(ROOT)
DOCUMENTS = [path for path in FILES if path.suffix == ".md"]
KNOWN = {path.as_posix() for path in FILES} | {
    parent.as_posix() for path in FILES for parent in path.parents
}
# The changelog names what is no longer there.
PRESENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
TOP = {path.parts[0] for path in FILES}
PACKAGES = {path.parent.as_posix() for path in FILES if path.name in ("BUILD.bazel", "BUILD")}

# Labels that only illustrate, or that Bazel itself defines.
EXAMPLES = {"some", "visibility"}
# Packages whose targets are declared by a macro, from a table in another file or under any name.
TABLES = {"release": Path("release/cli/command.bzl")}
GENERATED = {"platforms", "products/abacus", "products/iree"}
# A product that users add.
OWN = "products/mine"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"\.?[\w.-]+(/[\w.-]+)*/?")
# A quoted label is Starlark that users write: its target may be their own.
LABEL = re.compile(r'(?<![\w@:])("?)//([\w./-]*)(?::([\w./-]+))?')
# Words that stand for something, such as TAG, X or NAME_tree.
PLACEHOLDER = re.compile(r"[A-Z]{2,}|\bX\b|\.\.\.|…")


def text(document: Path) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: Path) -> str:
    """A document without its indented and fenced code."""
    content = re.sub(r"^```.*?^```$", "", text(document), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(?: {4}|\t).*$", "", content, flags=re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> Iterator[str]:
    for target in LINK.findall(prose(document)):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        path = (ROOT / document.parent / unquote(parts.path)).resolve() if parts.path else None
        file = path.relative_to(ROOT) if path else document
        if file.as_posix() not in KNOWN or (parts.fragment and parts.fragment not in anchors(file)):
            yield target


def broken_paths(document: Path) -> Iterator[str]:
    """Paths in backticks that begin with a file or directory at the top of the repository."""
    for span in SPAN.findall(prose(document)):
        if not PATH.fullmatch(span) or PLACEHOLDER.search(span):
            continue
        top = span.split("/")[0]
        if "/" in span.rstrip("/") and top in TOP and span.rstrip("/") not in KNOWN:
            yield span


def broken_labels(document: Path) -> Iterator[str]:
    for quoted, package, target in LABEL.findall(text(document)):
        if (
            package in EXAMPLES
            or package == OWN
            or package.endswith("...")
            or PLACEHOLDER.search(package)
        ):
            continue
        if (package or ".") not in PACKAGES or not (quoted or named(package, target)):
            yield f"//{package}:{target}"


def named(package: str, target: str) -> bool:
    """Whether a package names a target, or it is a file of the package."""
    if target in ("", "all") or PLACEHOLDER.search(target) or package in GENERATED:
        return True
    if (ROOT / package / target).exists():
        return True
    declaring = ROOT / TABLES.get(package, Path(package, "BUILD.bazel"))
    return f'"{target}"' in declaring.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    assert not list(broken_links(document))


@pytest.mark.parametrize("document", PRESENT, ids=str)
def test_paths_exist(document: Path) -> None:
    """Catches: a file that was moved, and is still named by its former path."""
    assert not list(broken_paths(document))


@pytest.mark.parametrize("document", PRESENT, ids=str)
def test_labels_exist(document: Path) -> None:
    assert not list(broken_labels(document))


def test_every_document_is_in_the_index() -> None:
    """Catches: a guide that nobody finds."""
    index = Path("docs/README.md")
    linked = {
        (ROOT / "docs" / urlsplit(target).path).resolve().relative_to(ROOT)
        for target in LINK.findall(text(index))
    }
    documents = {path for path in DOCUMENTS if path.parts[0] == "docs"} - {index}
    assert not {path for path in documents if path not in linked and path.parent not in linked}
