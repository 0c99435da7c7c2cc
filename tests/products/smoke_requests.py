"""Requests to smoke programs, and the results that these report."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import smoke_kit

KIT = Path(smoke_kit.__file__).parent
VERSION = "20261122.1"


def write_program(path: Path, script: str) -> Path:
    """Writes a shell script, and returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def make_request(directory: Path, kind: str = "tools", **changes: Any) -> dict[str, Any]:
    """A request whose files are below a directory; `runner` is merged, other keys replace."""
    places = {name: directory / name for name in ("packages", "dist", "scratch", "shared")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    runner = {
        "command": [],
        "environment": {"PATH": os.defpath, "LANG": "C.UTF-8"},
        "drive": None,
        "attempts": 1,
        "starts_children": True,
        **changes.pop("runner", {}),
    }
    return {
        "schema": 1,
        "product": "abacus",
        "version": VERSION,
        "kind": kind,
        "platform": {"name": "linux_x86_64", "os": "linux", "cpu": "x86_64"},
        "python": {"version": "3.14", "command": ["python"]} if kind == "python" else None,
        "packages": None if kind == "dist" else str(places["packages"]),
        "dist": str(places["dist"]) if kind == "dist" else None,
        "programs": {},
        "runner": runner,
        "scratch": str(places["scratch"]),
        "shared": str(places["shared"]),
        "emulated": False,
        "timeout": 30,
        **changes,
    }


def make_test(directory: Path, kind: str = "tools", **changes: Any) -> smoke_kit.Test:
    """A test for a request; its results go nowhere."""
    return smoke_kit.Test(make_request(directory, kind, **changes), io.StringIO())


@dataclass(frozen=True, slots=True)
class Report:
    """What a smoke program reported."""

    exit_code: int
    lines: Sequence[Mapping[str, Any]]
    """All but the last line."""
    count: int | None
    """The number in the last line; None without such a line."""
    stderr: str

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each result, by name."""
        return {line["name"]: line["status"] for line in self.lines}

    @property
    def failure(self) -> tuple[str, str]:
        """Name and detail of the only failed result, which must be the last one."""
        failed = [line for line in self.lines if line["status"] == "failed"]
        assert failed == [self.lines[-1]]
        return failed[0]["name"], failed[0]["detail"]


def start(program: Path, request: object, directory: Path) -> Report:
    """Starts a smoke program as the gate does."""
    file = directory / "request.json"
    file.write_text(request if isinstance(request, str) else json.dumps(request))
    done = subprocess.run(
        [sys.executable, "-sP", str(program), str(file)],
        env={
            "PYTHONPATH": f"{KIT}{os.pathsep}{program.parent}",
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    count = lines.pop()["results"] if lines and "results" in lines[-1] else None
    return Report(done.returncode, lines, count, done.stderr)
