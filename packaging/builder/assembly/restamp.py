"""Changes the version of built wheels and dists, without building them again.

It rewrites everything that contains the version: file names, METADATA, requirements between
packages of the release, version modules, RECORD, and the text files of a dist that the product
declares. All other files are copied without recompression, so the result is identical to a build at
that version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from builder.assembly import content, record, request, tarball
from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.dist import ORIGIN, numeric
from builder.assembly.errors import PackagingError, run
from builder.assembly.tarball import Text
from builder.payload import recorded


@dataclass(frozen=True, slots=True)
class VersionText:
    """A text file of a dist that contains the version."""

    path: str
    """In the archive."""
    pattern: str
    """A regular expression whose first group is the version; `^` is the start of a line."""
    numeric: bool
    """Whether it contains only the numbers of the version."""


_ORIGIN = VersionText(ORIGIN, r'^ "version": "([^"]*)"', numeric=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of version."""

    former: str
    """The current version of the files, in canonical form."""
    version: str
    """The new version, in canonical form."""
    siblings: Collection[str]
    """Distributions of the release, which require each other at exactly this version."""
    version_modules: Collection[str] = ()
    """Paths of the modules in wheels whose VERSION line the build sets."""
    texts: Sequence[VersionText] = ()
    """The files of a dist that contain the version, besides origin.json."""

    def rename(self, filename: str) -> str:
        """Returns the new name of a file.

        Raises:
          PackagingError: the name does not contain the former version.
        """
        before, found, behind = filename.partition(f"-{self.former}-")
        if not found:
            raise PackagingError(
                f"{filename}: the file name does not contain version {self.former}"
            )
        return f"{before}-{self.version}-{behind}"

    def in_text(self, text: str) -> str:
        """Returns a text with the former version replaced by the new one."""
        return re.sub(rf"(?<![\w.]){re.escape(self.former)}(?![\w]|\.\d)", self.version, text)


def restamp(source: Path, output: Path, change: Change) -> list[str]:
    """Writes a wheel or a dist at another version.

    Args:
      source: the file.
      output: the file to write, with its new name.
      change: the change of version.

    Returns:
      The paths, in the new file, of what was rewritten.

    Raises:
      PackagingError: the file does not look like one that the build made; the output is removed.
    """
    if output.name != change.rename(source.name):
        raise PackagingError(
            f"{output.name}: not the file name of {source.name} at version {change.version}"
        )
    return (
        _wheel(source, output, change) if source.suffix == ".whl" else _dist(source, output, change)
    )


def _wheel(source: Path, output: Path, change: Change) -> list[str]:
    stem, former_stem = ("-".join(path.name.split("-")[:2]) for path in (output, source))
    info, former_info = f"{stem}.dist-info", f"{former_stem}.dist-info"
    lines: list[record.Line] = []
    rewritten: list[str] = []
    with ArchiveReader(source) as reader:
        known = _recorded(reader, f"{former_info}/RECORD")
        with ArchiveWriter(output) as writer:
            for path, entry in reader.entries.items():
                directory, _, rest = path.partition("/")
                moved = path
                # Two directories have the version in their names: .dist-info and .data.
                if directory.startswith(f"{former_stem}."):
                    moved = f"{stem}{directory.removeprefix(former_stem)}/{rest}"
                if path == f"{former_info}/RECORD":
                    continue
                content = _rewritten(reader, path, former_info, change)
                if content is None:
                    writer.copy(reader, replace(entry, name=moved))
                    lines.append(replace(known[path], path=moved))
                else:
                    rewritten.append(moved)
                    writer.add(moved, [content])
                    lines.append(
                        record.Line(moved, hashlib.sha256(content).hexdigest(), len(content))
                    )
            path = f"{info}/RECORD"
            writer.add(path, [record.write(lines, path)])
    return [*rewritten, path]


def _recorded(reader: ArchiveReader, path: str) -> dict[str, record.Line]:
    """Returns RECORD's line of each file except itself."""
    try:
        lines = recorded.read(reader.read(path), path)
    except PackagingError as error:
        raise PackagingError(f"{reader.path.name}: {error}") from error
    if lines.keys() | {path} != reader.entries.keys():
        raise PackagingError(
            f"{reader.path.name}: RECORD does not list exactly the files of the wheel"
        )
    return lines


