"""The Windows launcher under Wine: the same layouts, but it starts the tool differently."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from release.gate.smoke.errors import NotRunError
from release.gate.smoke.wine import Wine, start_wine
from tests.packaging.launcher.scene import LAYOUTS, Scene

VENV = LAYOUTS["a virtual environment on Windows"]


@pytest.fixture(scope="module")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    try:
        with start_wine(tmp_path_factory.mktemp("wine")) as (started, _):
            yield started
    except NotRunError as error:
        pytest.skip(f"not run: {error}")


@pytest.fixture
def scene(tmp_path: Path, wine: Wine) -> Scene:
    starter = wine.command(Path("x"))[:1]
    return Scene(tmp_path, "windows_x86_64", ".exe", starter, dict(wine.environment))


def windows_path(path: Path) -> str:
    """Returns a path in Windows syntax."""
    return "Z:" + str(path).replace("/", "\\")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_the_tool_in_every_layout(scene: Scene, layout: str) -> None:
    scripts, packages = LAYOUTS[layout]
    tool, script = scene.tool(packages), scene.script(scripts)
    done = scene.call(script)
    assert done.returncode == 0, done.stderr
    # The launcher joins with backslashes; the tool's own directories are joined with slashes.
    assert done.stdout.splitlines()[0].replace("/", "\\") == f"[{windows_path(tool)}]"


def test_arguments_are_passed_unchanged(scene: Scene) -> None:
    """Catches: a command line that is split and joined by different rules."""
    scene.tool(VENV[1])
    arguments = [
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
    done = scene.call(scene.script(f"with a space/{VENV[0]}"), *arguments)
    assert done.returncode == 127
    scene.tool(f"with a space/{VENV[1]}")
    done = scene.call(scene.root / f"with a space/{VENV[0]}/demo-tool.exe", *arguments)
    assert done.stdout.splitlines()[1:] == [f"[{argument}]" for argument in arguments]


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_codes_are_passed_on(scene: Scene, code: int) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "exit", str(code)).returncode == code


def test_streams_and_variables_are_passed_on(scene: Scene) -> None:
    scene.tool(VENV[1])
    script = scene.script(VENV[0])
    done = scene.call(script, "copy", stdin="in\n")
    assert (done.stdout, done.stderr.split()) == ("in\n", ["copied"])
    assert scene.call(script, "variable", "IT", IT="is kept").stdout.strip() == "is kept"


def test_the_search_variable_has_precedence(scene: Scene) -> None:
    scene.tool(VENV[1])
    tool = scene.copy("tool", "tools/demo-tool")
    done = scene.call(scene.script(VENV[0]), DEMO_PATH=f"C:\\nowhere;;{windows_path(tool.parent)}")
    assert done.stdout.splitlines()[0] == f"[{windows_path(tool)}]"


def test_it_never_starts_itself(scene: Scene) -> None:
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    done = scene.call(script, DEMO_PATH=windows_path(script.parent))
    assert done.stdout.splitlines()[0].replace("/", "\\") == f"[{windows_path(tool)}]"


def test_without_a_tool_it_lists_where_it_searched(scene: Scene) -> None:
    (scene.root / VENV[1] / "other").mkdir(parents=True)
    done = scene.call(scene.script(VENV[0]))
    assert done.returncode == 127
    assert "demo-tool: demo/tools/demo-tool.exe is in none of these folders:" in done.stderr
    assert windows_path(scene.root / VENV[1]) in done.stderr
