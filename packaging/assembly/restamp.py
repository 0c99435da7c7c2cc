"""Gives finished wheels and dists another version, without building them again.

What names the version is rewritten: file names, METADATA, what one package of the release requires
of another, version modules, RECORD, and the few texts of a dist. Every other file is copied as it
is compressed, so the result is, to the byte, what the build makes at that version.
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

from assembly import content, record, request, tarball
from assembly.archive import ArchiveReader, ArchiveWriter
from assembly.dist import ORIGIN, numeric
from assembly.errors import PackagingError, run
from assembly.tarball import Text
from payload import recorded

_VERSION_MODULES = frozenset({"version.py", "_version.py"})
_CMAKE = "lib/cmake/IREECompiler/IREECompilerConfig"


@dataclass(frozen=True, slots=True)
class Change:
    """From which version to which."""

    former: str
    """The version that the files have, in canonical form."""
    version: str
    """The one that they get."""
    siblings: Collection[str]
    """Distributions that have the same version, which require each other in just that one."""

    def rename(self, filename: str) -> str:
        """The name that a file gets.

        Raises:
          PackagingError: it does not name the former version where wheels and dists do.
        """
        before, found, behind = filename.partition(f"-{self.former}-")
        if not found:
            raise PackagingError(f"{filename}: the name does not say {self.former}")
        return f"{before}-{self.version}-{behind}"

    def in_text(self, text: str) -> str:
        """A text in which each mention of the former version is one of the new one."""
        return re.sub(rf"(?<![\w.]){re.escape(self.former)}(?![\w]|\.\d)", self.version, text)


def restamp(source: Path, output: Path, change: Change) -> list[str]:
    """Writes a wheel or a dist as it would be at another version.

    Args:
      source: the file.
      output: where it goes, under its new name.
      change: the versions.

    Returns:
      The paths, in the new file, of what was written anew.

    Raises:
      PackagingError: the file is not what the build makes; the output is taken away.
    """
    if output.name != change.rename(source.name):
        raise PackagingError(f"{output.name}: not the name of {source.name} at {change.version}")
    return (
        _wheel(source, output, change) if source.suffix == ".whl" else _dist(source, output, change)
    )


def _wheel(source: Path, output: Path, change: Change) -> list[str]:
    stem, former_stem = ("-".join(path.name.split("-")[:2]) for path in (output, source))
    info, former_info = f"{stem}.dist-info", f"{former_stem}.dist-info"
    lines: list[record.Line] = []
    anew: list[str] = []
    with ArchiveReader(source) as reader:
        known = _recorded(reader, f"{former_info}/RECORD")
        with ArchiveWriter(output) as writer:
            for path, entry in reader.entries.items():
                directory, _, rest = path.partition("/")
                moved = path
                # The two directories that bear the version: .dist-info and .data.
                if directory.startswith(f"{former_stem}."):
                    moved = f"{stem}{directory.removeprefix(former_stem)}/{rest}"
                if path == f"{former_info}/RECORD":
                    continue
                content = _rewritten(reader, path, former_info, change)
                if content is None:
                    writer.copy(reader, replace(entry, name=moved))
                    lines.append(replace(known[path], path=moved))
                else:
                    anew.append(moved)
                    writer.add(moved, [content])
                    lines.append(
                        record.Line(moved, hashlib.sha256(content).hexdigest(), len(content))
                    )
            path = f"{info}/RECORD"
            writer.add(path, [record.write(lines, path)])
    return [*anew, path]


def _recorded(reader: ArchiveReader, path: str) -> dict[str, record.Line]:
    """What RECORD says of each file but itself."""
    try:
        lines = recorded.read(reader.read(path), path)
    except PackagingError as error:
        raise PackagingError(f"{reader.path.name}: {error}") from error
    if lines.keys() | {path} != reader.entries.keys():
        raise PackagingError(f"{reader.path.name}: RECORD lists other files than the wheel holds")
    return lines


def _rewritten(reader: ArchiveReader, path: str, former_info: str, change: Change) -> bytes | None:
    """The new content of a file that names the version; None of any other."""
    if path == f"{former_info}/METADATA":
        return _metadata(reader.read(path), reader.path.name, change)
    if PurePosixPath(path).name in _VERSION_MODULES:
        text = reader.read(path).decode()
        pattern = rf'^(VERSION|__version__) = "{re.escape(change.former)}"(?=\r?$)'
        changed, count = re.subn(pattern, rf'\1 = "{change.version}"', text, flags=re.MULTILINE)
        return changed.encode() if count else None
    return None


def _metadata(content: bytes, file: str, change: Change) -> bytes:
    """METADATA of another version (PyPA core metadata 2.4)."""
    head, blank, body = content.decode().partition("\n\n")
    lines = list(_fields(head.splitlines(), file, change))
    text = "\n".join(lines) + blank + body
    try:
        Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(str(error) for error in group.exceptions)
        raise PackagingError(f"{file}: METADATA would not be valid ({causes})") from group
    return text.encode()


def _fields(lines: Sequence[str], file: str, change: Change) -> Iterator[str]:
    stated = False
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "Version":
            if value != change.former:
                raise PackagingError(f"{file}: METADATA says {value}, and not {change.former}")
            stated = True
            yield f"Version: {change.version}"
        elif name == "Requires-Dist":
            yield f"Requires-Dist: {_requirement(value, change)}"
        else:
            yield line
    if not stated:
        raise PackagingError(f"{file}: METADATA has no version")


def _requirement(text: str, change: Change) -> str:
    """A requirement; of a sibling it is the new version that is required."""
    wanted = Requirement(text)
    if (
        canonicalize_name(wanted.name) in change.siblings
        and str(wanted.specifier) == f"=={change.former}"
    ):
        wanted.specifier = SpecifierSet(f"=={change.version}")
        return str(wanted)
    return text


def _dist(source: Path, output: Path, change: Change) -> list[str]:
    entries = tarball.read(source)
    for path, rewrite in _stating(change).items():
        entry = entries.get(path)
        if not isinstance(entry, Text):
            raise PackagingError(f"{source.name}: it has no {path}, which says its version")
        text = entry.content.decode()
        changed = rewrite(text)
        # A candidate may have the numbers of its release.
        if changed == text and not path.endswith("Version.cmake"):
            raise PackagingError(f"{source.name}: {path} does not say {change.former}")
        entries[path] = Text(changed.encode())
    tarball.write(output, entries)
    return sorted(_stating(change))


def _stating(change: Change) -> Mapping[str, Callable[[str], str]]:
    """The files of a dist that say its version, and what makes them say another."""

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
    """Runs the request named on the command line, and writes what was done into its `report`."""
    wanted = request.from_command_line()
    change = Change(wanted["former"], wanted["version"], frozenset(wanted["siblings"]))

    def done(file: Mapping[str, Any]) -> dict[str, Any]:
        output = Path(file["output"])
        anew = restamp(Path(file["source"]), output, change)
        return {
            "source": file["source"],
            "output": file["output"],
            "sha256": content.sha256(output),
            "size": output.stat().st_size,
            "rewritten": anew,
        }

    with ThreadPoolExecutor() as pool:
        files = list(pool.map(done, wanted["files"]))
    Path(wanted["report"]).write_text(json.dumps({"files": files}, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
