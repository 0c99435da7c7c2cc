"""A dist whose tools do not work is found out, by the step that shows it.

The tools are shell scripts, which answer as IREE's do and copy numbers that NumPy made.
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
from release.gate.smoke.answers import dist_tools
from release.gate.smoke.dists import try_dist
from release.gate.smoke.native import NativeRunner, Runner
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
[ -z "$output" ] || cp "${0%/*}/../numbers/$function.npy" "$output"
"""


Fault = Callable[[Path], object]
"""Breaks an unpacked dist."""


def write_tool(path: Path, script: str) -> None:
    """Writes a program."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def write_dist(dist: Path) -> None:
    """Writes a good dist, unpacked."""
    for directory in ("bin", "numbers"):
        (dist / directory).mkdir(parents=True)
    for name, answer in dist_tools("linux").items():
        # A regular expression of these says itself, once its backslashes are gone.
        words = answer.says.replace("\\", "").split("|")[0]
        more = {"iree-compile": _COMPILE, "iree-run-module": _RUN}.get(name, "")
        write_tool(dist / "bin" / name, f"echo '{words}'\n{more}\nexit {answer.exit_code}")
    for model in model_set.model_set():
        np.save(numbers(dist, model.name), model.expected)


def numbers(dist: Path, model: str) -> Path:
    """The file with what a model computes."""
    return dist / "numbers" / f"{model}.npy"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Makes dists and tries them."""

    directory: Path

    def pack(self, fault: Fault | None = None) -> Path:
        """An archive of a dist, good unless something is done to it."""
        dist = self.directory / "dist"
        write_dist(dist)
        if fault:
            fault(dist)
        archive = self.directory / NAME
        with tarfile.open(archive, "w:xz", preset=0) as writer:
            writer.add(dist, ".")
        return archive

    def attempt(self, archive: Path, runner: Runner | None = None, timeout: float = 30) -> Outcome:
        """Makes the trial."""
        scratch = self.directory / "scratch"
        scratch.mkdir()
        outcome = try_dist(
            archive, PLATFORM, scratch, runner=runner or NativeRunner(), timeout=timeout
        )
        assert list(scratch.iterdir()) == []
        assert (outcome.kind, outcome.files) == ("dist", (NAME,))
        return outcome


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_a_dist_that_works_passes(workshop: Workshop) -> None:
    """Catches: faults below that are found whatever is in the dist."""
    outcome = workshop.attempt(workshop.pack())
    assert (outcome.status, outcome.detail) == (
        "passed",
        "unpacked; 20 tools answer; 6 compiled models compute rightly",
    )


def tool(name: str, script: str) -> Fault:
    """A fault: a tool that does something else."""
    return lambda dist: write_tool(dist / "bin" / name, script)


