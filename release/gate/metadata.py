"""Checks a wheel's METADATA, WHEEL and licence files against the PyPA specifications."""

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
class CoreMetadata:
    """Fields of a valid METADATA."""

    name: str
    version: str
    requires: tuple[str, ...]
    """Requires-Dist."""
    requires_python: str
    """Version specifier; empty if absent."""
    license_named: bool
    """Whether it has a licence expression, licence text or licence classifier."""
    license_files: tuple[str, ...]
    """License-File."""


def parse(file: str, content: bytes) -> tuple[CoreMetadata | None, tuple[Finding, ...]]:
    """Parses METADATA with `packaging`, and checks it with twine as before an upload.

    Args:
      file: the wheel's name.
      content: the METADATA.

    Returns:
      Its fields, None if it is not valid core metadata; and the findings.
    """
    try:
        metadata = Metadata.from_email(content, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(_one_line(str(error)) for error in group.exceptions)
        return None, (_invalid(file, f"METADATA is not valid core metadata: {causes}"),)
    findings = [
        _invalid(file, f"METADATA requires {requirement}, but registries reject URL requirements")
        for requirement in metadata.requires_dist or ()
        if requirement.url
    ]
    if error := _twine_error(file, content):
        findings.append(_invalid(file, f"twine rejects METADATA: {error}"))
    classifiers = metadata.classifiers or ()
    return (
        CoreMetadata(
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
    """Checks the file WHEEL against the tags of the file name (binary distribution format 1.0)."""
    headers = HeaderParser().parsestr(content.decode(errors="replace"))
    listed = headers.get_all("Tag", [])
    expanded = {str(tag) for tag in tags}
    if headers["Wheel-Version"] != _WHEEL_VERSION:
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL declares Wheel-Version: {headers['Wheel-Version']}, but installers expect "
            f"{_WHEEL_VERSION}",
        )
    if set(listed) != expanded or len(listed) != len(expanded):
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL lists the tags {', '.join(listed) or 'none'}, but the file name expands to "
            f"{', '.join(sorted(expanded))}",
        )
    pure = all(tag.platform == "any" for tag in tags)
    if headers["Root-Is-Purelib"] != str(pure).lower():
        yield Finding(
            file,
            Check.WHEEL_TAGS,
            f"WHEEL declares Root-Is-Purelib: {headers['Root-Is-Purelib']}, but the tags require "
            f"{str(pure).lower()}",
        )


def check_license(
    file: str, core: CoreMetadata, dist_info: str, sizes: Mapping[str, int]
) -> Iterator[Finding]:
    """Checks that METADATA names a licence, and that the wheel contains its text (PEP 639).

    Args:
      file: the wheel's name.
      core: its METADATA.
      dist_info: its .dist-info directory.
      sizes: bytes of each member, by path.
    """
    if not core.license_named:
        yield Finding(
            file, Check.LICENSE_MISSING, "METADATA names no licence; add License-Expression"
        )
    if not core.license_files:
        yield Finding(
            file,
            Check.LICENSE_MISSING,
            "METADATA has no License-File, so the licence is not installed with the package",
        )
    for name in core.license_files:
        path = f"{dist_info}/licenses/{name}"
        if not sizes.get(path):
            yield Finding(
                file,
                Check.LICENSE_MISSING,
                f"METADATA declares License-File: {name}, but {path} is missing or empty",
            )


def _twine_error(file: str, content: bytes) -> str | None:
    """The reason why twine would refuse to upload the wheel, or None.

    twine reads only files, so this writes one of the same name that contains only METADATA.
    """
    log = _TwineErrors()
    logger = logging.getLogger(twine_check.__name__)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, file)
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("{}-{}.dist-info/METADATA".format(*file.split("-")[:2]), content)
        logger.addHandler(log)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                refused = twine_check.check([str(path)])
        except (TwineException, ValueError) as error:
            return _one_line(str(error))
        finally:
            logger.removeHandler(log)
    return (_one_line(" ".join(log.errors)) or "no reason given") if refused else None


class _TwineErrors(logging.Handler):
    """Collects twine's error messages, which it only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Stores a message."""
        self.errors.append(record.getMessage())


def _invalid(file: str, message: str) -> Finding:
    return Finding(file, Check.METADATA_INVALID, message)


def _one_line(text: str) -> str:
    return " ".join(text.split())
