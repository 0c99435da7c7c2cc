"""The native tools and launchers of Windows wheels run under wine; their Pythons do not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke.provided import ProvidedEquipment
from release.gate.smoke.windows import smoke_test_windows
from release.model.outcome import Outcome
from release.model.plan import Platform
from release.model.product import Program
from tests.release.gate.emulated.fakes import fake_uv, python_program, release_of
from tests.release.gate.smoke.fake_wheels import (
    CORE,
    PRODUCT,
    VERSION,
    WORDS,
    core_files,
    words_files,
    write_wheel,
)

WINDOWS = Platform("windows_x86_64", "windows", "x86_64", None, None, ())
TAG = "py3-none-win_amd64"
SCRIPTS = f"sample_core-{VERSION}.data/scripts"
# It starts Windows programs that are shell scripts.
WINE = """\
import os, sys

if sys.argv[1] == "--version":
    print("wine-8.0")
elif sys.argv[1] != "wineboot":
    program = sys.argv[1].removeprefix("Z:").replace("\\\\", "/")
    os.execv(program, [program, *sys.argv[2:]])
"""
SMOKE_PROGRAM = """\
import smoke_kit


def smoke(test):
    with test.result("the tool says what it is"):
        assert test.programs["sample-tool"].suffix == ".exe"
        assert test.path(test.scratch).startswith("Z:\\\\")
        assert "native" in test.run("sample-tool").expect().stdout


smoke_kit.main(smoke)
"""
# sample-start is a launcher of a native tool, which Windows starts without Python.
PACKAGE = replace(
    CORE,
    programs=(
        *(program for program in CORE.programs if program.name != "sample-lost"),
        Program("sample-start", (), "I am native", directory="sample_core/bin"),
    ),
)


@pytest.fixture
def wine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake wine, without its server."""
    path = python_program(tmp_path / "wine", WINE)
    monkeypatch.setattr(shutil, "which", lambda name, **_: str(path) if name == "wine64" else None)


def run(tmp_path: Path, **changes: str) -> list[Outcome]:
    """The outcomes of a release with other or more files in sample-core."""
    native = "#!/bin/sh\necho I am native\n"
    files = core_files()
    del files["sample_core/bin/sample-tool"]
    files["sample_core/bin/sample-tool.exe"] = native
    files["sample_core/bin/sample-start.exe"] = native
    files[f"{SCRIPTS}/sample-start.exe"] = native
    files |= changes
    wheels = {
        "sample-core": write_wheel(tmp_path, "sample-core", files, TAG),
        "sample-words": write_wheel(tmp_path, "sample-words", words_files(), TAG),
    }
    main = tmp_path / "main.py"
    main.write_text(SMOKE_PROGRAM)
    product = replace(PRODUCT, packages=(PACKAGE, WORDS))
    release = release_of(product, WINDOWS, VERSION, wheels, ("3.13", "3.14"), main)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    equipment = ProvidedEquipment(fake_uv(tmp_path))
    return [*smoke_test_windows(release, equipment, WINDOWS, scratch)]


@pytest.mark.usefixtures("wine")
def test_tools_and_launchers_run(tmp_path: Path) -> None:
    """Catches: a launcher that nothing starts; Pythons reported as tested."""
    *pythons, tools = run(tmp_path)
    assert [(one.python, one.status) for one in pythons] == [
        ("3.13", "not run"),
        ("3.14", "not run"),
    ]
    assert (tools.status, tools.detail) == (
        "passed",
        "2 native tools and 1 launcher called; 1 result of the smoke program passed",
    )
    assert tools.files == (f"sample_core-{VERSION}-{TAG}.whl",)


FAULTS = {
    "a launcher that fails": (
        {f"{SCRIPTS}/sample-start.exe": "#!/bin/sh\necho no tool >&2; exit 127\n"},
        "running the launchers: sample-start.exe exits with 127: no tool",
    ),
    "a launcher that is not declared": (
        {f"{SCRIPTS}/sample-new.exe": "#!/bin/sh\n"},
        (
            "checking scripts: the scripts of sample-core differ from those in products/sample: "
            "sample-new not declared"
        ),
    ),
    "a launcher without suffix": (
        {f"{SCRIPTS}/sample-new": "#!/bin/sh\n"},
        "checking scripts: sample-new: not a .exe file, so Windows does not start it",
    ),
    "a tool that is not declared": (
        {"sample_core/bin/sample-new.exe": "#!/bin/sh\n"},
        "running the tools: sample-new: not among the programs in products/sample",
    ),
}


@pytest.mark.usefixtures("wine")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(tmp_path: Path, name: str) -> None:
    """Catches: a Windows program that nothing starts, or that Windows does not start."""
    changes, detail = FAULTS[name]
    (tools,) = (one for one in run(tmp_path, **changes) if one.kind == "tools")
    assert (tools.status, tools.detail) == ("failed", detail)
