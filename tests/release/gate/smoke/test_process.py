"""Programs that fail, hang or leave child processes behind are ended and reported."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from release.gate.smoke import process
from release.gate.smoke.errors import InterruptedTestError, SmokeTestError
from release.gate.smoke.process import ProcessResult, run

ENVIRONMENT = {"PATH": os.defpath}


def shell(script: str, timeout: float = 30) -> ProcessResult:
    return run(["/bin/sh", "-c", script], environment=ENVIRONMENT, timeout=timeout, name="tool")


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def has_ended(process: int) -> bool:
    """Whether a process that was killed ends within seconds."""
    deadline = time.monotonic() + 10
    while is_running(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(process)


def test_output_and_exit_code_are_kept() -> None:
    """Catches: mixed-up streams, or a wrong exit code."""
    assert shell("echo out; echo err >&2; exit 3") == ProcessResult("tool", 3, "out\n", "err\n")


def test_output_that_is_not_text_is_accepted() -> None:
    """Catches: a decoder's exception in place of an outcome."""
    assert shell(r"printf '\377'").stdout == "\N{REPLACEMENT CHARACTER}"


def test_a_failure_shows_the_end_of_the_output() -> None:
    """Catches: a verdict without its cause."""
    with pytest.raises(SmokeTestError, match=r"^tool exits with 1: one / two$"):
        shell("echo one; echo; echo two >&2; exit 1").expect()


def test_a_traceback_is_reduced_to_its_last_line() -> None:
    """Catches: a traceback shown to the release engineer."""
    result = run([sys.executable, "-c", "{}['x']"], environment={}, name="tool")
    with pytest.raises(SmokeTestError, match=r"^tool exits with 1: KeyError: 'x'$"):
        result.expect()


def test_a_signal_is_named() -> None:
    """Catches: a crash reported as a meaningless exit code."""
    with pytest.raises(SmokeTestError, match=r"^tool is killed by SIGSEGV$"):
        shell("kill -SEGV $$").expect()


def test_a_signal_without_a_name_is_a_number() -> None:
    """Catches: a ValueError in place of the failure; Python knows few real-time signals."""
    with pytest.raises(SmokeTestError, match=r"^tool is killed by signal 35$"):
        ProcessResult("tool", -35, "", "").expect()


def test_a_missing_program_is_named() -> None:
    """Catches: an OSError in place of an outcome."""
    with pytest.raises(
        SmokeTestError, match=r"^absent does not start \(No such file or directory\)$"
    ):
        run(["/nonexistent/absent"], environment={})


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """Catches: a gate that waits forever; children of a killed program that keep running."""
    pid = tmp_path / "pid"
    start = time.monotonic()
    with pytest.raises(SmokeTestError, match=r"^tool times out after 0\.5 s: at work$"):
        shell(f"echo at work; sleep 60 & echo $! > {pid}; wait", timeout=0.5)
    assert time.monotonic() - start < 30
    assert has_ended(int(pid.read_text()))


def test_a_child_that_keeps_the_streams_open_does_not_delay_the_result() -> None:
    """Catches: a reader that waits for a pipe that a daemon keeps open."""
    start = time.monotonic()
    assert shell("sleep 5 & echo done").stdout == "done\n"
    assert time.monotonic() - start < 4


def test_a_program_that_ends_leaves_no_children(tmp_path: Path) -> None:
    """Catches: a process that a program of the release starts, and that outlives the gate."""
    pid = tmp_path / "pid"
    shell(f"sleep 60 & echo $! > {pid}").expect()
    assert has_ended(int(pid.read_text()))


def test_a_child_in_a_session_of_its_own_goes_on(tmp_path: Path) -> None:
    """Catches: wine's server, which is to persist, killed with the call that starts it."""
    pid = tmp_path / "pid"
    leave = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        f"open({str(pid)!r}, 'w').write(str(child.pid))\n"
    )
    run([sys.executable, "-c", leave], environment=ENVIRONMENT).expect()
    child = int(pid.read_text())
    assert is_running(child)
    os.kill(child, signal.SIGKILL)


def test_an_interrupt_ends_all_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: Ctrl-C followed by minutes of waiting."""
    monkeypatch.setattr(process, "_interrupted", threading.Event())
    start = time.monotonic()
    threading.Timer(0.3, process.interrupt).start()
    with pytest.raises(InterruptedTestError):
        shell("sleep 60")
    assert time.monotonic() - start < 30
