"""Programs that fail, hang or leave others behind end all the same, and it is said how."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from release.gate.smoke import process
from release.gate.smoke.process import Done, SmokeTestError, run

ENVIRONMENT = {"PATH": os.defpath}


def shell(script: str, timeout: float = 30) -> Done:
    return run(["/bin/sh", "-c", script], environment=ENVIRONMENT, timeout=timeout, name="tool")


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_it_says_and_how_it_ends_is_kept() -> None:
    """Catches: streams mixed up, or an exit code taken for another."""
    assert shell("echo out; echo err >&2; exit 3") == Done("tool", 3, "out\n", "err\n")


def test_bytes_that_are_no_text_are_no_crash() -> None:
    """Catches: a decoder's exception in place of an outcome."""
    assert shell(r"printf '\377'").stdout == "\N{REPLACEMENT CHARACTER}"


def test_a_failure_says_the_last_words() -> None:
    """Catches: a verdict that nobody can act on."""
    with pytest.raises(SmokeTestError, match=r"^tool exits with 1: one / two$"):
        shell("echo one; echo; echo two >&2; exit 1").expect()


def test_a_traceback_is_told_by_its_last_line() -> None:
    """Catches: a traceback shown to the release engineer."""
    done = run([sys.executable, "-c", "{}['x']"], environment={}, name="tool")
    with pytest.raises(SmokeTestError, match=r"^tool exits with 1: KeyError: 'x'$"):
        done.expect()


def test_a_signal_is_named() -> None:
    """Catches: a crash reported as an exit code that means nothing."""
    with pytest.raises(SmokeTestError, match=r"^tool is ended by SIGSEGV$"):
        shell("kill -SEGV $$").expect()


def test_a_program_that_is_not_there_is_named() -> None:
    """Catches: an OSError in place of an outcome."""
    with pytest.raises(
        SmokeTestError, match=r"^absent does not start \(No such file or directory\)$"
    ):
        run(["/nonexistent/absent"], environment={})


def test_a_program_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """Catches: a gate that waits for ever; children of a killed program that go on."""
    noted = tmp_path / "child"
    start = time.monotonic()
    with pytest.raises(SmokeTestError, match=r"^tool does not end within 0\.5 s: at work$"):
        shell(f"echo at work; sleep 60 & echo $! > {noted}; wait", timeout=0.5)
    assert time.monotonic() - start < 30
    child = int(noted.read_text())
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def test_a_child_that_keeps_the_streams_open_is_not_waited_for() -> None:
    """Catches: a reader that waits for the end of a pipe which a daemon holds."""
    start = time.monotonic()
    assert shell("sleep 5 & echo done").stdout == "done\n"
    assert time.monotonic() - start < 4


def test_all_programs_end_when_nobody_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: Ctrl-C that is followed by minutes of silence."""
    monkeypatch.setattr(process, "_interrupted", threading.Event())
    start = time.monotonic()
    threading.Timer(0.3, process.interrupt).start()
    with pytest.raises(process.InterruptedTestError):
        shell("sleep 60")
    assert time.monotonic() - start < 30
