"""A dist whose programs do not work fails at the step that shows it."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from release.gate.smoke.dists import programs_in, smoke_test_dist
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.runner import NativeRunner, Runner
from release.model.outcome import Outcome
from release.model.plan import Plan, Platform
from release.model.product import DistDescription, Package, Program
from tests.release.products import make_product

PLATFORM = Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ())
NAME = "sample-dist-1-linux-x86_64.tar.xz"
PRODUCT = make_product(
    Package(
        "sample-core",
        ("sample_core",),
        programs=(
            Program("sample-sum", ("1", "2"), "^3$", directory="sample_core"),
            Program("sample-fail", ("-x",), "no such option", exit_code=2, directory="a/b"),
            Program("sample-window", (), "x", directory="a", systems=("windows", "macos")),
            Program("sample-script", (), "x"),
        ),
    ),
    Package("sample-more", ("x",), programs=(Program("sample-more", (), "x", directory="x"),)),
    dist=DistDescription("sample-dist", packages=("sample-core",), contents={"linux": ()}),
)
PLAN = Plan(product=PRODUCT, version="1", platforms=(PLATFORM,), cells=(), dists=())

# A smoke program without the library; it calls a program of the dist.
SMOKE_PROGRAM = """\
import json, subprocess, sys

request = json.load(open(sys.argv[1]))
runner = request["runner"]
command = [*runner["command"], request["programs"]["sample-sum"], "20", "22"]
done = subprocess.run(command, env=runner["environment"], capture_output=True, text=True)
status = "passed" if done.stdout == "42\\n" else "failed"
print(json.dumps({"name": "adds", "status": status, "detail": done.stdout + done.stderr}))
print(json.dumps({"results": 1}))
"""


Fault = Callable[[Path], object]
"""Breaks an unpacked dist."""


def write_tool(path: Path, script: str) -> None:
    """Writes a program."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def write_dist(dist: Path) -> None:
    """Writes a sound dist, unpacked."""
    (dist / "bin").mkdir(parents=True)
    write_tool(dist / "bin/sample-sum", "echo $(($1 + $2))")
    write_tool(dist / "bin/sample-fail", "echo no such option >&2; exit 2")
    for library in ("libsample.so", "libsample.so.1.2"):
        (dist / "bin" / library).touch()
    (dist / "bin/data").mkdir()


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

    def run(
        self,
        archive: Path,
        runner: Runner | None = None,
        timeout: float = 30,
        plan: Plan = PLAN,
    ) -> Outcome:
        """Runs the smoke test."""
        scratch = self.directory / "scratch"
        scratch.mkdir()
        (self.directory / "main.py").write_text(SMOKE_PROGRAM)
        outcome = smoke_test_dist(
            archive,
            plan,
            PLATFORM,
            scratch,
            program=self.directory / "main.py" if plan.product.smoke else None,
            runner=runner or NativeRunner(),
            timeout=timeout,
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
        "unpacked; 2 programs called; 1 result of the smoke program passed",
    )


def test_a_dist_of_a_product_without_a_smoke_program_is_installed(dist_test: DistTest) -> None:
    """Catches: a dist reported as tested although no smoke program used it."""
    plan = replace(PLAN, product=replace(PRODUCT, smoke=False))
    outcome = dist_test.run(dist_test.pack(), plan=plan)
    assert (outcome.status, outcome.detail) == (
        "installed",
        "unpacked; 2 programs called; sample has no smoke program",
    )


def tool(name: str, script: str) -> Fault:
    """A fault: a tool that does something else."""
    return lambda dist: write_tool(dist / "bin" / name, script)


FAULTS: dict[str, tuple[Fault, str]] = {
    "a missing program": (
        lambda dist: (dist / "bin/sample-sum").unlink(),
        "running the programs: sample-sum is missing",
    ),
    "no directory of programs": (
        lambda dist: (dist / "bin").rename(dist / "programs"),
        "running the programs: sample-sum is missing",
    ),
    "an undeclared program": (
        tool("sample-new", "exit 0"),
        "running the programs: sample-new: in bin/, but no program of the packages that products/",
    ),
    "a program of a package that dists do not have": (
        tool("sample-more", "echo x"),
        "running the programs: sample-more: in bin/, but no program",
    ),
    "a script": (
        tool("sample-script", "echo x"),
        "running the programs: sample-script: in bin/, but no program",
    ),
    "a program of other systems": (
        tool("sample-window", "echo x"),
        "running the programs: sample-window: in bin/, but no program",
    ),
    "a program that cannot be started": (
        lambda dist: (dist / "bin/sample-sum").chmod(0o644),
        "running the programs: sample-sum does not start (Permission denied)",
    ),
    "a program that fails": (
        tool("sample-sum", "echo missing library >&2; exit 127"),
        "running the programs: sample-sum exits with 127: missing library",
    ),
    "a program that must fail and does not": (
        tool("sample-fail", "echo no such option"),
        "running the programs: sample-fail exits with 0, not 2: no such option",
    ),
    "another program": (
        tool("sample-sum", "echo $(($1 + $2)) is it"),
        'running the programs: sample-sum does not print "^3$": 3 is it',
    ),
    "a wrong result": (
        tool("sample-sum", "echo 3"),
        "running the smoke program: adds: 3",
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


def test_a_program_that_hangs_times_out(dist_test: DistTest) -> None:
    """Catches: a gate that hangs with a program of the release."""
    outcome = dist_test.run(dist_test.pack(tool("sample-sum", "sleep 600")), timeout=1)
    assert outcome.status == "failed"
    assert outcome.detail == "running the programs: sample-sum times out after 1 s"


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
    """A runner that starts programs through another program."""

    prefix = ("/usr/bin/env",)

    @property
    def environment(self) -> Mapping[str, str]:
        """The default, and a variable."""
        return {**super().environment, "ENGINE": "here"}


def test_the_runner_starts_all_programs(dist_test: DistTest) -> None:
    """Catches: a program started without the runner of the platform."""
    log = dist_test.directory / "log"

    def add_logging(dist: Path) -> None:
        for name in ("sample-sum", "sample-fail"):
            script = (dist / "bin" / name).read_text().removeprefix("#!/bin/sh\n")
            write_tool(dist / "bin" / name, f'echo "$ENGINE" "$@" >> {log}\n{script}')

    outcome = dist_test.run(dist_test.pack(add_logging), runner=Elsewhere())
    assert outcome.status == "passed", outcome.detail
    assert log.read_text().splitlines() == ["here 1 2", "here -x", "here 20 22"]


def test_programs_for_windows_are_named_without_suffix(tmp_path: Path) -> None:
    for name in ("sample-sum.exe", "sample.dll"):
        (tmp_path / name).touch()
    assert programs_in(tmp_path, "windows") == {"sample-sum": tmp_path / "sample-sum.exe"}


def test_a_program_without_suffix_fails_on_windows(tmp_path: Path) -> None:
    """Catches: a program that Windows does not start."""
    (tmp_path / "sample-sum").touch()
    with pytest.raises(
        SmokeTestError, match=r"^sample-sum: not a \.exe file, so Windows does not start it$"
    ):
        programs_in(tmp_path, "windows")
