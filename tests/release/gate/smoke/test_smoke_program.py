"""A smoke program gets a complete request, and its results are read strictly."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from release.gate.smoke import smoke_program
from release.gate.smoke.errors import NotRunError, SmokeTestError
from release.gate.smoke.runner import NativeRunner
from release.gate.smoke.smoke_program import PythonCommand, SmokeRequest
from release.gate.smoke.wine import Wine
from release.model.plan import Platform

LINUX = Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ())
WINDOWS = Platform("windows_x86_64", "windows", "x86_64", None, None, ())
PASSED = {"name": "adds", "status": "passed", "detail": ""}


def program(directory: Path, *lines: object, more: str = "") -> Path:
    """A smoke program that prints lines: text as it is, and other values as JSON."""
    path = directory / "main.py"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"print({text!r}, flush=True)\n" for text in texts) + more)
    return path


def use(path: Path | None, directory: Path, **changes: Any) -> str:
    """Runs a smoke program."""
    request = SmokeRequest(
        product="sample",
        version="1.0",
        kind="tools",
        platform=LINUX,
        runner=NativeRunner(),
        programs={},
        packages=directory,
        **changes,
    )
    work = directory / "used"
    work.mkdir()
    return smoke_program.use(path, request, work)


def test_results_are_counted(tmp_path: Path) -> None:
    """Catches: a summary that does not tell how much was tested."""
    skipped = {"name": "draws", "status": "not run", "detail": "no screen"}
    other = {"name": "subtracts", "status": "passed", "detail": "2 - 1 = 1"}
    path = program(tmp_path, PASSED, skipped, other, {"results": 3})
    assert use(path, tmp_path) == (
        "2 results of the smoke program passed, 1 not run (draws: no screen)"
    )


def test_a_detail_may_have_any_separator_but_a_line_feed(tmp_path: Path) -> None:
    """Catches: a result refused since its detail has a character that ends lines elsewhere."""
    line = json.dumps({**PASSED, "detail": "1\u20282\u00853"}, ensure_ascii=False)
    path = program(tmp_path, line, {"results": 1})
    assert use(path, tmp_path) == "1 result of the smoke program passed"


def test_modules_beside_the_program_can_be_imported(tmp_path: Path) -> None:
    """Catches: a smoke program of several files that runs only where its author starts it."""
    (tmp_path / "sums.py").write_text("NAME = 'adds'\n")
    path = tmp_path / "main.py"
    path.write_text(
        "import smoke_kit, sums\n"
        "def smoke(test):\n"
        "    with test.result(sums.NAME):\n"
        "        pass\n"
        "smoke_kit.main(smoke)\n"
    )
    assert use(path, tmp_path) == "1 result of the smoke program passed"


def test_a_process_that_the_program_leaves_is_killed(tmp_path: Path) -> None:
    """Catches: a server of the release that still runs after its smoke test has passed."""
    leave = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "open('child', 'w').write(str(child.pid))\n"
    )
    path = program(tmp_path, PASSED, {"results": 1}, more=leave)
    (one,) = smoke_program.results(path, tmp_path / "REQUEST.json", timeout=60)
    assert one.status == "passed"
    assert has_ended(Path("/proc", (tmp_path / "child").read_text(), "status"))


def test_a_product_without_a_smoke_program_is_named(tmp_path: Path) -> None:
    assert use(None, tmp_path) == "sample has no smoke program"


FAILURES: dict[str, tuple[tuple[object, ...], str, str]] = {
    "a failed result": (
        (PASSED, {"name": "multiplies", "status": "failed", "detail": "5"}, {"results": 2}),
        "",
        "multiplies: 5",
    ),
    "no output": ((), "", "the smoke program reported no result"),
    "no result": (({"results": 0},), "", 'the smoke program reported no result: {"results": 0}'),
    "no count": ((PASSED, PASSED), "", 'the smoke program ends with {"name": "adds", '),
    "fewer results than it counts": (
        (PASSED, {"results": 2}),
        "",
        'the smoke program ends with {"results": 2}, not {"results": 1}',
    ),
    "more results than it counts": (
        (PASSED, {**PASSED, "name": "subtracts"}, {"results": 1}),
        "",
        'the smoke program ends with {"results": 1}, not {"results": 2}',
    ),
    "a count that is not the last line": (
        (PASSED, {"results": 1}, "bye"),
        "",
        'the smoke program prints a line that is no result: {"results": 1}',
    ),
    "a line that is not JSON": (
        (PASSED, "loading...", {"results": 1}),
        "",
        "the smoke program prints a line that is no result: loading...",
    ),
    "an empty line": (
        (PASSED, "", {"results": 1}),
        "",
        "the smoke program prints a line that is no result: ",
    ),
    "a result without detail": (
        ({"name": "adds", "status": "passed"}, {"results": 1}),
        "",
        'the smoke program prints a line that is no result: {"name": "adds", "status": "passed"}',
    ),
    "a result with more keys": (
        ({**PASSED, "seconds": 3}, {"results": 1}),
        "",
        "the smoke program prints a line that is no result: ",
    ),
    "another status": (
        ({**PASSED, "status": "ok"}, {"results": 1}),
        "",
        "the smoke program prints a line that is no result: ",
    ),
    "a result without a name": (
        ({**PASSED, "name": ""}, {"results": 1}),
        "",
        "the smoke program prints a line that is no result: ",
    ),
    "a name that appears twice": (
        (PASSED, PASSED, {"results": 2}),
        "",
        'the smoke program prints a line that is no result: {"name": "adds", ',
    ),
    "a key that appears twice": (
        ('{"name": "adds", "status": "failed", "status": "passed", "detail": ""}', {"results": 1}),
        "",
        'the smoke program prints a line that is no result: {"name": "adds", "status": "failed", ',
    ),
    "a count that appears twice": (
        (PASSED, '{"results": 2, "results": 1}'),
        "",
        'the smoke program ends with {"results": 2, "results": 1}, not {"results": 1}',
    ),
    "a count that is true": (
        (PASSED, {"results": True}),
        "",
        'the smoke program ends with {"results": true}, not {"results": 1}',
    ),
    "a count that is not an integer": (
        (PASSED, {"results": 1.0}),
        "",
        'the smoke program ends with {"results": 1.0}, not {"results": 1}',
    ),
    "half of a surrogate pair": (
        ({**PASSED, "detail": "\ud83d"}, {"results": 1}),
        "",
        "the smoke program prints a line that is no result: ",
    ),
    "nested lists without end": (
        ("[" * 100_000, {"results": 1}),
        "",
        "the smoke program prints a line that is no result: [[[",
    ),
    "two lines in one": (
        (f"{json.dumps(PASSED)}\u2028{json.dumps(PASSED)}", {"results": 2}),
        "",
        'the smoke program prints a line that is no result: {"name": "adds", ',
    ),
    "a list": (
        ([1], {"results": 1}),
        "",
        "the smoke program prints a line that is no result: [1]",
    ),
    "another exit code": (
        (PASSED, {"results": 1}),
        "import sys; sys.exit(3)",
        "the smoke program exits with 3: ",
    ),
    "an exception": (
        (),
        "raise ValueError('no such model')",
        "the smoke program exits with 1: ValueError: no such model",
    ),
    "a signal": (
        (PASSED,),
        "import os; os.kill(os.getpid(), 11)",
        "the smoke program is killed by SIGSEGV: ",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_smoke_program_that_fails_is_a_failure(tmp_path: Path, name: str) -> None:
    """Catches: an unfinished or broken smoke program that counts as passed."""
    lines, more, message = FAILURES[name]
    with pytest.raises(SmokeTestError) as caught:
        use(program(tmp_path, *lines, more=more), tmp_path)
    assert str(caught.value).startswith(message)


def test_results_that_are_all_not_run_are_not_a_success(tmp_path: Path) -> None:
    """Catches: a release that counts as tested on a machine that cannot test it."""
    path = program(tmp_path, {"name": "a", "status": "not run", "detail": "why"}, {"results": 1})
    with pytest.raises(NotRunError, match=r"^the smoke program has run nothing \(a: why\)$"):
        use(path, tmp_path)


def test_a_smoke_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """Catches: a gate that waits forever; a program of the release left running."""
    child = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "child.wait()\n"
    )
    path = program(tmp_path, PASSED, more=child)
    with pytest.raises(SmokeTestError, match=r"^the smoke program times out after 2 s: .*adds"):
        smoke_program.results(path, tmp_path / "REQUEST.json", timeout=2)
    assert has_ended(Path("/proc", (tmp_path / "child").read_text(), "status"))


def has_ended(status: Path) -> bool:
    """Whether a process that was killed ends within seconds."""
    deadline = time.monotonic() + 10
    while is_running(status) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_running(status)


def is_running(status: Path) -> bool:
    """Whether a process runs; one that was killed may remain until its parent asks for it."""
    try:
        return re.search(r"^State:\s+[ZX]", status.read_text(), re.MULTILINE) is None
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_time_of_the_whole_program_follows_from_that_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: emulated smoke programs with as little time as native ones."""
    times = []

    def results(program: Path, request: Path, *, timeout: float) -> list[Any]:
        times.append(timeout)
        return [smoke_program.SmokeResult("adds", "passed", "")]

    monkeypatch.setattr(smoke_program, "results", results)
    use(tmp_path / "main.py", tmp_path, timeout=900)
    assert times == [6 * 900]


