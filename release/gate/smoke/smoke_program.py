"""Starts the smoke program of a product, and reads its results.

A smoke program is a Python file that uses the artifacts as users of the product do. It reads
REQUEST.json, and prints a JSON object for each result and the number of results at the end;
`program/smoke_kit.py` is the library for such programs.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.process import TIMEOUT, run
from release.gate.smoke.runner import Runner
from release.model.plan import Platform
from release.model.text import counted

KIT = Path(__file__).absolute().parent / "program"
"""The directory of the library."""

_SCHEMA = 1
_PROGRAMS = 6
"""How many programs a smoke program may run that take all of their time."""
_KEYS = {"name", "status", "detail"}
_STATUSES = ("passed", "failed", "not run")
_NO_RESULT = "the smoke program prints a line that is no result"


@dataclass(frozen=True, slots=True)
class PythonCommand:
    """The Python that imports the wheels."""

    version: str
    """Minor version, such as 3.14."""
    command: tuple[str, ...]
    """The program and its options; complete, also under emulation."""


@dataclass(frozen=True, slots=True)
class SmokeRequest:
    """What a smoke program uses."""

    product: str
    """The name of the product."""
    version: str
    """The version of the release."""
    kind: Literal["python", "tools", "dist"]
    platform: Platform
    runner: Runner
    """Starts programs of the platform."""
    programs: Mapping[str, Path]
    """The programs that it may start, by name without a suffix."""
    python: PythonCommand | None = None
    packages: Path | None = None
    """Where wheels are installed or unpacked."""
    dist: Path | None = None
    """The unpacked dist."""
    timeout: float = TIMEOUT
    """Seconds that each program may take."""

    def to_json(self, scratch: Path, shared: Path) -> dict[str, Any]:
        """The content of REQUEST.json.

        Args:
          scratch: an empty directory.
          shared: a directory that smoke tests of the same wheels on other Pythons also get.
        """
        python = self.python and {
            "version": self.python.version,
            "command": list(self.python.command),
        }
        return {
            "schema": _SCHEMA,
            "product": self.product,
            "version": self.version,
            "kind": self.kind,
            "platform": {
                "name": self.platform.name,
                "os": self.platform.os,
                "cpu": self.platform.cpu,
            },
            "python": python,
            "packages": self.packages and str(self.packages.absolute()),
            "dist": self.dist and str(self.dist.absolute()),
            "programs": {name: str(path.absolute()) for name, path in self.programs.items()},
            "runner": {
                "command": list(self.runner.prefix),
                "environment": dict(self.runner.environment),
                "drive": self.runner.drive,
                "attempts": self.runner.attempts,
                "starts_children": self.runner.starts_children,
            },
            "scratch": str(scratch.absolute()),
            "shared": str(shared.absolute()),
            "emulated": self.runner.emulated,
            "timeout": self.timeout,
        }


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """A result that a smoke program prints."""

    name: str
    status: str
    """passed, failed, or not run."""
    detail: str


def use(
    program: Path | None, request: SmokeRequest, directory: Path, shared: Path | None = None
) -> str:
    """Runs the smoke program of a product.

    Args:
      program: the file; None for a product without one.
      request: what it uses.
      directory: an existing directory, at a path without spaces.
      shared: a directory that smoke tests of the same wheels on other Pythons also get.

    Returns:
      How its results are, in a few words.

    Raises:
      SmokeTestError: it reports a failure, or does not end as smoke programs do.
      NotRunError: it has run nothing.
    """
    if program is None:
        return f"{request.product} has no smoke program"
    scratch, own = directory / "smoke-scratch", directory / "smoke-shared"
    for one in (scratch, own):
        one.mkdir()
    file = directory / "REQUEST.json"
    file.write_text(json.dumps(request.to_json(scratch, shared or own), indent=1), "utf-8")
    return summary(results(program, file, timeout=_PROGRAMS * request.timeout))


def results(program: Path, request: Path, *, timeout: float) -> list[SmokeResult]:
    """Starts a smoke program, and returns what it reports.

    Raises:
      SmokeTestError: it does not end as smoke programs do.
    """
    result = run(
        # Isolated, but for the library and the modules beside the program.
        [sys.executable, "-sP", str(program.absolute()), str(request.absolute())],
        environment={
            "HOME": str(request.parent),
            "LANG": "C.UTF-8",
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(map(str, (KIT, program.absolute().parent))),
            "TMPDIR": str(request.parent),
        },
        directory=request.parent,
        timeout=timeout,
        name="the smoke program",
    ).expect()
    # Other separators, which splitlines() knows, may be part of a detail.
    lines = result.stdout.removesuffix("\n").split("\n")
    found: dict[str, SmokeResult] = {}
    for line in lines[:-1]:
        one = _result(line)
        if one.name in found:
            raise SmokeTestError(f"{_NO_RESULT}: {line[:200]}")
        found[one.name] = one
    if not found:
        raise SmokeTestError(f"the smoke program reported no result{result.output_tail()}")
    if not _is_count(_loads(lines[-1]), len(found)):
        raise SmokeTestError(
            f'the smoke program ends with {lines[-1][:200]}, not {{"results": {len(found)}}}'
        )
    return [*found.values()]


def summary(results: list[SmokeResult]) -> str:
    """What results amount to, in a few words.

    Raises:
      SmokeTestError: one failed.
      NotRunError: none passed.
    """
    for one in results:
        if one.status == "failed":
            raise SmokeTestError(f"{one.name}: {one.detail}")
    skipped = [f"{one.name}: {one.detail}" for one in results if one.status == "not run"]
    passed = len(results) - len(skipped)
    if not passed:
        raise NotRunError(f"the smoke program has run nothing ({'; '.join(skipped)})")
    text = f"{counted(passed, 'result')} of the smoke program passed"
    return f"{text}, {len(skipped)} not run ({'; '.join(skipped)})" if skipped else text


def _result(line: str) -> SmokeResult:
    """A result, by the line that reports it.

    Raises:
      SmokeTestError: the line has another form.
    """
    data = _loads(line)
    if (
        not isinstance(data, dict)
        or data.keys() != _KEYS
        or not all(isinstance(value, str) for value in data.values())
        or not data["name"]
        or data["status"] not in _STATUSES
        or not all(_is_text(value) for value in data.values())
    ):
        raise SmokeTestError(f"{_NO_RESULT}: {line[:200]}")
    return SmokeResult(**data)


def _is_count(data: object, count: int) -> bool:
    """Whether a line counts the results; 1.0 and true, which equal 1, are no counts."""
    return data == {"results": count} and type(data["results"]) is int


def _is_text(text: str) -> bool:
    """Whether a string can be written to a document; one with half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _loads(line: str) -> Any:
    """The value of a line of JSON; None if it is none, or has a key twice."""
    try:
        return json.loads(line, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object.

    Raises:
      ValueError: a key appears twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found
