"""Makes the wheels of iree-turbine and shark-turbine at one version, for one version of IREE.

iree-turbine is pure Python: its files are those of an upstream wheel, and only METADATA is new. It
requires exactly the compiler and runtime of its release. shark-turbine is its former name: that
package requires iree-turbine at the same version, and redirects imports to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from builder.assembly import metadata, record, request
from builder.assembly.archive import ArchiveReader, ArchiveWriter
from builder.assembly.errors import PackagingError, run

_CORE = {
    "iree-base-compiler": "iree-compiler",
    "iree-base-runtime": "iree-runtime",
    "iree-compiler": "iree-compiler",
    "iree-runtime": "iree-runtime",
}
"""The packages of the release, by the names that iree-turbine may require them by."""

_TAG = "py3-none-any"
_MODULE = Path(__file__).parent / "shark_turbine" / "__init__.py"
"""The module of shark-turbine."""


@dataclass(frozen=True, slots=True)
class Turbine:
    """The two wheels to assemble."""

    source: Path
    """A wheel of iree-turbine, at any version."""
    version: str
    """The version of both wheels, in canonical form."""
    core: str
    """The version of iree-compiler and iree-runtime that they require."""
    output: Path
    """The directory to write them to."""

    @property
    def iree_turbine(self) -> Path:
        """The wheel of iree-turbine."""
        return self.output / f"iree_turbine-{self.version}-{_TAG}.whl"

    @property
    def shark_turbine(self) -> Path:
        """The wheel of shark-turbine."""
        return self.output / f"shark_turbine-{self.version}-{_TAG}.whl"


def assemble(turbine: Turbine) -> None:
    """Writes both wheels.

    Raises:
      PackagingError: the source is not a pure wheel of iree-turbine; outputs are removed.
    """
    name, _, _, tags = parse_wheel_filename(turbine.source.name)
    if name != "iree-turbine" or {str(tag) for tag in tags} != {_TAG}:
        raise PackagingError(f"{turbine.source.name}: not a pure wheel of iree-turbine")
    with ArchiveReader(turbine.source) as reader:
        text = _upstream(reader)
        _copy(reader, turbine, _new_version(text, turbine))
    _write_shark_turbine(turbine, Parser().parsestr(text))


def _upstream(reader: ArchiveReader) -> str:
    """Returns METADATA of the source."""
    return reader.read(f"{_info(reader.path)}/METADATA").decode()


def _info(wheel: Path) -> str:
    return "-".join(wheel.name.split("-")[:2]) + ".dist-info"


def _copy(reader: ArchiveReader, turbine: Turbine, own: bytes) -> None:
    """Copies all members without decompressing them, except METADATA, WHEEL and RECORD."""
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
    """Adds METADATA, WHEEL and RECORD."""
    for name, content in (("METADATA", own), ("WHEEL", metadata.wheel([_TAG], pure=True))):
        writer.add(f"{info}/{name}", [content])
        lines.append(_line(f"{info}/{name}", content))
    writer.add(f"{info}/RECORD", [record.write(lines, f"{info}/RECORD")])


def _new_version(text: str, turbine: Turbine) -> bytes:
    """Returns METADATA of iree-turbine at its new version."""
    head, blank, body = text.partition("\n\n")
    lines = list(_fields(head, turbine))
    pins = {f"Requires-Dist: {name}=={turbine.core}" for name in _CORE.values()}
    if not pins <= set(lines):
        raise PackagingError(
            f"{turbine.source.name}: METADATA does not require IREE's compiler and runtime"
        )
    return metadata.checked("\n".join(lines) + blank + body, turbine.source.name)


def _fields(head: str, turbine: Turbine) -> Iterator[str]:
    # Continuation lines of a field, which begin with a space, are kept.
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if name == "Version":
            yield f"Version: {turbine.version}"
        elif name == "Requires-Dist":
            core = _CORE.get(canonicalize_name(Requirement(value).name))
            yield f"Requires-Dist: {core}=={turbine.core}" if core else line
        else:
            yield line


def _write_shark_turbine(turbine: Turbine, upstream: Message) -> None:
    """Writes shark-turbine: one module, which redirects imports to iree-turbine."""
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
    module = _MODULE.read_bytes()
    with ArchiveWriter(turbine.shark_turbine) as writer:
        writer.add("shark_turbine/__init__.py", [module])
        lines = [_line("shark_turbine/__init__.py", module)]
        _finish(
            writer, lines, _info(turbine.shark_turbine), metadata.checked(text, "shark-turbine")
        )


def _line(path: str, content: bytes) -> record.Line:
    return record.Line(path, hashlib.sha256(content).hexdigest(), len(content))


def main() -> None:
    """Runs the request named on the command line, and writes its `report`."""
    options = request.from_command_line()
    turbine = Turbine(
        Path(options["source"]), options["version"], options["core"], Path(options["output"])
    )
    assemble(turbine)
    report: Mapping[str, str] = {
        "iree-turbine": turbine.iree_turbine.name,
        "shark-turbine": turbine.shark_turbine.name,
    }
    Path(options["report"]).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