def _rewritten(reader: ArchiveReader, path: str, former_info: str, change: Change) -> bytes | None:
    """Returns the new content of a file that contains the version; None for other files."""
    if path == f"{former_info}/METADATA":
        return _metadata(reader.read(path), reader.path.name, change)
    if path in change.version_modules:
        text = reader.read(path).decode()
        pattern = rf'^VERSION = "{re.escape(change.former)}"(?=\r?$)'
        changed, count = re.subn(pattern, f'VERSION = "{change.version}"', text, flags=re.MULTILINE)
        if count == 0:
            raise PackagingError(
                f"{reader.path.name}: {path} does not contain version {change.former}"
            )
        return changed.encode()
    return None


def _metadata(content: bytes, file: str, change: Change) -> bytes:
    """Returns METADATA (PyPA core metadata 2.4) at the new version."""
    head, blank, body = content.decode().partition("\n\n")
    lines = list(_fields(head.splitlines(), file, change))
    text = "\n".join(lines) + blank + body
    try:
        Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(str(error) for error in group.exceptions)
        raise PackagingError(f"{file}: METADATA would be invalid ({causes})") from group
    return text.encode()


def _fields(lines: Sequence[str], file: str, change: Change) -> Iterator[str]:
    found = False
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "Version":
            if value != change.former:
                raise PackagingError(
                    f"{file}: METADATA has version {value} instead of {change.former}"
                )
            found = True
            yield f"Version: {change.version}"
        elif name == "Requires-Dist":
            yield f"Requires-Dist: {_requirement(value, change)}"
        else:
            yield line
    if not found:
        raise PackagingError(f"{file}: METADATA has no version")


def _requirement(text: str, change: Change) -> str:
    """Returns a requirement, with the new version if it is one of a sibling."""
    requirement = Requirement(text)
    if (
        canonicalize_name(requirement.name) in change.siblings
        and str(requirement.specifier) == f"=={change.former}"
    ):
        requirement.specifier = SpecifierSet(f"=={change.version}")
        return str(requirement)
    return text


def _dist(source: Path, output: Path, change: Change) -> list[str]:
    entries = tarball.read(source)
    declared = (*change.texts, _ORIGIN)
    changed: dict[str, str] = {}
    for one in declared:
        entry = entries.get(one.path)
        if not isinstance(entry, Text):
            raise PackagingError(
                f"{source.name}: {one.path} is missing, which should contain the version"
            )
        changed[one.path] = entry.content.decode()
        _check_version(changed[one.path], one, change, source.name)
    for one in declared:
        changed[one.path] = _in_dist(changed[one.path], one, change)
    entries |= {path: Text(text.encode()) for path, text in changed.items()}
    tarball.write(output, entries)
    return sorted(changed)


def _check_version(text: str, declared: VersionText, change: Change, file: str) -> None:
    """Checks that a text of a dist contains the former version, and no other in its place."""
    former = numeric(change.former) if declared.numeric else change.former
    found = {match[1] for match in re.finditer(declared.pattern, text, re.MULTILINE)}
    if found != {former}:
        raise PackagingError(f"{file}: {declared.path} does not contain version {former}")


def _in_dist(text: str, declared: VersionText, change: Change) -> str:
    """Returns a text of a dist with the new version."""
    if not declared.numeric and declared is not _ORIGIN:
        return change.in_text(text)
    # Equal numbers elsewhere have another meaning: the oldest CMake, the version of a payload.
    version = numeric(change.version) if declared.numeric else change.version

    def replaced(match: re.Match[str]) -> str:
        whole, (start, end) = match.start(), match.span(1)
        return match[0][: start - whole] + version + match[0][end - whole :]

    return re.sub(declared.pattern, replaced, text, flags=re.MULTILINE)


def main() -> None:
    """Runs the request named on the command line, and writes its `report`."""
    options = request.from_command_line()
    change = Change(
        former=options["former"],
        version=options["version"],
        siblings=frozenset(options["siblings"]),
        version_modules=frozenset(options["version_modules"]),
        texts=[VersionText(**text) for text in options["texts"]],
    )

    def done(file: Mapping[str, Any]) -> dict[str, Any]:
        output = Path(file["output"])
        rewritten = restamp(Path(file["source"]), output, change)
        return {
            "source": file["source"],
            "output": file["output"],
            "sha256": content.sha256(output),
            "size": output.stat().st_size,
            "rewritten": rewritten,
        }

    with ThreadPoolExecutor() as pool:
        files = list(pool.map(done, options["files"]))
    Path(options["report"]).write_text(json.dumps({"files": files}, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
