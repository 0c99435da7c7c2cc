"""A wheel's METADATA and WHEEL (PyPA core metadata 2.4, binary distribution format 1.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser

from packaging.metadata import Metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from builder.assembly.errors import PackagingError

GENERATOR = "iree-release"
"""The generator that WHEEL names."""


@dataclass(frozen=True, slots=True)
class Declared:
    """Metadata of a distribution that replaces or completes upstream's METADATA."""

    name: str
    """Name of the distribution on the registry."""
    version: str
    """Its version, in canonical form."""
    requires_python: str
    """Version specifier of the Pythons that its wheels serve."""
    requires: Sequence[str]
    """Requirements, without extras; PEP 508."""
    extras: Mapping[str, Sequence[str]]
    """Requirements by extra."""
    license_expression: str
    """SPDX expression that covers all files of the wheel."""
    license_files: Sequence[str]
    """Names below .dist-info/licenses/."""
    pythons: Sequence[str]
    """The Python versions that its wheels are tested on."""


def metadata(upstream: bytes, declared: Declared, where: str) -> bytes:
    """Returns METADATA of the wheel.

    Author, summary, links and description are upstream's; name, version, license, Pythons and
    requirements are those of `declared`.

    Args:
      upstream: METADATA of the payload.
      declared: what replaces or completes it.
      where: the file that declares the requirements, for messages.

    Raises:
      PackagingError: a requirement is invalid, one of upstream's is not declared, or the result is
        not valid core metadata.
    """
    base = Parser().parsestr(upstream.decode())
    requirements = _requirements(declared, where)
    _check_complete(base, requirements, where)
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", declared.name),
        ("Version", declared.version),
        *_kept(base, "Summary", "Keywords", "Author", "Author-email", "Maintainer-email"),
        ("License-Expression", declared.license_expression),
        *(("License-File", name) for name in declared.license_files),
        *_links(base),
        *(("Classifier", classifier) for classifier in _classifiers(base, declared.pythons)),
        ("Requires-Python", declared.requires_python),
        *(("Requires-Dist", str(requirement)) for requirement in requirements),
        *(("Provides-Extra", extra) for extra in sorted(declared.extras)),
        *_kept(base, "Description-Content-Type"),
    ]
    body = str(base.get_payload()).strip("\n")
    text = "".join(f"{name}: {value}\n" for name, value in fields) + f"\n{body}\n"
    return checked(text, where)


def checked(text: str, where: str) -> bytes:
    """Returns the content of a METADATA file.

    Args:
      text: the METADATA.
      where: what it is for, for messages.

    Raises:
      PackagingError: it is not valid core metadata.
    """
    try:
        Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(str(error) for error in group.exceptions)
        raise PackagingError(f"{where}: METADATA would be invalid ({causes})") from group
    return text.encode()


def wheel(tags: Sequence[str], *, pure: bool) -> bytes:
    """Returns WHEEL, with a `Tag` line for each expanded tag."""
    lines = [
        "Wheel-Version: 1.0",
        f"Generator: {GENERATOR}",
        f"Root-Is-Purelib: {str(pure).lower()}",
        *(f"Tag: {tag}" for tag in tags),
    ]
    return ("\n".join(lines) + "\n").encode()


def _requirements(declared: Declared, where: str) -> list[Requirement]:
    try:
        requirements = [Requirement(text) for text in declared.requires]
        for extra, texts in sorted(declared.extras.items()):
            for text in texts:
                requirements.append(Requirement(_with_extra(text, extra)))
    except InvalidRequirement as error:
        raise PackagingError(f"{where}: invalid requirement ({error})") from error
    return requirements


def _with_extra(text: str, extra: str) -> str:
    requirement, _, marker = text.partition(";")
    condition = f"({marker.strip()}) and " if marker else ""
    return f'{requirement.strip()}; {condition}extra == "{extra}"'


def _check_complete(base: Message, requirements: Sequence[Requirement], where: str) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements}
    for text in base.get_all("Requires-Dist", []):
        if canonicalize_name(Requirement(text).name) not in declared:
            raise PackagingError(
                f"{where}: upstream requires {text}, which is not declared; add it to `requires` "
                "or `extras` of the wheel"
            )


def _kept(base: Message, *names: str) -> list[tuple[str, str]]:
    return [(name, value) for name in names for value in base.get_all(name, [])]


def _links(base: Message) -> list[tuple[str, str]]:
    homepage = [f"homepage, {url}" for url in base.get_all("Home-page", [])]
    return [("Project-URL", link) for link in homepage + base.get_all("Project-URL", [])]


def _classifiers(base: Message, pythons: Sequence[str]) -> list[str]:
    """Returns upstream's, except licenses (License-Expression forbids them) and Pythons."""
    kept = [
        classifier
        for classifier in base.get_all("Classifier", [])
        if not classifier.startswith(("License ::", "Programming Language :: Python :: 3."))
    ]
    return kept + [f"Programming Language :: Python :: {python}" for python in pythons]
