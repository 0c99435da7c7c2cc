"""A dist whose tools do not work fails at the step that shows it.

The tools are shell scripts that print what IREE's do and copy results computed with NumPy.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from release.gate.smoke import model_set
from release.gate.smoke.dists import smoke_test_dist
from release.gate.smoke.probes import dist_tools
from release.gate.smoke.runner import NativeRunner, Runner
from release.model.outcome import Outcome
from release.model.plan import Platform

PLATFORM = Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ())
NAME = "iree-dist-1-linux-x86_64.tar.xz"

_COMPILE = """
for last; do :; done
[ "$#" = 1 ] || echo compiled > "$last"
"""
_RUN = """
for flag; do case $flag in
  --function=*) function=${flag#*=} ;;
  --output=@*) output=${flag#*@} ;;
esac; done
[ -z "$output" ] || cp "${0%/*}/../results/$function.npy" "$output"
"""


Fault = Callable[[Path], object]
"""Breaks an unpacked dist."""


def write_tool(path: Path, script: str) -> None:
    """Writes a program."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def write_dist(dist: Path) -> None:
    """Writes a sound dist, unpacked."""
    for directory in ("bin", "results"):
        (dist / directory).mkdir(parents=True)
    for name, probe in dist_tools("linux").items():
        # Without its backslashes, each of these patterns matches itself.
        output = probe.pattern.replace("\\", "").split("|")[0]
        more = {"iree-compile": _COMPILE, "iree-run-module": _RUN}.get(name, "")
        write_tool(dist / "bin" / name, f"echo '{output}'\n{more}\nexit {probe.exit_code}")
    for model in model_set.model_set():
        np.save(result_of(dist, model.name), model.expected)


def result_of(dist: Path, model: str) -> Path:
    """The file with the result of a model."""
    return dist / "results" / f"{model}.npy"


@dataclass(frozen=True, slots=True)
class DistTest:
    """Packs dists and smoke-tests them."""

    directory: Path

    def pack(self, fault: Fault | None = None) -> Path:
        """An archive of a dist, sound unless it has a fault."""
        dist = self.directory / "dist"
        write_dist(dist)
        if fault:
            fault(dist)
        archive = self.directory / NAME
        with tarfile.open(archive, "w:xz", preset=0) as writer:
            writer.add(dist, ".")
        return archive

    def run(self, archive: Path, runner: Runner | None = None, timeout: float = 30) -> Outcome:
        """Runs the smoke test."""
        scratch = self.directory / "scratch"
        scratch.mkdir()
        outcome = smoke_test_dist(
            archive, PLATFORM, scratch, runner=runner or NativeRunner(), timeout=timeout
        )
        assert list(scratch.iterdir()) == []
        assert (outcome.kind, outcome.files) == ("dist", (NAME,))
        return outcome


@pytest.fixture
def dist_test(tmp_path: Path) -> DistTest:
    return DistTest(tmp_path)


def test_a_sound_dist_passes(dist_test: DistTest) -> None:
    """Catches: the faults below reported for a sound dist, too."""
    outcome = dist_test.run(dist_test.pack())
    assert (outcome.status, outcome.detail) == (
        "passed",
        "unpacked; 20 tools work; 6 compiled models give correct results",
    )


def tool(name: str, script: str) -> Fault:
    """A fault: a tool that does something else."""
    return lambda dist: write_tool(dist / "bin" / name, script)


FAULTS: dict[str, tuple[Fault, str]] = {
    "a missing tool": (
        lambda dist: (dist / "bin" / "iree-opt").unlink(),
        "running the tools: iree-opt is missing",
    ),
    "an unknown tool": (
        tool("iree-new", "exit 0"),
        "running the tools: iree-new: unknown tool; add a probe to probes.py",
    ),
    "a tool that cannot be started": (
        lambda dist: (dist / "bin" / "iree-opt").chmod(0o644),
        "running the tools: iree-opt does not start (Permission denied)",
    ),
    "a tool that fails": (
        tool("iree-opt", "echo missing library >&2; exit 127"),
        "running the tools: iree-opt exits with 127: missing library",
    ),
    "a compiler that fails": (
        tool("iree-compile", "echo IREE compiler version; [ $# = 1 ]"),
        "compiling elementwise for llvm-cpu: iree-compile exits with 1: IREE compiler version",
    ),
    "wrong results": (
        lambda dist: np.save(result_of(dist, "matmul"), np.zeros((17, 23))),
        "running matmul for llvm-cpu: results differ from NumPy's (largest relative error ",
    ),
    "results of another shape": (
        lambda dist: np.save(result_of(dist, "matmul"), np.zeros((23, 17))),
        "running matmul for llvm-cpu: results differ from NumPy's (largest relative error inf)",
    ),
    "results that are NaN": (
        lambda dist: np.save(result_of(dist, "collatz"), np.full(8, np.nan)),
        "running collatz for llvm-cpu: results differ from NumPy's (largest relative error nan)",
    ),
    "a result that is not an array": (
        lambda dist: result_of(dist, "collatz").write_text("0 1 2"),
        "running collatz for llvm-cpu: ",
    ),
    "an empty result": (
        lambda dist: result_of(dist, "collatz").write_text(""),
        "running collatz for llvm-cpu: No data left in file",
    ),
    "no result": (
        tool("iree-run-module", "echo 'local-task: '"),
        "running elementwise for llvm-cpu: ",
    ),
    "a link that points outside": (
        lambda dist: (dist / "lib").symlink_to("../../../etc"),
        f"unpacking: {NAME} cannot be unpacked (",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_that_fails_is_named(dist_test: DistTest, name: str) -> None:
    """Catches: a smoke test that ignores a fault, raises an exception, or omits the step."""
    fault, message = FAULTS[name]
    outcome = dist_test.run(dist_test.pack(fault))
    assert outcome.status == "failed"
    assert outcome.detail.startswith(message)


def test_a_tool_that_hangs_times_out(dist_test: DistTest) -> None:
    """Catches: a gate that hangs with a tool of the release."""
    outcome = dist_test.run(dist_test.pack(tool("iree-opt", "sleep 600")), timeout=1)
    assert outcome.status == "failed"
    assert outcome.detail == "running the tools: iree-opt times out after 1 s"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\xfd7zXZ\0 and no more"])
def test_an_invalid_archive_fails(dist_test: DistTest, content: bytes) -> None:
    """Catches: an exception of the standard library in place of an outcome."""
    archive = dist_test.directory / NAME
    archive.write_bytes(content)
    outcome = dist_test.run(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


def test_a_truncated_archive_fails(dist_test: DistTest) -> None:
    """Catches: an exception of the decoder in place of an outcome."""
    archive = dist_test.pack()
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    outcome = dist_test.run(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_an_archive_with_a_flipped_bit_fails(dist_test: DistTest, place: float) -> None:
    """Catches: changed content unpacked and used, since the checksum at the end was not read."""
    archive = dist_test.pack()
    content = bytearray(archive.read_bytes())
    content[int(len(content) * place)] ^= 1
    archive.write_bytes(content)
    outcome = dist_test.run(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


class Elsewhere(NativeRunner):
    """A runner that starts programs through another program, and renames all paths."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, "ENGINE": "here"}

    def command(self, program: Path, *arguments: str) -> list[str]:
        return ["/usr/bin/env", str(program), *arguments]

    def path(self, path: Path) -> str:
        return f"/proc/self/root{path.absolute()}"


def test_the_runner_starts_the_tools_and_translates_paths(dist_test: DistTest) -> None:
    """Catches: a tool started or a path passed without the runner of the platform."""
    log = dist_test.directory / "log"

    def add_logging(dist: Path) -> None:
        for path in (dist / "bin").iterdir():
            script = path.read_text().removeprefix("#!/bin/sh\n")
            write_tool(path, f'echo "$ENGINE" "$@" >> {log}\n{script}')

    outcome = dist_test.run(dist_test.pack(add_logging), runner=Elsewhere())
    assert outcome.status == "passed", outcome.detail
    calls = log.read_text().splitlines()
    assert len(calls) == 20 + 2 * 6
    assert all(call.startswith("here") for call in calls)
    paths = re.findall(r"(?:^|[ @=])(/\S+)", "\n".join(calls))
    assert len(paths) > 20
    assert all(path.startswith("/proc/self/root/") for path in paths)
