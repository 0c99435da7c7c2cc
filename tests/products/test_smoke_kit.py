"""The library of smoke programs: what it reads, how it starts programs, what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

import smoke_kit
from tests.products.smoke_requests import KIT, Report, make_request, make_test, start, write_program

# Fails until it was started as often as the first argument says.
FLAKY = """\
echo >> "$0.starts"
test "$(wc -l < "$0.starts")" -ge "$1" && echo done && exit 0
shift
test $# = 0 || echo "$@" >&2
exit ${CODE:-1}
"""


def run_body(body: str, directory: Path, request: Any = None) -> Report:
    """Starts a smoke program with this function body."""
    program = directory / "main.py"
    program.write_text(
        "import smoke_kit\n\ndef smoke(test):\n"
        + indent(dedent(body), "    ")
        + "\nsmoke_kit.main(smoke)\n"
    )
    return start(program, make_request(directory) if request is None else request, directory)


def test_each_result_is_a_line_and_the_last_line_counts_them(tmp_path: Path) -> None:
    report = run_body(
        """
        with test.result("adds"):
            pass
        with test.result("divides") as note:
            note("to 7 digits")
        test.not_run("draws", "no display")
        """,
        tmp_path,
    )
    assert report.lines == [
        {"name": "adds", "status": "passed", "detail": ""},
        {"name": "divides", "status": "passed", "detail": "to 7 digits"},
        {"name": "draws", "status": "not run", "detail": "no display"},
    ]
    assert (report.count, report.exit_code, report.stderr) == (3, 0, "")


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ('raise smoke_kit.SmokeError("it prints 4,\\n  not 3")', "it prints 4, not 3"),
        ("{}['sum']", "KeyError: 'sum'"),
        ("assert 1 + 1 == 3", "AssertionError:"),
        ('raise smoke_kit.SmokeError("lib\\udcff.so is missing")', "lib\\udcff.so is missing"),
    ],
)
def test_a_failed_result_ends_the_program(tmp_path: Path, statement: str, detail: str) -> None:
    """Catches: later results reported as passed, which depend on the failed one."""
    report = run_body(
        f"""
        with test.result("adds"):
            pass
        with test.result("subtracts"):
            {statement}
        with test.result("divides"):
            pass
        """,
        tmp_path,
    )
    assert report.failure == ("subtracts", detail)
    assert (report.count, report.exit_code) == (2, 0)


def test_a_failed_result_within_another_is_counted_once(tmp_path: Path) -> None:
    """Catches: a count that differs from the number of lines."""
    report = run_body(
        """
        with test.result("outer"), test.result("inner"):
            raise smoke_kit.SmokeError("wrong")
        """,
        tmp_path,
    )
    assert report.failure == ("inner", "wrong")
    assert report.count == 1


def test_results_are_printed_at_once(tmp_path: Path) -> None:
    """Catches: results lost when the program is killed."""
    report = run_body('with test.result("adds"):\n    pass\nimport os\nos._exit(9)', tmp_path)
    assert report.statuses == {"adds": "passed"}
    assert (report.exit_code, report.count) == (9, None)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("raise KeyError('sum')", "KeyError: 'sum'\n"),
        ("raise smoke_kit.SmokeError('1 result instead of 2')", "main.py: 1 result instead of 2\n"),
        ('test.not_run("adds", "")', 'ValueError: the result "adds" is reported twice\n'),
        ("test.run_python()", "ValueError: a smoke test of kind tools has no Python\n"),
    ],
)
def test_an_exception_outside_of_a_result_fails_the_program(
    tmp_path: Path, statement: str, message: str
) -> None:
    """Catches: a program that ends early, and counts as complete."""
    report = run_body(f'with test.result("adds"):\n    pass\n{statement}', tmp_path)
    assert (report.exit_code, report.count) == (1, None)
    assert report.stderr.endswith(message)


def test_what_a_program_prints_is_no_result(tmp_path: Path) -> None:
    """Catches: debugging output that makes the gate refuse the results."""
    report = run_body('print("looking")\nwith test.result("adds"):\n    print("x")', tmp_path)
    assert report.statuses == {"adds": "passed"}
    assert report.stderr == "looking\nx\n"


def test_results_may_be_in_any_script(tmp_path: Path) -> None:
    """Catches: output in an encoding that the machine's language selects."""
    report = run_body('test.not_run("Σ", "\\udcff")', tmp_path)
    assert report.statuses == {"Σ": "not run"}


