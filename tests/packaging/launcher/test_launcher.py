"""The launcher finds the tool of its name in whatever layout, and stays out of its way."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.packaging.launcher.scene import LAYOUTS, Scene, host_platform

VENV = LAYOUTS["a virtual environment"]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, host_platform())


def ran(done: subprocess.CompletedProcess[str]) -> str:
    """The path by which the tool was started that answered."""
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[0].strip("[]")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_the_tool_in_every_layout(scene: Scene, layout: str) -> None:
    scripts, packages = LAYOUTS[layout]
    tool, script = scene.tool(packages), scene.script(scripts)
    assert ran(scene.call(script)) == str(tool)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_it_after_all_of_it_was_moved(scene: Scene, layout: str) -> None:
    """Catches: a path of the installation remembered."""
    scripts, packages = LAYOUTS[layout]
    scene.tool(f"before/{packages}")
    scene.script(f"before/{scripts}")
    (scene.root / "before").rename(scene.root / "behind a space")
    moved = scene.root / "behind a space"
    assert ran(scene.call(moved / scripts / "demo-tool")) == str(
        moved / packages / "demo/tools/demo-tool"
    )


def test_arguments_come_through_untouched(scene: Scene) -> None:
    scene.tool(VENV[1])
    given = ["", " ", "a b", "*", "$HOME", '"', "'", "\\", '\\"', "--", "@file", "ü", "\n", "%d%s"]
    done = scene.call(scene.script(VENV[0]), *given)
    assert done.stdout.split("\n", 1)[1] == "".join(f"[{argument}]\n" for argument in given)


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_codes_come_through(scene: Scene, code: int) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "exit", str(code)).returncode == code


def test_a_crash_comes_through(scene: Scene) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "abort").returncode == -signal.SIGABRT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_tool(scene: Scene, number: signal.Signals) -> None:
    """Catches: a launcher that dies and leaves the compiler running for nobody."""
    scene.tool(VENV[1])
    with subprocess.Popen(
        [scene.script(VENV[0]), "wait"], stdout=subprocess.PIPE, text=True, env={}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == -number
        # Nobody else holds the other end.
        assert process.stdout.read() == ""


def test_streams_and_variables_come_through(scene: Scene) -> None:
    scene.tool(VENV[1])
    script = scene.script(VENV[0])
    done = scene.call(script, "copy", given="in\nand out\n")
    assert (done.stdout, done.stderr) == ("in\nand out\n", "copied\n")
    assert scene.call(script, "variable", "IT", IT="is kept").stdout == "is kept\n"


def test_it_is_called_through_links_and_by_name(scene: Scene) -> None:
    """Catches: a launcher that looks beside the link that somebody put on PATH."""
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    elsewhere = scene.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "demo-tool").symlink_to(script)
    (elsewhere / "short").symlink_to(script)
    assert ran(scene.call(elsewhere / "demo-tool")) == str(tool)
    assert ran(scene.call(elsewhere / "short")) == str(tool)
    done = subprocess.run(
        ["/bin/sh", "-c", "demo-tool"],
        env={"PATH": f"{elsewhere}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran(done) == str(tool)


def test_it_is_found_beside_the_link_where_the_link_is_the_installation(scene: Scene) -> None:
    """Catches: an installer that links scripts to a store, whose packages lie elsewhere."""
    tool = scene.tool(VENV[1])
    stored = scene.script("store/of/scripts")
    link = scene.root / VENV[0] / "demo-tool"
    link.parent.mkdir(parents=True)
    link.symlink_to(stored)
    assert ran(scene.call(link)) == str(tool)
    done = subprocess.run(
        ["/bin/sh", "-c", "demo-tool"],
        env={"PATH": f"/nowhere:{link.parent}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran(done) == str(tool)


def test_of_several_pythons_the_last_installed_is_right(scene: Scene) -> None:
    """A prefix has one script, of the wheel that was installed last."""
    script = scene.script("usr/bin")
    tools = {
        minor: scene.tool(f"usr/lib/python3.{minor}/site-packages") for minor in (9, 11, 12, 14)
    }
    for minor, tool in tools.items():
        written = 2_000_000_000 if minor == 11 else 1_000_000_000 + minor
        os.utime(tool.parent, (written, written))
    assert ran(scene.call(script)) == str(tools[11])


@pytest.mark.parametrize("line", ["version = 3.12.1", "version_info = 3.12.1.final.0"])
def test_a_virtual_environment_says_which_python_is_its_own(scene: Scene, line: str) -> None:
    """Catches: what an upgrade of the environment left of its former Python."""
    script = scene.script("env/bin")
    right = scene.tool("env/lib/python3.12/site-packages")
    former = scene.tool("env/lib/python3.11/site-packages")
    os.utime(right.parent, (1_000_000_000, 1_000_000_000))
    os.utime(former.parent, (2_000_000_000, 2_000_000_000))
    (scene.root / "env/pyvenv.cfg").write_text(f"home = /usr/bin\n{line}\n")
    assert ran(scene.call(script)) == str(right)


def test_pythonpath_goes_before_the_installation(scene: Scene) -> None:
    """As with a script of Python's: who works on a package points to it."""
    scene.tool(VENV[1])
    worked_on = scene.tool("checkout/python")
    path = f"/nowhere::{scene.root}/checkout/python"
    assert ran(scene.call(scene.script(VENV[0]), PYTHONPATH=path)) == str(worked_on)


