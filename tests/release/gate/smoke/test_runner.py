"""What starts programs of other platforms may stumble; only then is a program started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.gate.smoke.process import Done
from release.gate.smoke.runner import Wine
from release.gate.smoke.tool_runs import call

# As CI saw it: wine's server ended while a program was being started.
LOST = "wine client error:0: recvmsg: Connection reset by peer"
UNLINKED = "Linking failed; escaped command line returned exit code 1:"


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    """A wine of ours: it says a line of a file at each start, and ends with 1 unless it is OK."""
    program = tmp_path / "wine"
    program.write_text(
        "#!/bin/sh\n"
        f'echo >> "{tmp_path}/starts"\n'
        f'said=$(sed -n "$(wc -l < "{tmp_path}/starts")p" "{tmp_path}/says")\n'
        'test -z "$said" || echo "$said" >&2\n'
        'test "$said" = OK\n'
    )
    program.chmod(0o755)
    return Wine(program, tmp_path)


def starts(wine: Wine, directory: Path, *says: str) -> tuple[int, Done]:
    """How often a program was started, and how it ended the last time."""
    (directory / "says").write_text("".join(f"{line}\n" for line in says))
    done = call(wine, Path("tool.exe"))
    return len((directory / "starts").read_text().splitlines()), done


@pytest.mark.parametrize("stumbling", ["", LOST, UNLINKED])
def test_what_wine_loses_is_started_again(wine: Wine, tmp_path: Path, stumbling: str) -> None:
    """Catches: a sound tool called wrong, since wine lost it on a busy machine."""
    count, done = starts(wine, tmp_path, stumbling, stumbling, "OK")
    assert (count, done.exit_code) == (3, 0)


def test_a_tool_that_fails_and_says_why_is_started_once(wine: Wine, tmp_path: Path) -> None:
    """Catches: a fault that shows up now and then, tried until it does not."""
    count, done = starts(wine, tmp_path, "no such device", "OK")
    assert (count, done.exit_code) == (1, 1)


def test_a_linker_that_says_why_it_fails_is_not_lost() -> None:
    """Catches: a library that does not link, tried again and taken for wine's fault."""
    said = f"{UNLINKED}\nlld-link: error: undefined symbol: main\n"
    assert not Wine(Path("wine"), Path()).stumbled(Done("iree-compile.exe", 1, "", said))


def test_wine_that_never_starts_it_is_not_tried_for_ever(wine: Wine, tmp_path: Path) -> None:
    """Catches: a gate that hangs on a wine that is broken."""
    count, done = starts(wine, tmp_path, LOST, LOST, LOST, LOST)
    assert (count, done.exit_code) == (3, 1)
    assert LOST in done.stderr