FAULTS: dict[str, tuple[Fault, str]] = {
    "a tool that is gone": (
        lambda dist: (dist / "bin" / "iree-opt").unlink(),
        "calling the tools: iree-opt is not there",
    ),
    "a tool that nobody knows": (
        tool("iree-new", "exit 0"),
        "calling the tools: iree-new: nobody knows what it should answer",
    ),
    "a tool that cannot be started": (
        lambda dist: (dist / "bin" / "iree-opt").chmod(0o644),
        "calling the tools: iree-opt does not start (Permission denied)",
    ),
    "a tool that fails": (
        tool("iree-opt", "echo missing library >&2; exit 127"),
        "calling the tools: iree-opt exits with 127: missing library",
    ),
    "a compiler that fails": (
        tool("iree-compile", "echo IREE compiler version; [ $# = 1 ]"),
        "compiling elementwise for llvm-cpu: iree-compile exits with 1: IREE compiler version",
    ),
    "wrong numbers": (
        lambda dist: np.save(numbers(dist, "matmul"), np.zeros((17, 23))),
        "running matmul for llvm-cpu: its numbers are not NumPy's (largest relative error ",
    ),
    "numbers of another shape": (
        lambda dist: np.save(numbers(dist, "matmul"), np.zeros((23, 17))),
        "running matmul for llvm-cpu: its numbers are not NumPy's (largest relative error inf)",
    ),
    "no numbers": (
        lambda dist: np.save(numbers(dist, "collatz"), np.full(8, np.nan)),
        "running collatz for llvm-cpu: its numbers are not NumPy's (largest relative error nan)",
    ),
    "numbers that are none": (
        lambda dist: numbers(dist, "collatz").write_text("0 1 2"),
        "running collatz for llvm-cpu: ",
    ),
    "an empty result": (
        lambda dist: numbers(dist, "collatz").write_text(""),
        "running collatz for llvm-cpu: No data left in file",
    ),
    "no result": (
        tool("iree-run-module", "echo 'local-task: '"),
        "running elementwise for llvm-cpu: ",
    ),
    "a link that leads out": (
        lambda dist: (dist / "lib").symlink_to("../../../etc"),
        f"unpacking: {NAME} cannot be unpacked (",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_that_fails_is_named(workshop: Workshop, name: str) -> None:
    """Catches: a trial that passes over a fault, raises because of it, or does not say where."""
    fault, words = FAULTS[name]
    outcome = workshop.attempt(workshop.pack(fault))
    assert outcome.status == "failed"
    assert outcome.detail.startswith(words)


def test_a_tool_that_hangs_fails_in_time(workshop: Workshop) -> None:
    """Catches: a gate that hangs with a tool of the release."""
    outcome = workshop.attempt(workshop.pack(tool("iree-opt", "sleep 600")), timeout=1)
    assert outcome.status == "failed"
    assert outcome.detail == "calling the tools: iree-opt does not end within 1 s"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\xfd7zXZ\0 and no more"])
def test_what_is_no_archive_fails(workshop: Workshop, content: bytes) -> None:
    """Catches: an exception of the standard library in place of an outcome."""
    archive = workshop.directory / NAME
    archive.write_bytes(content)
    outcome = workshop.attempt(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


def test_an_archive_that_ends_too_soon_fails(workshop: Workshop) -> None:
    """Catches: an exception of the decoder in place of an outcome."""
    archive = workshop.pack()
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    outcome = workshop.attempt(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_an_archive_with_a_flipped_bit_fails(workshop: Workshop, place: float) -> None:
    """Catches: other bytes unpacked and used, since nobody read on to the checksum."""
    archive = workshop.pack()
    content = bytearray(archive.read_bytes())
    content[int(len(content) * place)] ^= 1
    archive.write_bytes(content)
    outcome = workshop.attempt(archive)
    assert outcome.status == "failed"
    assert outcome.detail.startswith(f"unpacking: {NAME} cannot be unpacked (")


class Elsewhere(NativeRunner):
    """A runner whose programs know all files by other names, and are started by another program."""

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, "ENGINE": "here"}

    def command(self, program: Path, *arguments: str) -> list[str]:
        return ["/usr/bin/env", str(program), *arguments]

    def path(self, path: Path) -> str:
        return f"/proc/self/root{path.absolute()}"


def test_a_runner_starts_the_tools_and_names_their_files(workshop: Workshop) -> None:
    """Catches: a tool started, or a file named, past the runner that knows the platform."""
    heard = workshop.directory / "heard"

    def listening(dist: Path) -> None:
        for path in (dist / "bin").iterdir():
            script = path.read_text().removeprefix("#!/bin/sh\n")
            write_tool(path, f'echo "$ENGINE" "$@" >> {heard}\n{script}')

    outcome = workshop.attempt(workshop.pack(listening), runner=Elsewhere())
    assert outcome.status == "passed", outcome.detail
    calls = heard.read_text().splitlines()
    assert len(calls) == 20 + 2 * 6
    assert all(call.startswith("here") for call in calls)
    named = re.findall(r"(?:^|[ @=])(/\S+)", "\n".join(calls))
    assert len(named) > 20
    assert all(path.startswith("/proc/self/root/") for path in named)
