"""Emulated Pythons import the wheels and run the smoke program; wheels' native tools run, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from release.gate.smoke.aarch64 import smoke_test_aarch64
from release.gate.smoke.runnable import RunnableRelease
from release.model.outcome import Outcome
from release.model.plan import Platform
from tests.release.gate.emulated.fakes import emulated, release_of
from tests.release.gate.smoke.fake_wheels import (
    PRODUCT,
    VERSION,
    core_files,
    heavy_files,
    words_files,
    write_wheel,
)

ARM = Platform("linux_aarch64", "linux", "aarch64", "glibc_2.28", None, ())
PYTHONS = ("3.13", "3.14")
TAG = "py3-none-manylinux_2_28_aarch64"
IMPORTED = (
    "installed; 4 modules imported, 1 without the project of an extra, 1 known to be unimportable; "
)

# Computes once for each set of wheels, through the emulated Python or the native tool.
SMOKE_PROGRAM = """\
import smoke_kit


def smoke(test):
    assert test.emulated
    if test.kind == "tools":
        with test.result("the tool says what it is"):
            assert "native" in test.run("sample-tool").expect().stdout
        return
    known = test.shared / "known"
    with test.result("knows the sum" if known.exists() else "computes the sum"):
        code = "import os, sample_core.evaluate as e; print(os.environ['PYTHON'], e.add('3', '4'))"
        python, found = test.run_python("-c", code).expect().stdout.split()
        if python != test.python_version or found != "7":
            raise smoke_kit.SmokeError(f"Python {python} finds {found}")
        known.touch()


if __name__ == "__main__":
    smoke_kit.main(smoke)
"""


def release(
    tmp_path: Path,
    *,
    smoke: bool = True,
    pythons: tuple[str, ...] = PYTHONS,
    without: str = "",
    changes: Mapping[str, str] | None = None,
) -> RunnableRelease:
    """A release of all packages, with changed files in sample-core, or without one of them."""
    core = {**core_files(), **(changes or {})}
    core.pop(without, None)
    files = {
        "sample-core": core,
        "sample-words": words_files(),
        "sample-heavy": heavy_files(),
    }
    wheels = {name: write_wheel(tmp_path, name, text, TAG) for name, text in files.items()}
    main = tmp_path / "main.py"
    main.write_text(SMOKE_PROGRAM)
    return release_of(PRODUCT, ARM, VERSION, wheels, pythons, main if smoke else None)


def run(release: RunnableRelease, tmp_path: Path) -> list[Outcome]:
    """The outcomes of the wheels."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    outcomes = [*smoke_test_aarch64(release, emulated(tmp_path, *PYTHONS), ARM, scratch)]
    assert list(scratch.iterdir()) == []
    return [outcome for outcome in outcomes if outcome.kind != "dist"]


def test_each_python_imports_and_uses_the_wheels(tmp_path: Path) -> None:
    """Catches: a Python that is omitted; what the newest computed, computed again by the others; a
    wheel that was only installed alone, reported as passed."""
    alone = (
        "installed alone; metadata and 1 script checked; not imported, since it "
        "requires a very large framework"
    )
    passed = "1 result of the smoke program passed"
    found = [
        (one.kind, one.python, one.status, one.detail) for one in run(release(tmp_path), tmp_path)
    ]
    assert found == [
        ("python", "3.14", "passed", IMPORTED + passed),
        ("python", "3.14", "installed", alone),
        ("python", "3.13", "passed", IMPORTED + passed),
        ("python", "3.13", "installed", alone),
        ("tools", None, "passed", f"1 native tool called; {passed}"),
    ]


def test_the_smoke_program_shares_a_directory_between_pythons(tmp_path: Path) -> None:
    """Catches: minutes of emulation for each Python with the same wheels."""
    sample = release(tmp_path)
    main = tmp_path / "main.py"
    main.write_text(SMOKE_PROGRAM.replace("known.touch()", "known.open('x').close()"))
    outcomes = run(sample, tmp_path)
    assert [(one.python, one.status) for one in outcomes if len(one.files) == 2] == [
        ("3.14", "passed"),
        ("3.13", "failed"),
    ]
    assert "FileExistsError" in outcomes[2].detail


def test_emulated_programs_are_started_through_the_emulator(tmp_path: Path) -> None:
    """Catches: a program of another platform started by this machine."""
    run(release(tmp_path), tmp_path)
    started = {Path(line).name for line in (tmp_path / "log").read_text().splitlines()}
    assert started == {"python3.13", "python3.14", "sample-tool"}