@pytest.mark.parametrize("relative", [False, True])
def test_pth_files_lead_to_an_editable_package(scene: Scene, relative: bool) -> None:
    site = scene.root / VENV[1]
    site.mkdir(parents=True)
    tool = scene.tool("checkout/python")
    directory = (
        os.path.relpath(scene.root / "checkout/python", site) if relative else tool.parents[2]
    )
    (site / "a.pth").write_text(f"# a comment\nimport os; os.getcwd()\n\n{directory}\r\n")
    (site / "z.pth").write_text("/nowhere\n")
    assert Path(ran(scene.call(scene.script(VENV[0])))).resolve() == tool


def test_the_packages_own_variable_goes_before_all(scene: Scene) -> None:
    scene.tool(VENV[1])
    tool = scene.put("tool", "tools/demo-tool")
    path = f"/nowhere::{scene.root}/tools"
    assert ran(scene.call(scene.script(VENV[0]), DEMO_PATH=path)) == str(tool)


def test_it_never_starts_itself(scene: Scene) -> None:
    """Catches: the variable names the directory of the scripts, and the launcher runs forever."""
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    assert ran(scene.call(script, DEMO_PATH=str(script.parent))) == str(tool)


def test_a_variant_is_taken_and_told(scene: Scene) -> None:
    usual, other = scene.tool(VENV[1]), scene.tool(VENV[1], directory="demo/other")
    script = scene.script(VENV[0])
    done = scene.call(script, DEMO_VARIANT="other")
    assert ran(done) == str(other)
    assert done.stderr == "-- Using The other build (DEMO_VARIANT=other)\n"
    for value in ("", "default"):
        done = scene.call(script, DEMO_VARIANT=value)
        assert (ran(done), done.stderr) == (str(usual), "")


def test_an_unknown_variant_is_told(scene: Scene) -> None:
    usual = scene.tool(VENV[1])
    done = scene.call(scene.script(VENV[0]), DEMO_VARIANT="oter")
    assert ran(done) == str(usual)
    assert done.stderr == "demo-tool: DEMO_VARIANT=oter is not known; using the default\n"


def test_a_tool_without_variants_ignores_the_variable(scene: Scene) -> None:
    tool = scene.tool(VENV[1], "demo-plain")
    done = scene.call(scene.script(VENV[0], "demo-plain"), DEMO_VARIANT="other")
    assert (ran(done), done.stderr) == (str(tool), "")


def test_where_there_is_no_tool_it_says_where_it_looked(scene: Scene) -> None:
    site = scene.root / VENV[1]
    (site / "other").mkdir(parents=True)
    done = scene.call(scene.script(VENV[0]), PYTHONPATH="/checkout")
    assert done.returncode == 127
    assert done.stdout == ""
    assert done.stderr == (
        "demo-tool: demo/tools/demo-tool is in none of these directories:\n"
        "  /checkout\n"
        f"  {site}\n"
        f"  {scene.root}/env\n"
        "demo-tool: its package demo-package is missing or incomplete; reinstall the same version "
        "(pip install --force-reinstall demo-package==VERSION), or name the tool's directory in "
        "DEMO_PATH\n"
    )


def test_a_tool_that_may_not_be_run_is_none(scene: Scene) -> None:
    scene.tool(VENV[1]).chmod(0o644)
    assert scene.call(scene.script(VENV[0])).returncode == 127


def test_a_tool_that_cannot_be_run_is_named(scene: Scene) -> None:
    tool = scene.tool(VENV[1])
    tool.write_bytes(b"\x7fELF not really")
    done = scene.call(scene.script(VENV[0]))
    assert done.returncode == 126
    assert done.stderr == f"{tool}: cannot be run: Exec format error\n"


def test_another_name_is_no_tool(scene: Scene) -> None:
    done = scene.call(scene.script(VENV[0], "my-tool"))
    assert done.returncode == 127
    assert done.stderr == (
        "my-tool: no tool of demo-package has this name, and its launcher goes by it; it has: "
        "demo-plain demo-tool\n"
    )
