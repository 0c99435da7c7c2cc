"""A wheel's METADATA, WHEEL and licence files, as the PyPA specifications ask for them."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.metadata import Metadata
from packaging.tags import Tag
from twine.commands import check as twine_check
from twine.exceptions import TwineException

from release.model.finding import Check, Finding

_WHEEL_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a METADATA that is valid core metadata declares."""

    name: str
    version: str
    requires: tuple[str, ...]
    """Requires-Dist."""
    requires_python: str
    """Version specifier; empty where there is none."""
    license_named: bool
    """Whether a licence expression, licence text or classifier is there."""
    license_files: tuple[str, ...]
    """License-File."""


def parse(file: str, content: bytes) -> tuple[Declared | None, tuple[Finding, ...]]:
    """Reads METADATA as `packaging` does, and as twine does before an upload.

    Args:
      file: the wheel's name.
      content: the METADATA.

    Returns:
      What it declares, None when it is no valid core metadata; and the findings.
    """
    try:
        metadata = Metadata.from_email(content, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(_one_line(str(error)) for error in group.exceptions)
        return None, (_invalid(file, f"METADATA is no valid core metadata: {causes}"),)
    findings = [
        _invalid(file, f"METADATA requires {requirement}, and a registry takes no addresses")
        for requirement in metadata.requires_dist or ()
        if requirement.url
    ]
    if refusal := _refused_by_twine(file, content):
        findings.append(_invalid(file, f"twine refuses METADATA: {refusal}"))
    classifiers = metadata.classifiers or ()
    return (
        Declared(
            name=metadata.name,
            version=str(metadata.version),
            requires=tuple(map(str, metadata.requires_dist or ())),
            requires_python=str(metadata.requires_python or ""),
            license_named=bool(
                metadata.license_expression
                or metadata.license
                or any(classifier.startswith("License ::") for classifier in classifiers)
            ),
            license_files=tuple(metadata.license_files or ()),
        ),
        tuple(findings),
    )


def check_wheel(file: str, content: bytes, tags: frozenset[Tag]) -> Iterator[Finding]:
    """Holds the file WHEEL against the tags of the file name (binary distribution format 1.0)."""
    headers = HeaderParser().parsestr(content.decode(errors="replace"))
    stated = headers.get_all("Tag", [])
    expanded = {str(tag) for tag in tags}
    if headers["Wheel-Version"] != _WHEEL_VERSION:
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL is of version {headers['Wheel-Version']}, and installers know {_WHEEL_VERSION}",
        )
    if set(stated) != expanded or len(stated) != len(expanded):
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL has the tags {_listed(stated)}, and the file name expands to "
            f"{_listed(sorted(expanded))}",
        )
    pure = all(tag.platform == "any" for tag in tags)
    if headers["Root-Is-Purelib"] != str(pure).lower():
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL says Root-Is-Purelib: {headers['Root-Is-Purelib']}, and a wheel with these "
            f"tags needs {str(pure).lower()}",
        )


def check_license(
    file: str, declared: Declared, dist_info: str, sizes: Mapping[str, int]
) -> Iterator[Finding]:
    """Looks for a licence that is named and whose text is inside (PEP 639).

    Args:
      file: the wheel's name.
      declared: its METADATA.
      dist_info: its .dist-info directory.
      sizes: bytes of each member, by path.
    """
    if not declared.license_named:
        yield Finding(file, Check.LICENSE_MISSING, "METADATA names no licence")
    if not declared.license_files:
        yield Finding(
            file,
            Check.LICENSE_MISSING,
            "METADATA names no License-File, so that nobody who installs it gets the licence",
        )
    for name in declared.license_files:
        if not sizes.get(f"{dist_info}/licenses/{name}"):
            yield Finding(
                file,
                Check.LICENSE_MISSING,
                f"METADATA names the licence file {name}, and {dist_info}/licenses/ has none, or "
                "an empty one",
            )


def _refused_by_twine(file: str, content: bytes) -> str | None:
    """What twine says against an upload, or None.

    twine reads files: it is given one of the same name that holds nothing but METADATA.
    """
    heard = _TwineErrors()
    logger = logging.getLogger(twine_check.__name__)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, file)
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("{}-{}.dist-info/METADATA".format(*file.split("-")[:2]), content)
        logger.addHandler(heard)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                refused = twine_check.check([str(path)])
        except (TwineException, ValueError) as error:
            return _one_line(str(error))
        finally:
            logger.removeHandler(heard)
    return (_one_line(" ".join(heard.errors)) or "it gives no reason") if refused else None


class _TwineErrors(logging.Handler):
    """Keeps what twine complains about, which it only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one message."""
        self.errors.append(record.getMessage())


def _invalid(file: str, message: str) -> Finding:
    return Finding(file, Check.METADATA_INVALID, message)


def _listed(tags: list[str]) -> str:
    return ", ".join(tags) or "none"


def _one_line(text: str) -> str:
    return " ".join(text.split())
