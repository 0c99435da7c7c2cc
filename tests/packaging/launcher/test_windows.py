"""The Windows launcher, under wine: the same layouts, and its own way to start the tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.smoke.candidate import NotRunError
from release.gate.smoke.runner import Wine, started_wine
from tests.packaging.launcher.scene import LAYOUTS, Scene

VENV = LAYOUTS["a virtual environment on Windows"]


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    try:
        with started_wine(tmp_path_factory.mktemp("wine")) as (started, _):
            yield started
    except NotRunError as error:
        pytest.skip(f"not run: {error}")


@pytest.fixture
def scene(tmp_path: Path, wine: Wine) -> Scene:
    starter = wine.command(Path("x"))[:1]
    return Scene(tmp_path, "windows_x86_64", ".exe", starter, dict(wine.environment))


def shown(path: Path) -> str:
    """A path as Windows has it."""
    return "Z:" + str(path).replace("/", "\\")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_the_tool_in_every_layout(scene: Scene, layout: str) -> None:
    scripts, packages = LAYOUTS[layout]
    tool, script = scene.tool(packages), scene.script(scripts)
    done = scene.call(script)
    assert done.returncode == 0, done.stderr
    # The launcher joins with backslashes; the tool's own directories are joined with slashes.
    assert done.stdout.splitlines()[0].replace("/", "\\") == f"[{shown(tool)}]"


def test_arguments_come_through_untouched(scene: Scene) -> None:
    """Catches: a command line that is taken apart and put together by other rules."""
    scene.tool(VENV[1])
    given = [
        "",
        " ",
        "a b",
        "*",
        "%PATH%",
        '"',
        'a"b',
        "'",
        "\\",
        "\\\\",
        "a b\\",
        '\\"',
        "--",
        "^&",
    ]
    done = scene.call(scene.script(f"behind a space/{VENV[0]}"), *given)
    assert done.returncode == 127
    scene.tool(f"behind a space/{VENV[1]}")
    done = scene.call(scene.root / f"behind a space/{VENV[0]}/demo-tool.exe", *given)
    assert done.stdout.splitlines()[1:] == [f"[{argument}]" for argument in given]


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_codes_come_through(scene: Scene, code: int) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "exit", str(code)).returncode == code


def test_streams_and_variables_come_through(scene: Scene) -> None:
    scene.tool(VENV[1])
    script = scene.script(VENV[0])
    done = scene.call(script, "copy", given="in\n")
    assert (done.stdout, done.stderr.split()) == ("in\n", ["copied"])
    assert scene.call(script, "variable", "IT", IT="is kept").stdout.strip() == "is kept"


def test_the_packages_own_variable_goes_before_all(scene: Scene) -> None:
    scene.tool(VENV[1])
    tool = scene.put("tool", "tools/demo-tool")
    done = scene.call(scene.script(VENV[0]), DEMO_PATH=f"C:\\nowhere;;{shown(tool.parent)}")
    assert done.stdout.splitlines()[0] == f"[{shown(tool)}]"


def test_it_never_starts_itself(scene: Scene) -> None:
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    done = scene.call(script, DEMO_PATH=shown(script.parent))
    assert done.stdout.splitlines()[0].replace("/", "\\") == f"[{shown(tool)}]"


def test_where_there_is_no_tool_it_says_where_it_looked(scene: Scene) -> None:
    (scene.root / VENV[1] / "other").mkdir(parents=True)
    done = scene.call(scene.script(VENV[0]))
    assert done.returncode == 127
    assert "demo-tool: demo/tools/demo-tool.exe is in none of these directories:" in done.stderr
    assert shown(scene.root / VENV[1]) in done.stderr
