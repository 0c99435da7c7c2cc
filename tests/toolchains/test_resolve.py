"""Locks are written completely, or not changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchains.wheels import resolve


def test_without_wheels_the_lock_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches: an empty lock because the index could not be reached."""
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
        "--command=bazel run //products/iree/dependencies:lock",
    ]
    assert resolve.main(arguments) == 1
    assert written.read_text() == "as it was"
    message = capsys.readouterr().err
    assert message.startswith("pip finds no wheels for Python 3.11 on linux_x86_64: ")
    assert len(message.splitlines()) == 1
