"""A program is started again only if wine failed, and not the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.gate.smoke.process import ProcessResult
from release.gate.smoke.runner import call
from release.gate.smoke.wine import Wine

# Seen in CI: wine's server ended while a program was starting.
LOST = "wine client error:0: recvmsg: Connection reset by peer"


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    """A fake wine: each start prints the next line of a file, and exits with 1 unless it is OK."""
    program = tmp_path / "wine"
    program.write_text(
        "#!/bin/sh\n"
        f'echo >> "{tmp_path}/starts"\n'
        f'line=$(sed -n "$(wc -l < "{tmp_path}/starts")p" "{tmp_path}/output")\n'
        'test -z "$line" || echo "$line" >&2\n'
        'test "$line" = OK\n'
    )
    program.chmod(0o755)
    return Wine(program, tmp_path)


def starts(wine: Wine, directory: Path, *output: str) -> tuple[int, ProcessResult]:
    """The number of starts of a program, and its last result."""
    (directory / "output").write_text("".join(f"{line}\n" for line in output))
    result = call(wine, Path("tool.exe"))
    return len((directory / "starts").read_text().splitlines()), result


@pytest.mark.parametrize("failure", ["", LOST])
def test_a_program_that_wine_loses_is_started_again(
    wine: Wine, tmp_path: Path, failure: str
) -> None:
    """Catches: a sound tool reported as faulty, since wine lost it on a busy machine."""
    count, result = starts(wine, tmp_path, failure, failure, "OK")
    assert (count, result.exit_code) == (3, 0)


def test_a_tool_that_explains_its_failure_is_started_once(wine: Wine, tmp_path: Path) -> None:
    """Catches: an intermittent fault hidden by retries."""
    count, result = starts(wine, tmp_path, "no such device", "OK")
    assert (count, result.exit_code) == (1, 1)


def test_retries_are_limited(wine: Wine, tmp_path: Path) -> None:
    """Catches: a gate that hangs on a broken wine."""
    count, result = starts(wine, tmp_path, LOST, LOST, LOST, LOST)
    assert (count, result.exit_code) == (3, 1)
    assert LOST in result.stderr
