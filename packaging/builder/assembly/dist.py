"""Assembles a dist archive from native files in blobs and a few files of this repository.

It compresses nothing large, so a new version costs no more than a copy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builder.assembly import blob, layout, request, tarball
from builder.assembly.blob import Compressed
from builder.assembly.errors import PackagingError, run
from builder.assembly.layout import Rule
from builder.assembly.tarball import Copied, Entry, Link, Text
from builder.payload import index as payload_index
from builder.payload.index import Index, Member

ORIGIN = "origin.json"
"""The file of a dist with its version and the origin of its native files."""

_PLACEHOLDER = re.compile(r"@(DIST_[A-Z_]*)@")


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload of a dist."""

    index: Index
    """Its index."""
    compressed: Mapping[str, tuple[Path, Compressed]]
    """The blob of each file and its position there, by path."""


@dataclass(frozen=True, slots=True)
class Dist:
    """The dist archive to assemble."""

    output: Path
    """The archive to write."""
    version: str
    """Its version."""
    platform: str
    """The platform as in file names: linux-x86_64."""
    rules: Sequence[Rule]
    """Which files of the payloads go where."""
    payloads: Mapping[str, Payload]
    """The payloads, by their names in the rules."""
    files: Mapping[str, Path]
    """Small files that are added unchanged, by their paths in the archive."""
    templates: Mapping[str, Path]
    """Text files whose placeholders are replaced, by their paths in the archive."""
    where: str
    """The file that declares the layout, for messages."""


def assemble(dist: Dist) -> None:
    """Writes the archive.

    Raises:
      PackagingError: the payloads do not fit the layout; the output is removed.
    """
    entries: dict[str, Entry] = {}

    def add(path: str, entry: Entry) -> None:
        if path in entries:
            raise PackagingError(f"{dist.where}: {dist.output.name} would contain {path} twice")
        entries[path] = entry

    for rule in dist.rules:
        for member in _select(dist, rule):
            name = member.path.rpartition("/")[2]
            add(f"{rule.to}/{name}", _copied(dist, rule, member))
            if rule.link_from is not None:
                add(f"{rule.link_from}/{name}", Link(rule.link_target(name)))
    for path, source in dist.files.items():
        add(path, Text(source.read_bytes()))
    for path, source in dist.templates.items():
        add(path, Text(_substituted(dist, source)))
    add(ORIGIN, Text(_origin(dist)))
    tarball.write(dist.output, entries)


def numeric(version: str) -> str:
    """Returns the version for tools that only allow numbers and dots, such as CMake.

    It is the release segment of PEP 440. A candidate has the number of the final release, because
    more digits would make it newer than that.
    """
    found = re.match(r"\d+(\.\d+){0,3}", version)
    if found is None:
        raise PackagingError(f"the version {version!r} does not begin with a number")
    return found.group()


def _select(dist: Dist, rule: Rule) -> list[Member]:
    """Returns the files that match a rule, each once for all Pythons."""
    if rule.payload not in dist.payloads:
        raise PackagingError(
            f"{dist.where}: unknown payload {rule.payload} for {dist.platform}; "
            f"expected one of {', '.join(sorted(dist.payloads))}"
        )
    members: dict[str, Member] = {}
    for python_tag, listed in sorted(dist.payloads[rule.payload].index.members.items()):
        for member in listed:
            if not layout.matches(member.path, rule.pattern):
                continue
            if members.setdefault(member.path, member).sha256 != member.sha256:
                raise PackagingError(
                    f"{dist.where}: {member.path} of {rule.payload} differs for {python_tag}; "
                    "a dist serves all Pythons and cannot contain it"
                )
    if not members:
        raise PackagingError(
            f"{dist.where}: no file of the payload {rule.payload} for {dist.platform} matches "
            f"{rule.pattern}; change the pattern or the payload"
        )
    return list(members.values())


def _copied(dist: Dist, rule: Rule, member: Member) -> Copied:
    found = dist.payloads[rule.payload].compressed.get(member.path)
    if found is None:
        raise PackagingError(
            f"{dist.output.name}: no blob of {rule.payload} contains {member.path}; compress the "
            f"part {member.part} with the pattern {rule.pattern}"
        )
    source, compressed = found
    if (compressed.size, compressed.sha256) != (member.size, member.sha256):
        raise PackagingError(
            f"{source.name}: {member.path} does not match its digest in the payload's index"
        )
    return Copied(
        source=source,
        offset=compressed.offset,
        blocks=compressed.blocks,
        size=compressed.size,
        executable=rule.executable,
    )


def _substituted(dist: Dist, template: Path) -> bytes:
    values = {
        "DIST_VERSION": dist.version,
        "DIST_VERSION_NUMERIC": numeric(dist.version),
        "DIST_PLATFORM": dist.platform,
    }

    def value(found: re.Match[str]) -> str:
        if found.group(1) not in values:
            raise PackagingError(f"{template.name}: unknown placeholder {found.group()}")
        return values[found.group(1)]

    return _PLACEHOLDER.sub(value, template.read_text(encoding="utf-8")).encode()


def _origin(dist: Dist) -> bytes:
    origin = {
        "version": dist.version,
        "platform": dist.platform,
        "payloads": {
            name: asdict(payload.index.origin) for name, payload in sorted(dist.payloads.items())
        },
    }
    return (json.dumps(origin, indent=1, sort_keys=True) + "\n").encode()


def _payload(options: Mapping[str, Any]) -> Payload:
    compressed: dict[str, tuple[Path, Compressed]] = {}
    for pair in options["blobs"]:
        for path, position in blob.read_table(Path(pair["table"])).items():
            if path in compressed:
                raise PackagingError(f"{pair['table']}: another blob contains {path} too")
            compressed[path] = Path(pair["blob"]), position
    return Payload(payload_index.read(Path(options["index"])), compressed)


def main() -> None:
    """Runs the request named on the command line."""
    options = request.from_command_line()
    assemble(
        Dist(
            output=Path(options["output"]),
            version=options["version"],
            platform=options["platform"],
            rules=[layout.rule(data, options["where"]) for data in options["layout"]],
            payloads={name: _payload(data) for name, data in options["payloads"].items()},
            files={path: Path(source) for path, source in options["files"].items()},
            templates={path: Path(source) for path, source in options["templates"].items()},
            where=options["where"],
        )
    )


if __name__ == "__main__":
    run(main)
