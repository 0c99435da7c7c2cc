"""The tools of the build produce the same files on two hosts that differ in all properties.

`./bazelw run //tests/reproducible:ways` does the same for the real release.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.packaging.upstream import EXPECTED, LIBRARY, TOOL, VERSION_MODULE, UpstreamWheel
from tests.reproducible.difference import first_difference, sha256
from tests.reproducible.host import Host, two_hosts

VERSION = "20261122.1"
WHEEL = f"iree_runtime-{VERSION}-cp311-cp311-manylinux_2_28_x86_64.whl"
DIST = f"iree-dist-{VERSION}-linux-x86_64.tar.xz"
WHERE = "products/iree/BUILD.bazel"

LAUNCHED = {PurePosixPath(TOOL).name: str(PurePosixPath(TOOL).parent)}
PARTS = {name: name for name in ("libiree.so.zip", "common.zip", "cp311.zip")}
INGEST = {
    "expected": EXPECTED,
    "wheels": {"cp311": UpstreamWheel().filename},
    "large": {LIBRARY: "libiree.so.zip"},
    "parts": PARTS,
    "index": "index.json",
}
ASSEMBLE_WHEEL = {
    "output": WHEEL,
    "declared": {
        "name": "iree-runtime",
        "version": VERSION,
        "requires_python": ">=3.11",
        "requires": ["numpy"],
        "extras": {},
        "license_expression": "Apache-2.0 WITH LLVM-exception",
        "license_files": ["LICENSE"],
        "pythons": ["3.11"],
    },
    "python_tag": "cp311",
    "abi_tag": "cp311",
    "platform_tags": ["manylinux_2_28_x86_64"],
    "version_modules": [VERSION_MODULE],
    "replacements": {},
    "launcher": {"program": "launcher", "suffix": "", "tools": LAUNCHED},
    "license_files": {"LICENSE": "LICENSE"},
    "index": "index.json",
    "parts": PARTS,
    "where": WHERE,
}
COMPRESS = {
    "part": "libiree.so.zip",
    "patterns": [LIBRARY],
    "output": "libiree.so.xz",
    "table": "libiree.so.xz.json",
    "threads": 2,
}
ASSEMBLE_DIST = {
    "output": DIST,
    "version": VERSION,
    "platform": "linux-x86_64",
    "layout": [{"payload": "iree-runtime", "pattern": LIBRARY, "to": "lib", "executable": True}],
    "payloads": {
        "iree-runtime": {
            "index": "index.json",
            "blobs": [{"blob": "libiree.so.xz", "table": "libiree.so.xz.json"}],
        }
    },
    "files": {"LICENSE": "LICENSE"},
    "templates": {},
    "where": WHERE,
}
MANIFEST = {
    "plan": "plan.json",
    "wheels": [{"path": WHEEL, "package": "iree-runtime", "index": "index.json"}],
    "dists": [],
    "without": [],
    "manifest": "manifest.json",
    "sums": "SHA256SUMS",
}


@pytest.fixture
def hosts(tmp_path: Path) -> tuple[Host, Host]:
    one, other = two_hosts(tmp_path, sys.executable, other_python())
    for host in (one, other):
        host.directory.mkdir(parents=True)
        UpstreamWheel().write(host.directory)
        (host.directory / "LICENSE").write_text("The licence.\n")
        (host.directory / "launcher").write_bytes(b"\x7fELF launcher")
        (host.directory / "plan.json").write_text(
            json.dumps(
                {
                    "product": {"name": "iree"},
                    "version": VERSION,
                    "cells": [{"wheel": WHEEL}],
                    "dists": [],
                }
            )
        )
        for path in host.directory.iterdir():
            path.chmod(0o666 & ~host.umask)
    for path in other.directory.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return one, other


def test_the_hosts_differ(hosts: tuple[Host, Host]) -> None:
    """Catches: two equal hosts, on which any packer would pass."""
    for host in hosts:
        call(host, "zipfile", "-c", "plain.whl", "LICENSE")
    one, other = (host.directory / "plain.whl" for host in hosts)
    assert first_difference(one, other) == "in the header of LICENSE"


@pytest.mark.parametrize("recompress", [False, True])
def test_a_wheel_and_its_manifest_are_the_same(hosts: tuple[Host, Host], recompress: bool) -> None:
    """Catches: output that depends on times, modes, paths, order or the interpreter's zlib."""
    for host in hosts:
        use_tool(host, "builder.payload.ingest", {**INGEST, "recompress": recompress})
        use_tool(host, "builder.assembly.wheel", ASSEMBLE_WHEEL)
        use_tool(host, "builder.assembly.manifest", MANIFEST)
    assert_same(hosts, WHEEL, "index.json", "manifest.json", "SHA256SUMS", *PARTS)


def test_a_dist_is_the_same(hosts: tuple[Host, Host]) -> None:
    """Catches: the same in tar and xz, and blocks that depend on the number of threads."""
    for host, threads in zip(hosts, (1, 2), strict=True):
        use_tool(host, "builder.payload.ingest", {**INGEST, "recompress": False})
        # Only the default interpreter has the xz encoder.
        for module, request in (
            ("builder.assembly.compress", {**COMPRESS, "threads": threads}),
            ("builder.assembly.dist", ASSEMBLE_DIST),
        ):
            use_tool(host, module, request, python=sys.executable)
    assert_same(hosts, DIST, "libiree.so.xz")


def use_tool(
    host: Host, module: str, request: Mapping[str, Any], python: str | None = None
) -> None:
    """Runs a tool of the build on a host, with paths relative to the host's directory."""
    (host.directory / "request.json").write_text(json.dumps(request))
    call(host, module, "request.json", python=python)


def call(host: Host, module: str, *arguments: str, python: str | None = None) -> None:
    """Runs a module as a program on a host."""
    # The import path of the targets; each interpreter adds its standard library.
    declared = [path for path in sys.path if not path.startswith(sys.base_prefix)]
    done = subprocess.run(
        [python or host.python, "-P", "-m", module, *arguments],
        cwd=host.directory,
        env=host.environment(
            {"HOME": str(host.directory), "PYTHONPATH": os.pathsep.join(declared)}
        ),
        umask=host.umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{module} on host {host.name}: {done.stderr}"


def assert_same(hosts: tuple[Host, Host], *names: str) -> None:
    """Asserts that files of both hosts are identical."""
    for name in names:
        one, other = (host.directory / name for host in hosts)
        assert sha256(one) == sha256(other), f"{name} differs {first_difference(one, other)}"


def other_python() -> str:
    """An interpreter of another minor version; skips the test if none exists."""
    running = "{}.{}".format(*sys.version_info)
    for file in os.environ["INTERPRETERS"].split():
        found = json.loads(Path(file).read_bytes())
        if found["executable"] and found["version"] != running:
            return str(found["executable"])
    pytest.skip(f"not run: this machine has no Python other than {running}")
