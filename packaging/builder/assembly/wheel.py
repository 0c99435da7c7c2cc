"""Assembles a wheel from the parts of a payload (PyPA binary distribution format 1.0).

It decompresses and compresses only the few small files that contain the version, so a new version
costs no more than a copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from builder.assembly import entry_points, metadata, modes, record, request
from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError, run
from builder.assembly.metadata import Declared
from builder.payload import index as payload_index
from builder.payload.index import Member

# Files from Windows builders have \r\n line ends, and keep them.
_VERSION_LINE = re.compile(r'^VERSION = "[^"\n]*"(?=\r?$)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Launcher:
    """A native program that the wheel ships as the script of each native tool."""

    program: Path
    """The program."""
    suffix: str
    """The suffix of its platform's programs: ".exe" or ""."""
    tools: Mapping[str, str]
    """The directory that contains a tool, by the tool's name."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel to assemble."""

    output: Path
    """The wheel to write."""
    declared: Declared
    """Its metadata."""
    python_tag: str
    """py3, cp311, …; also the key in the payload's index."""
    abi_tag: str
    """none, cp311, abi3, …"""
    platform_tags: Sequence[str]
    """The platform tags of the file name."""
    version_modules: Sequence[str]
    """Paths of modules whose VERSION line is set to the wheel's version."""
    replacements: Mapping[str, Path]
    """Files that replace files of the payload, by path in the wheel."""
    launcher: Launcher | None
    """What replaces the Python scripts of native tools, or None to keep them."""
    license_files: Mapping[str, Path]
    """Files for .dist-info/licenses/, by name."""
    index: Path
    """The payload's index."""
    parts: Mapping[str, Path]
    """The payload's parts, by name."""
    where: str
    """The file that declares the wheel, for messages."""

    @property
    def dist_info(self) -> str:
        """Name of the .dist-info directory."""
        return self._stem + ".dist-info"

    @property
    def scripts(self) -> str:
        """Directory of the files that installers copy into the environment's bin directory."""
        return self._stem + ".data/scripts"

    @property
    def _stem(self) -> str:
        # The first two fields of the file name: distribution and version.
        return "-".join(self.output.name.split("-")[:2])

    @property
    def tags(self) -> list[str]:
        """The expanded tags, in the order of the file name."""
        return [f"{self.python_tag}-{self.abi_tag}-{tag}" for tag in self.platform_tags]


def assemble(wheel: Wheel) -> None:
    """Writes the wheel.

    Raises:
      PackagingError: the payload does not fit the wheel; the output is removed.
    """
    _check_name(wheel)
    members = payload_index.read(wheel.index).of(wheel.python_tag)
    files = {member.path: member for member in members if member.role != "metadata"}
    lines: list[record.Line] = []
    with contextlib.ExitStack() as stack:
        parts = {
            name: stack.enter_context(ArchiveReader(wheel.parts[name]))
            for name in sorted({member.part for member in members})
        }
        replaced = {
            path: _set_version(parts, files, path, wheel) for path in wheel.version_modules
        } | _replacements(files, wheel)
        dist_info = dict(_dist_info_files(wheel, parts, members))
        launched = _launch(wheel, dist_info, files)
        if "entry_points.txt" in dist_info:
            _check_entry_points(dist_info["entry_points.txt"], wheel, parts, files, replaced)
        writer = stack.enter_context(ArchiveWriter(wheel.output))
        for path, member in files.items():
            if path in replaced:
                lines.append(_add(writer, path, replaced[path]))
            else:
                reader = parts[member.part]
                writer.copy(reader, reader.entries[path])
                lines.append(record.Line(path, member.sha256, member.size))
        for path, content in launched.items():
            lines.append(_add(writer, path, content, mode=modes.EXECUTABLE))
        for name, content in dist_info.items():
            lines.append(_add(writer, f"{wheel.dist_info}/{name}", content))
        record_path = f"{wheel.dist_info}/RECORD"
        _add(writer, record_path, record.write(lines, record_path))


def _dist_info_files(
    wheel: Wheel, parts: Mapping[str, ArchiveReader], members: Sequence[Member]
) -> Iterator[tuple[str, bytes]]:
    upstream = {
        PurePosixPath(member.path).name: member for member in members if member.role == "metadata"
    }

    def content(name: str) -> bytes:
        return parts[upstream[name].part].read(upstream[name].path)

    for name, path in sorted(wheel.license_files.items()):
        yield f"licenses/{name}", path.read_bytes()
    if "entry_points.txt" in upstream:
        yield "entry_points.txt", content("entry_points.txt")
    yield "METADATA", metadata.metadata(content("METADATA"), wheel.declared, wheel.where)
    yield "WHEEL", metadata.wheel(wheel.tags, pure=wheel.abi_tag == "none")