PRINT = """\
import json, os, sys
import beside, smoke_kit
request = json.load(open(sys.argv[1]))
request["empty"] = os.listdir(request["scratch"]) == os.listdir(request["shared"]) == []
request["isolated"] = "SECRET" not in os.environ and sys.flags.no_user_site == 1
print(json.dumps({"name": "request", "status": "passed", "detail": json.dumps(request)}))
print(json.dumps({"results": 1}))
"""


def request_of(directory: Path, request: SmokeRequest, shared: Path | None = None) -> Any:
    """What a smoke program is given."""
    (directory / "beside.py").touch()
    path = directory / "main.py"
    path.write_text(PRINT)
    work = directory / "used"
    work.mkdir()
    smoke_program.use(path, request, work, shared)
    (result,) = smoke_program.results(path, work / "REQUEST.json", timeout=60)
    return json.loads(result.detail)


def test_a_request_has_all_that_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a key that smoke programs read and the gate forgets."""
    monkeypatch.setenv("SECRET", "of the gate's caller")
    shared = tmp_path / "shared"
    shared.mkdir()
    request = SmokeRequest(
        product="sample",
        version="1.0",
        kind="python",
        platform=LINUX,
        runner=NativeRunner({"PATH": "/usr/bin"}),
        programs={"sample-sum": Path("/venv/bin/sample-sum")},
        python=PythonCommand("3.14", ("/venv/bin/python", "-I")),
        packages=Path("/venv/lib"),
        timeout=300,
    )
    assert request_of(tmp_path, request, shared) == {
        "schema": 1,
        "product": "sample",
        "version": "1.0",
        "kind": "python",
        "platform": {"name": "linux_x86_64", "os": "linux", "cpu": "x86_64"},
        "python": {"version": "3.14", "command": ["/venv/bin/python", "-I"]},
        "packages": "/venv/lib",
        "dist": None,
        "programs": {"sample-sum": "/venv/bin/sample-sum"},
        "runner": {
            "command": [],
            "environment": {"PATH": "/usr/bin"},
            "drive": None,
            "attempts": 1,
            "starts_children": True,
        },
        "scratch": f"{tmp_path}/used/smoke-scratch",
        "shared": str(shared),
        "emulated": False,
        "timeout": 300,
        "empty": True,
        "isolated": True,
    }


def test_a_request_describes_the_emulator(tmp_path: Path) -> None:
    """Catches: Windows programs that are started without wine, or get paths of Linux."""
    wine = Wine(Path("/usr/bin/wine"), tmp_path)
    request = SmokeRequest(
        product="sample",
        version="1.0",
        kind="dist",
        platform=WINDOWS,
        runner=wine,
        programs={},
        dist=tmp_path / "dist",
    )
    found = request_of(tmp_path, request)
    assert found["runner"] == {
        "command": ["/usr/bin/wine"],
        "environment": dict(wine.environment),
        "drive": "Z:",
        "attempts": 3,
        "starts_children": True,
    }
    assert (found["emulated"], found["python"], found["packages"]) == (True, None, None)
    assert found["dist"] == f"{tmp_path}/dist"
    assert found["shared"] == f"{tmp_path}/used/smoke-shared"


def test_the_library_accepts_a_request(tmp_path: Path) -> None:
    """Catches: a gate and a library of smoke programs that disagree."""
    path = tmp_path / "main.py"
    path.write_text(
        "import smoke_kit\n"
        "def smoke(test):\n"
        "    with test.result('runs Python'):\n"
        "        assert test.run_python('-c', 'print(6 * 7)').expect().stdout == '42\\n'\n"
        "    with test.result('runs a program'):\n"
        "        assert test.run('sample', 'x').expect().stdout == 'x\\n'\n"
        "smoke_kit.main(smoke)\n"
    )
    request = SmokeRequest(
        product="sample",
        version="1.0",
        kind="python",
        platform=LINUX,
        runner=NativeRunner(),
        programs={"sample": Path("/bin/echo")},
        python=PythonCommand("3.11", (sys.executable, "-I")),
        packages=tmp_path,
    )
    work = tmp_path / "used"
    work.mkdir()
    assert smoke_program.use(path, request, work) == "2 results of the smoke program passed"
