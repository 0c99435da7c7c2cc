"""Locks of what is required are written whole, or left as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchains.wheels import resolve


def test_without_wheels_the_lock_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches: a lock emptied because the index could not be asked."""
    monkeypatch.delenv("BUILD_WORKSPACE_DIRECTORY", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    written = tmp_path / "linux_x86_64-cp311.txt"
    written.write_text("as it was")
    arguments = [
        "--python=3.11",
        "--platform=linux_x86_64=manylinux_2_28_x86_64",
        f"--locks={tmp_path}",
        "--require=numpy",
        "--what=What the wheels require",
        "--command=bazel run //packaging/dependencies:lock",
    ]
    assert resolve.main(arguments) == 1
    assert written.read_text() == "as it was"
    said = capsys.readouterr().err
    assert said.startswith("pip finds no wheels for Python 3.11 on linux_x86_64: ")
    assert len(said.splitlines()) == 1