def _launch(
    wheel: Wheel, dist_info: dict[str, bytes], files: Mapping[str, Member]
) -> dict[str, bytes]:
    """Returns the launchers by path, and removes the entry points that they replace.

    There is a launcher for each tool that upstream has a script for: a platform may lack a tool.
    """
    launcher = wheel.launcher
    if launcher is None:
        return {}
    text = dist_info.pop("entry_points.txt", b"").decode()
    names, rest = entry_points.without_scripts(text, launcher.tools.keys())
    if rest:
        dist_info["entry_points.txt"] = rest.encode()
    for name in sorted(names):
        tool = f"{launcher.tools[name]}/{name}{launcher.suffix}"
        if tool not in files:
            raise PackagingError(
                f"{wheel.where}: the launcher of {name} would run {tool}, which the payload lacks"
            )
    program = launcher.program.read_bytes()
    return {f"{wheel.scripts}/{name}{launcher.suffix}": program for name in sorted(names)}


def _check_name(wheel: Wheel) -> None:
    """Checks the file name, which a rule composed, with the parser of the specification."""
    try:
        name, version, _, tags = parse_wheel_filename(wheel.output.name)
    except InvalidWheelFilename as error:
        raise PackagingError(
            f"{wheel.output.name}: not a valid wheel file name ({error})"
        ) from error
    declared = wheel.declared
    if (
        name != declared.name
        or str(version) != declared.version
        or {str(tag) for tag in tags} != set(wheel.tags)
    ):
        raise PackagingError(
            f"{wheel.output.name}: the file name does not match {declared.name} {declared.version} "
            f"with the tags {', '.join(wheel.tags)}"
        )


def _set_version(
    parts: Mapping[str, ArchiveReader], files: Mapping[str, Member], path: str, wheel: Wheel
) -> bytes:
    if path not in files:
        raise PackagingError(f"{wheel.where}: the payload lacks the version module {path}")
    text = parts[files[path].part].read(path).decode()
    text, count = _VERSION_LINE.subn(f'VERSION = "{wheel.declared.version}"', text)
    if count != 1:
        raise PackagingError(f"{wheel.where}: {path} has {count} VERSION lines instead of one")
    return text.encode()


def _replacements(files: Mapping[str, Member], wheel: Wheel) -> dict[str, bytes]:
    for path in wheel.replacements:
        if path not in files:
            raise PackagingError(
                f"{wheel.where}: the payload lacks {path}, which `replacements` names"
            )
    return {path: source.read_bytes() for path, source in wheel.replacements.items()}


def _check_entry_points(
    content: bytes,
    wheel: Wheel,
    parts: Mapping[str, ArchiveReader],
    files: Mapping[str, Member],
    replaced: Mapping[str, bytes],
) -> None:
    def read(path: str) -> bytes:
        return replaced[path] if path in replaced else parts[files[path].part].read(path)

    try:
        entry_points.check(content.decode(), files.keys(), read)
    except PackagingError as error:
        raise PackagingError(f"{wheel.output.name}: {error}") from error


def _add(writer: ArchiveWriter, path: str, content: bytes, mode: int = modes.PLAIN) -> record.Line:
    writer.add(path, [content], mode)
    return record.Line(path, hashlib.sha256(content).hexdigest(), len(content))


def _launcher(options: Mapping[str, Any] | None) -> Launcher | None:
    if options is None:
        return None
    return Launcher(Path(options["program"]), options["suffix"], options["tools"])


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    assemble(
        Wheel(
            output=Path(options["output"]),
            declared=Declared(**options["declared"]),
            python_tag=options["python_tag"],
            abi_tag=options["abi_tag"],
            platform_tags=options["platform_tags"],
            version_modules=options["version_modules"],
            replacements={path: Path(file) for path, file in options["replacements"].items()},
            launcher=_launcher(options["launcher"]),
            license_files={name: Path(path) for name, path in options["license_files"].items()},
            index=Path(options["index"]),
            parts={name: Path(path) for name, path in options["parts"].items()},
            where=options["where"],
        )
    )


if __name__ == "__main__":
    run(main)
