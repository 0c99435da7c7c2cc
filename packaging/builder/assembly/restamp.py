"""Changes the version of built wheels and dists, without building them again.

It rewrites everything that contains the version: file names, METADATA, requirements between
packages of the release, version modules, RECORD, and a few text files of a dist. All other files
are copied without recompression, so the result is identical to a build at that version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
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

_VERSION_MODULES = frozenset({"version.py", "_version.py"})
_CMAKE = "lib/cmake/IREECompiler/IREECompilerConfig"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of version."""

    former: str
    """The current version of the files, in canonical form."""
    version: str
    """The new version, in canonical form."""
    siblings: Collection[str]
    """Distributions of the release, which require each other at exactly this version."""

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
    if PurePosixPath(path).name in _VERSION_MODULES:
        text = reader.read(path).decode()
        pattern = rf'^(VERSION|__version__) = "{re.escape(change.former)}"(?=\r?$)'
        changed, count = re.subn(pattern, rf'\1 = "{change.version}"', text, flags=re.MULTILINE)
        return changed.encode() if count else None
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
    for path, rewrite in _rewrites(change).items():
        entry = entries.get(path)
        if not isinstance(entry, Text):
            raise PackagingError(
                f"{source.name}: {path} is missing, which should contain the version"
            )
        text = entry.content.decode()
        changed = rewrite(text)
        # A candidate has the same numbers as its final release.
        if changed == text and not path.endswith("Version.cmake"):
            raise PackagingError(f"{source.name}: {path} does not contain version {change.former}")
        entries[path] = Text(changed.encode())
    tarball.write(output, entries)
    return sorted(_rewrites(change))


def _rewrites(change: Change) -> Mapping[str, Callable[[str], str]]:
    """Returns, for each file of a dist that contains the version, the function that changes it."""

    def assigned(former: str, version: str, before: str, behind: str) -> Callable[[str], str]:
        pattern = re.compile(f"^({before}){re.escape(former)}({behind})", re.MULTILINE)
        return lambda text: pattern.sub(rf"\g<1>{version}\g<2>", text)

    numbers = numeric(change.former), numeric(change.version)
    full = change.former, change.version
    return {
        ORIGIN: assigned(*full, ' "version": "', '"'),
        "README.md": change.in_text,
        f"{_CMAKE}.cmake": assigned(*full, r'set\(IREECompiler_VERSION_FULL "', r'"\)'),
        f"{_CMAKE}Version.cmake": assigned(*numbers, r'set\(PACKAGE_VERSION "', r'"\)'),
    }


def main() -> None:
    """Runs the request named on the command line, and writes its `report`."""
    options = request.from_command_line()
    change = Change(options["former"], options["version"], frozenset(options["siblings"]))

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
