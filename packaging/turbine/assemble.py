"""Makes the wheels of iree-turbine and shark-turbine at one version, for one version of IREE.

iree-turbine is pure Python: its files are those of a wheel that somebody else built, and only
METADATA is ours. It requires exactly the compiler and the runtime that it ships with.
shark-turbine is the name that it had before: it requires iree-turbine in the same version, and
leads imports there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from assembly import metadata, record, request
from assembly.archive import ArchiveReader, ArchiveWriter
from assembly.errors import PackagingError, run

_CORE = {
    "iree-base-compiler": "iree-compiler",
    "iree-base-runtime": "iree-runtime",
    "iree-compiler": "iree-compiler",
    "iree-runtime": "iree-runtime",
}
"""Our packages, by the names under which iree-turbine may require them."""

_TAG = "py3-none-any"
_LEADING = Path(__file__).with_name("shark_turbine") / "__init__.py"


@dataclass(frozen=True, slots=True)
class Turbine:
    """The two wheels to make."""

    source: Path
    """A wheel of iree-turbine, of any version."""
    version: str
    """The version that both get, in canonical form."""
    core: str
    """The version of iree-compiler and iree-runtime that they ship with."""
    output: Path
    """The directory that they are written into."""

    @property
    def iree_turbine(self) -> Path:
        """Where the wheel of iree-turbine is written."""
        return self.output / f"iree_turbine-{self.version}-{_TAG}.whl"

    @property
    def shark_turbine(self) -> Path:
        """Where the wheel of shark-turbine is written."""
        return self.output / f"shark_turbine-{self.version}-{_TAG}.whl"


def assemble(turbine: Turbine) -> None:
    """Writes both wheels.

    Raises:
      PackagingError: the source is no pure wheel of iree-turbine; what was begun is taken away.
    """
    name, _, _, tags = parse_wheel_filename(turbine.source.name)
    if name != "iree-turbine" or {str(tag) for tag in tags} != {_TAG}:
        raise PackagingError(f"{turbine.source.name}: not a pure wheel of iree-turbine")
    with ArchiveReader(turbine.source) as reader:
        text = _upstream(reader)
        _copy(reader, turbine, _new_version(text, turbine))
    _write_leading(turbine, Parser().parsestr(text))


def _upstream(reader: ArchiveReader) -> str:
    """METADATA of the source."""
    return reader.read(f"{_info(reader.path)}/METADATA").decode()


def _info(wheel: Path) -> str:
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


def _copy(reader: ArchiveReader, turbine: Turbine, own: bytes) -> None:
    """Copies all members as they are compressed, but METADATA and what lists the members."""
    before, after = _info(reader.path), _info(turbine.iree_turbine)
    lines: list[record.Line] = []
    with ArchiveWriter(turbine.iree_turbine) as writer:
        for path, entry in reader.entries.items():
            if path in (f"{before}/RECORD", f"{before}/METADATA", f"{before}/WHEEL"):
                continue
            moved = path.replace(f"{before}/", f"{after}/", 1)
            content = reader.read(path)
            writer.copy(reader, replace(entry, name=moved))
            lines.append(_line(moved, content))
        _finish(writer, lines, after, own)


def _finish(writer: ArchiveWriter, lines: list[record.Line], info: str, own: bytes) -> None:
    """Adds what every wheel ends with."""
    for name, content in (("METADATA", own), ("WHEEL", metadata.wheel([_TAG], pure=True))):
        writer.add(f"{info}/{name}", [content])
        lines.append(_line(f"{info}/{name}", content))
    writer.add(f"{info}/RECORD", [record.write(lines, f"{info}/RECORD")])


def _new_version(text: str, turbine: Turbine) -> bytes:
    """METADATA of iree-turbine at its new version."""
    head, blank, body = text.partition("\n\n")
    lines = list(_fields(head, turbine))
    pins = {f"Requires-Dist: {name}=={turbine.core}" for name in _CORE.values()}
    if not pins <= set(lines):
        raise PackagingError(
            f"{turbine.source.name}: it does not require the compiler and the runtime of IREE"
        )
    return _checked("\n".join(lines) + blank + body, turbine.source.name)


def _fields(head: str, turbine: Turbine) -> Iterator[str]:
    # A field may go on in lines that begin with a space.
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if name == "Version":
            yield f"Version: {turbine.version}"
        elif name == "Requires-Dist":
            wanted = Requirement(value)
            own = _CORE.get(canonicalize_name(wanted.name))
            yield f"Requires-Dist: {own}=={turbine.core}" if own else line
        else:
            yield line


def _write_leading(turbine: Turbine, upstream: Message) -> None:
    """Writes shark-turbine: one module, which leads to iree-turbine."""
    kept = ("Author", "Author-email", "License", "License-Expression", "Project-URL")
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", "shark-turbine"),
        ("Version", turbine.version),
        ("Summary", "The former name of iree-turbine"),
        *((name, value) for name in kept for value in upstream.get_all(name, [])),
        ("Classifier", "Development Status :: 7 - Inactive"),
        ("Requires-Dist", f"iree-turbine=={turbine.version}"),
    ]
    text = "".join(f"{name}: {value}\n" for name, value in fields)
    text += "\nThis package is now called iree-turbine, and brings it.\n"
    module = _LEADING.read_bytes()
    with ArchiveWriter(turbine.shark_turbine) as writer:
        writer.add("shark_turbine/__init__.py", [module])
        lines = [_line("shark_turbine/__init__.py", module)]
        _finish(writer, lines, _info(turbine.shark_turbine), _checked(text, "shark-turbine"))


def _checked(text: str, where: str) -> bytes:
    try:
        Metadata.from_email(text, validate=True)
    except ExceptionGroup as group:
        causes = "; ".join(str(error) for error in group.exceptions)
        raise PackagingError(f"{where}: METADATA would not be valid ({causes})") from group
    return text.encode()


def _line(path: str, content: bytes) -> record.Line:
    return record.Line(path, hashlib.sha256(content).hexdigest(), len(content))


def main() -> None:
    """Runs the request named on the command line, and writes what was made into its `report`."""
    wanted = request.from_command_line()
    turbine = Turbine(
        Path(wanted["source"]), wanted["version"], wanted["core"], Path(wanted["output"])
    )
    assemble(turbine)
    made: Mapping[str, str] = {
        "iree-turbine": turbine.iree_turbine.name,
        "shark-turbine": turbine.shark_turbine.name,
    }
    Path(wanted["report"]).write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