def test_without_a_smoke_program_wheels_are_installed(tmp_path: Path) -> None:
    """Catches: wheels reported as tested although no smoke program used them."""
    outcomes = run(release(tmp_path, smoke=False), tmp_path)
    assert {one.status for one in outcomes} == {"installed"}
    assert outcomes[0].detail == f"{IMPORTED}sample has no smoke program"


def test_a_python_that_is_not_available_is_not_run(tmp_path: Path) -> None:
    """Catches: a crash, or a success, without an emulated Python."""
    outcomes = run(release(tmp_path, pythons=("3.15",)), tmp_path)
    assert {(one.status, one.detail) for one in outcomes if one.python} == {
        ("not run", "no suite has it")
    }


FAULTS = {
    "a module that cannot be imported": (
        {"sample_core/broken.py": "import absent"},
        "importing modules: sample_core.broken: ModuleNotFoundError: No module named 'absent'",
    ),
    "a version module of another release": (
        {"sample_core/version.py": "VERSION = __version__ = '3'"},
        f"checking version modules: sample_core.version has VERSION 3, not {VERSION}",
    ),
    "an entry point that its module lacks": (
        {"sample_core/evaluate.py": "def add(*numbers): return sum(map(int, numbers))"},
        (
            "loading entry points: the entry point sample-sum of sample-core does not load: "
            "AttributeError: module 'sample_core.evaluate' has no attribute 'main'"
        ),
    ),
    "a script that is not declared": (
        {f"sample_core-{VERSION}.data/scripts/sample-new": "#!/bin/sh\n"},
        (
            "checking scripts: the scripts of sample-core differ from those in products/sample: "
            "sample-new not declared"
        ),
    ),
    "a wrong result": (
        {"sample_core/evaluate.py": "def main(): pass\ndef add(*numbers): return 3"},
        "running the smoke program: computes the sum: Python 3.14 finds 3",
    ),
    "metadata of another release": (
        {
            f"sample_core-{VERSION}.dist-info/METADATA": (
                "Metadata-Version: 2.1\nName: sample-core\nVersion: 3\n"
                'Provides-Extra: view\nRequires-Dist: sample-view; extra == "view"\n'
            )
        },
        f"checking installed files: sample-core: metadata has version 3, not {VERSION}",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_step_that_fails_is_named(tmp_path: Path, name: str) -> None:
    """Catches: a smoke test under emulation that omits a step."""
    files, detail = FAULTS[name]
    outcome, *_ = run(release(tmp_path, pythons=("3.14",), changes=files), tmp_path)
    assert (outcome.status, outcome.detail) == ("failed", detail)


def tools_outcome(sample: RunnableRelease, tmp_path: Path) -> Outcome:
    """The outcome of the wheels' native tools."""
    (outcome,) = (one for one in run(sample, tmp_path) if one.kind == "tools")
    return outcome


def test_only_wheels_with_native_tools_count_as_used(tmp_path: Path) -> None:
    """Catches: a pure wheel that counts as tested, since another wheel's tool runs."""
    outcome = tools_outcome(release(tmp_path, pythons=("3.14",)), tmp_path)
    assert outcome.files == (f"sample_core-{VERSION}-{TAG}.whl",)


TOOL_FAULTS = {
    "a tool that fails": (
        {"sample_core/bin/sample-tool": "#!/bin/sh\necho no library >&2; exit 127"},
        "running the tools: sample-tool exits with 127: no library",
    ),
    "a tool that is not declared": (
        {"sample_core/bin/sample-new": "#!/bin/sh\n"},
        "running the tools: sample-new: not among the programs in products/sample",
    ),
    "a script that is not declared": (
        {f"sample_core-{VERSION}.data/scripts/sample-new": "#!/bin/sh\n"},
        (
            "checking scripts: the scripts of sample-core differ from those in products/sample: "
            "sample-new not declared"
        ),
    ),
}


@pytest.mark.parametrize("name", TOOL_FAULTS)
def test_a_faulty_tool_is_named(tmp_path: Path, name: str) -> None:
    """Catches: a native tool that nothing calls."""
    files, detail = TOOL_FAULTS[name]
    outcome = tools_outcome(release(tmp_path, pythons=("3.14",), changes=files), tmp_path)
    assert (outcome.status, outcome.detail) == ("failed", detail)


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    """Catches: a wheel without one of its native tools."""
    sample = release(tmp_path, pythons=("3.14",), without="sample_core/bin/sample-tool")
    outcome = tools_outcome(sample, tmp_path)
    assert (outcome.status, outcome.detail) == (
        "failed",
        "running the tools: sample-tool is missing",
    )
