"""Puts a dist archive together: native files from blobs, and the few files that are ours.

Nothing large is compressed here, so that a new version costs a copy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assembly import blob, layout, request, tarball
from assembly.blob import Compressed
from assembly.errors import PackagingError, run
from assembly.layout import Rule
from assembly.tarball import Copied, Entry, Link, Text
from payload import index as payload_index
from payload.index import Index, Member

ORIGIN = "origin.json"
"""The file of a dist that says which version it is, and where the native files come from."""

_PLACEHOLDER = re.compile(r"@(IREE_DIST_[A-Z_]*)@")


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload of a dist."""

    index: Index
    """Its index."""
    compressed: Mapping[str, tuple[Path, Compressed]]
    """Where its files are compressed, by path: the blob, and the place in it."""


@dataclass(frozen=True, slots=True)
class Dist:
    """The dist archive to make."""

    output: Path
    """Where it goes; the name is the archive's file name."""
    version: str
    """Its version."""
    platform: str
    """The platform as file names say it: linux-x86_64."""
    rules: Sequence[Rule]
    """What is taken from the payloads."""
    payloads: Mapping[str, Payload]
    """The payloads, by the names that the rules use."""
    files: Mapping[str, Path]
    """Small files taken as they are, by their path in the archive."""
    templates: Mapping[str, Path]
    """Text files in which placeholders are filled in, by their path in the archive."""
    where: str
    """The file that declares the dist, for messages."""


def assemble(dist: Dist) -> None:
    """Writes the archive.

    Raises:
      PackagingError: the payloads do not fit the layout; the output is taken away.
    """
    entries: dict[str, Entry] = {}

    def place(path: str, entry: Entry) -> None:
        if path in entries:
            raise PackagingError(f"{dist.where}: {path} would be in {dist.output.name} twice")
        entries[path] = entry

    for rule in dist.rules:
        for member in _select(dist, rule):
            name = member.path.rpartition("/")[2]
            place(f"{rule.to}/{name}", _copied(dist, rule, member))
            if rule.link_from is not None:
                place(f"{rule.link_from}/{name}", Link(rule.link_target(name)))
    for path, source in dist.files.items():
        place(path, Text(source.read_bytes()))
    for path, source in dist.templates.items():
        place(path, Text(_filled_in(dist, source)))
    place(ORIGIN, Text(_origin(dist)))
    tarball.write(dist.output, entries)


def numeric(version: str) -> str:
    """The version as tools know it that take numbers and dots alone, such as CMake.

    It is the release segment of PEP 440: a candidate has the number of the release that it may
    become, since any more digits would place it after that release.
    """
    found = re.match(r"\d+(\.\d+){0,3}", version)
    if found is None:
        raise PackagingError(f"the version {version!r} does not begin with a number")
    return found.group()


def _select(dist: Dist, rule: Rule) -> list[Member]:
    """The files that a rule takes; one per path, whatever the number of Pythons."""
    if rule.payload not in dist.payloads:
        raise PackagingError(
            f"{dist.where}: there is no payload {rule.payload} for {dist.platform}"
        )
    members: dict[str, Member] = {}
    for python_tag, listed in sorted(dist.payloads[rule.payload].index.members.items()):
        for member in listed:
            if not layout.matches(member.path, rule.select):
                continue
            if members.setdefault(member.path, member).sha256 != member.sha256:
                raise PackagingError(
                    f"{dist.where}: {member.path} of {rule.payload} is another file for "
                    f"{python_tag}, so a dist, which serves all Pythons, cannot hold it"
                )
    if not members:
        raise PackagingError(
            f"{dist.where}: nothing in the payload {rule.payload} for {dist.platform} fits "
            f"{rule.select}; the rule or the payload has to change"
        )
    return list(members.values())


def _copied(dist: Dist, rule: Rule, member: Member) -> Copied:
    found = dist.payloads[rule.payload].compressed.get(member.path)
    if found is None:
        raise PackagingError(
            f"{dist.output.name}: no blob of {rule.payload} holds {member.path}; the part "
            f"{member.part} has to be compressed with the pattern {rule.select}"
        )
    source, compressed = found
    if (compressed.size, compressed.sha256) != (member.size, member.sha256):
        raise PackagingError(
            f"{source.name}: {member.path} in it is not the file that the index describes"
        )
    return Copied(
        source=source,
        offset=compressed.offset,
        blocks=compressed.blocks,
        size=compressed.size,
        executable=rule.executable,
    )


def _filled_in(dist: Dist, template: Path) -> bytes:
    values = {
        "IREE_DIST_VERSION": dist.version,
        "IREE_DIST_VERSION_NUMERIC": numeric(dist.version),
        "IREE_DIST_PLATFORM": dist.platform,
    }

    def value(found: re.Match[str]) -> str:
        if found.group(1) not in values:
            raise PackagingError(f"{template.name}: there is no value for {found.group()}")
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


def _payload(wanted: Mapping[str, Any]) -> Payload:
    compressed: dict[str, tuple[Path, Compressed]] = {}
    for pair in wanted["blobs"]:
        for path, place in blob.read_table(Path(pair["table"])).items():
            if path in compressed:
                raise PackagingError(f"{pair['table']}: {path} is in another blob too")
            compressed[path] = Path(pair["blob"]), place
    return Payload(payload_index.read(Path(wanted["index"])), compressed)


def main() -> None:
    """Runs the request named on the command line."""
    wanted = request.from_command_line()
    assemble(
        Dist(
            output=Path(wanted["output"]),
            version=wanted["version"],
            platform=wanted["platform"],
            rules=[layout.rule(data, wanted["where"]) for data in wanted["layout"]],
            payloads={name: _payload(data) for name, data in wanted["payloads"].items()},
            files={path: Path(source) for path, source in wanted["files"].items()},
            templates={path: Path(source) for path, source in wanted["templates"].items()},
            where=wanted["where"],
        )
    )


if __name__ == "__main__":
    run(main)