def changed(key: str, value: Any) -> Any:
    """A change of a request: a key, such as runner.drive, gets a value; None removes it."""

    def change(request: dict[str, Any]) -> None:
        *sections, last = key.split(".")
        for section in sections:
            request = request[section]
        if value is None:
            del request[last]
        else:
            request[last] = value

    return change


@pytest.mark.parametrize(
    "key",
    [
        *("schema", "product", "version", "kind", "packages", "programs", "scratch", "shared"),
        *("emulated", "timeout", "platform", "platform.os", "runner", "runner.command"),
        *("runner.environment", "runner.drive", "runner.attempts", "runner.starts_children"),
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    """Catches: a traceback, or a default in place of what the gate knows."""
    request = make_request(tmp_path)
    changed(key, None)(request)
    with pytest.raises(smoke_kit.RequestError, match=rf"^{key} is missing$"):
        smoke_kit.Test(request, sys.stdout)


@pytest.mark.parametrize(
    ("kind", "key"), [("python", "python"), ("python", "packages"), ("dist", "dist")]
)
def test_what_a_kind_needs_may_not_be_null(tmp_path: Path, kind: str, key: str) -> None:
    """Catches: a smoke test of wheels without their Python."""
    with pytest.raises(smoke_kit.RequestError, match=rf"^{key} is None; expected "):
        make_test(tmp_path, kind, **{key: None})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema", 2, "schema is 2; this library reads schema 1"),
        ("kind", "wheel", "kind is wheel; expected python, tools or dist"),
        ("timeout", "300", "timeout is '300'; expected float"),
        ("emulated", 1, "emulated is 1; expected bool"),
        ("programs", {"abacus-eval": 1}, "programs.abacus-eval is 1; expected str"),
        ("runner.command", [1], "runner.command is [1]; expected strings"),
        ("runner.attempts", True, "runner.attempts is True; expected int"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, key: str, value: Any, message: str) -> None:
    request = make_request(tmp_path)
    changed(key, value)(request)
    report = run_body("pass", tmp_path, request)
    assert (report.exit_code, report.lines, report.count) == (2, [], None)
    assert report.stderr == f"main.py: {tmp_path}/request.json: {message}\n"


@pytest.mark.parametrize(
    ("request_text", "message"),
    [("{", ": not JSON (Expecting property name"), ("[]", ": not a JSON object\n")],
)
def test_a_request_of_another_form_is_refused(
    tmp_path: Path, request_text: str, message: str
) -> None:
    report = run_body("pass", tmp_path, request_text)
    assert (report.exit_code, report.count) == (2, None)
    assert message in report.stderr
    assert report.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: main.py REQUEST.json\n"),
        (["a", "b"], "usage: main.py REQUEST.json\n"),
        (["absent.json"], "main.py: absent.json: cannot be read (No such file or directory)\n"),
    ],
)
def test_bad_usage_is_explained(tmp_path: Path, arguments: list[str], message: str) -> None:
    program = tmp_path / "main.py"
    program.write_text("import smoke_kit\nsmoke_kit.main(print)\n")
    done = subprocess.run(
        [sys.executable, "-sP", str(program), *arguments],
        env={"PYTHONPATH": str(KIT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_the_library_needs_no_package(tmp_path: Path) -> None:
    """Catches: an import that fails in a clean container."""
    command = [
        sys.executable,
        "-ISc",
        f"import sys; sys.path[:0] = [{str(KIT)!r}]; import smoke_kit",
    ]
    subprocess.run(command, check=True, cwd=tmp_path)


def test_the_test_has_what_the_request_says(tmp_path: Path) -> None:
    programs = {"abacus-eval": str(tmp_path / "abacus-eval")}
    test = make_test(tmp_path, "python", programs=programs)
    assert (test.product, test.version, test.kind) == ("abacus", "20261122.1", "python")
    assert test.platform == smoke_kit.TargetPlatform("linux_x86_64", "linux", "x86_64")
    assert (test.python_version, test.timeout, test.emulated) == ("3.14", 30, False)
    assert (test.packages, test.dist) == (tmp_path / "packages", None)
    assert (test.scratch, test.shared) == (tmp_path / "scratch", tmp_path / "shared")
    assert test.programs == {"abacus-eval": tmp_path / "abacus-eval"}
    dist = make_test(tmp_path, "dist")
    assert (dist.packages, dist.dist, dist.python_version) == (None, tmp_path / "dist", None)


def test_a_program_runs_by_name_or_path(tmp_path: Path) -> None:
    echo = write_program(tmp_path / "echo", 'echo "$@"; echo "no $1" >&2; exit 3')
    test = make_test(tmp_path, programs={"abacus-eval": str(echo)})
    by_name, by_path = test.run("abacus-eval", "2 3", "*"), test.run(echo, "2 3", "*")
    assert by_name == by_path == smoke_kit.Done("echo", 3, "2 3 *\n", "no 2 3\n")


def test_a_program_gets_the_environment_of_the_runner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a smoke test that passes thanks to a variable of the caller."""
    monkeypatch.setenv("SECRET", "x")
    show = write_program(tmp_path / "show", "env")
    test = make_test(tmp_path, runner={"environment": {"A": "1", "B": "2"}})
    output = test.run(show, environment={"B": "3"}).expect().stdout.splitlines()
    assert {line for line in output if line[:2] in ("A=", "B=")} == {"A=1", "B=3"}
    assert not [line for line in output if line.startswith("SECRET")]


def test_the_runner_starts_programs(tmp_path: Path) -> None:
    emulator = write_program(tmp_path / "emulator", 'echo "$@"')
    test = make_test(tmp_path, runner={"command": [str(emulator), "-L", "/sysroot"]})
    output = test.run(tmp_path / "tool", "2").expect().stdout
    assert output == f"-L /sysroot {tmp_path}/tool 2\n"


def test_the_command_of_a_python_is_complete(tmp_path: Path) -> None:
    """Catches: an emulator that starts itself."""
    python = write_program(tmp_path / "python", 'echo "$A $B $@"')
    test = make_test(
        tmp_path,
        "python",
        python={"version": "3.14", "command": [str(python), "-I"]},
        runner={"command": ["emulator"], "environment": {"A": "1"}},
    )
    assert test.run_python("-c", "", environment={"B": "2"}).stdout == "1 2 -I -c \n"


@pytest.mark.parametrize(
    ("drive", "expected"), [(None, "/tmp/a b/m.vmfb"), ("Z:", "Z:\\tmp\\a b\\m.vmfb")]
)
def test_paths_are_those_that_programs_open(
    tmp_path: Path, drive: str | None, expected: str
) -> None:
    test = make_test(tmp_path, runner={"drive": drive})
    assert test.path(Path("/tmp/a b/m.vmfb")) == expected


def test_the_runner_gets_programs_by_their_path_on_the_drive(tmp_path: Path) -> None:
    emulator = write_program(tmp_path / "wine", "printf '%s\\n' \"$@\"")
    test = make_test(tmp_path, runner={"command": [str(emulator)], "drive": "Z:"})
    assert test.run(Path("/x/tool.exe"), "-o").expect().stdout == "Z:\\x\\tool.exe\n-o\n"


def test_a_relative_path_becomes_absolute(tmp_path: Path) -> None:
    assert make_test(tmp_path).path(Path("a")) == str(Path.cwd() / "a")


def test_a_program_that_can_be_started_is_its_own_starter(tmp_path: Path) -> None:
    assert make_test(tmp_path).starter(tmp_path / "linker") == tmp_path / "linker"


def test_a_starter_goes_through_the_runner(tmp_path: Path) -> None:
    """Catches: a program of another platform started by the kernel, which cannot run it."""
    emulator = write_program(tmp_path / "emu lator", "printf '%s\\n' \"$@\"")
    runner = {"command": [str(emulator), "-L", "/r"], "starts_children": False}
    test = make_test(tmp_path, runner=runner)
    starter = test.starter(tmp_path / "linker")
    assert starter.parent == test.scratch
    done = subprocess.run([starter, "-o", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["-L", "/r", f"{tmp_path}/linker", "-o", "a b"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo missing library >&2; exit 127", "tool exits with 127: missing library"),
        ("exit 2", "tool exits with 2"),
        ("kill -SEGV $$", "tool is killed by SIGSEGV"),
        ("seq 10; exit 1", "tool exits with 1: 5 / 6 / 7 / 8 / 9 / 10"),
        (
            "echo 'Traceback (most recent call last):'; echo '  line 1'; echo KeyError; exit 1",
            "tool exits with 1: KeyError",
        ),
    ],
)
def test_an_unexpected_exit_code_is_explained(tmp_path: Path, script: str, message: str) -> None:
    """Catches: a message without what the program said."""
    done = make_test(tmp_path).run(write_program(tmp_path / "tool", script))
    with pytest.raises(smoke_kit.SmokeError) as caught:
        done.expect()
    assert str(caught.value) == message


def test_a_failure_can_be_expected(tmp_path: Path) -> None:
    done = make_test(tmp_path).run(write_program(tmp_path / "tool", "exit 3"))
    assert done.expect(3) is done
    with pytest.raises(smoke_kit.SmokeError, match=r"^tool exits with 3, not 4$"):
        done.expect(4)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(smoke_kit.SmokeError, match=r"^abacus-eval is missing$"):
        make_test(tmp_path).run("abacus-eval")


def test_a_program_that_does_not_start_is_named(tmp_path: Path) -> None:
    write_program(tmp_path / "tool", "").chmod(0o644)
    with pytest.raises(smoke_kit.SmokeError, match=r"^tool does not start \(Permission denied\)$"):
        make_test(tmp_path).run(tmp_path / "tool")


def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    """Catches: a smoke test that waits for the gate to end it, which hides what hangs."""
    tool = write_program(
        tmp_path / "tool", f"echo $$ > {tmp_path}/pid; echo loading; exec sleep 600"
    )
    with pytest.raises(smoke_kit.SmokeError, match=r"^tool times out after 0\.5 s: loading$"):
        make_test(tmp_path, timeout=0.5).run(tool)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_child_left_behind_does_not_delay_the_result(tmp_path: Path) -> None:
    """Catches: waiting for the end of output that a server keeps open."""
    script = f"sleep 600 & echo $! > {tmp_path}/pid; echo done"
    done = make_test(tmp_path, timeout=20).run(write_program(tmp_path / "tool", script))
    os.kill(int((tmp_path / "pid").read_text()), 9)
    assert done.expect().stdout == "done\n"


def test_programs_stay_in_the_process_group(tmp_path: Path) -> None:
    """Catches: programs that survive when the gate ends the group of a smoke program."""
    show = f'{sys.executable} -c "import os; print(os.getpgrp())"'
    done = make_test(tmp_path).run(write_program(tmp_path / "tool", show))
    assert done.expect().stdout.strip() == str(os.getpgrp())


def starts(tool: Path) -> int:
    """How often a FLAKY program was started."""
    return len(Path(f"{tool}.starts").read_text().splitlines())


@pytest.mark.parametrize("output", [[], ["wine client error:0: recvmsg: Connection reset"]])
def test_a_program_that_the_runner_loses_is_started_again(
    tmp_path: Path, output: list[str]
) -> None:
    """Catches: a sound tool reported as faulty, since wine lost it on a busy machine."""
    tool = write_program(tmp_path / "tool", FLAKY)
    test = make_test(tmp_path, runner={"attempts": 3})
    assert test.run(tool, "3", *output).expect().stdout == "done\n"
    assert starts(tool) == 3


def test_attempts_are_limited(tmp_path: Path) -> None:
    tool = write_program(tmp_path / "tool", FLAKY)
    assert make_test(tmp_path, runner={"attempts": 3}).run(tool, "4").exit_code == 1
    assert starts(tool) == 3


@pytest.mark.parametrize(
    ("attempts", "arguments", "code"),
    [(1, ["2"], "1"), (3, ["2", "no such device"], "1"), (3, ["2"], "2")],
    ids=["a runner without faults", "a failure with a message", "another exit code"],
)
def test_other_failures_are_not_repeated(
    tmp_path: Path, attempts: int, arguments: list[str], code: str
) -> None:
    """Catches: an intermittent fault of the product hidden by another attempt."""
    tool = write_program(tmp_path / "tool", FLAKY)
    test = make_test(tmp_path, runner={"attempts": attempts})
    done = test.run(tool, *arguments, environment={"CODE": code, "PATH": os.defpath})
    assert (done.exit_code, starts(tool)) == (int(code), 1)


@pytest.mark.parametrize(("attempts", "expected"), [(1, 1), (3, 2)])
def test_a_program_decides_on_further_attempts(
    tmp_path: Path, attempts: int, expected: int
) -> None:
    """Catches: a retry where nothing stands between this machine and the program."""
    tool = write_program(tmp_path / "tool", FLAKY)
    test = make_test(tmp_path, runner={"attempts": attempts})
    test.run(tool, "2", "lost the linker", retry=lambda done: "lost" in done.stderr)
    assert starts(tool) == expected


def test_a_request_may_have_more_keys(tmp_path: Path) -> None:
    """Catches: programs that a later gate can no longer start."""
    request = json.loads(json.dumps(make_request(tmp_path) | {"color": "red"}))
    assert smoke_kit.Test(request, sys.stdout).results == 0
