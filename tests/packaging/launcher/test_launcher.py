"""The launcher finds the tool of its name in every layout, and is transparent."""

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


def tool_of(done: subprocess.CompletedProcess[str]) -> str:
    """Returns the path of the tool that was started."""
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[0].strip("[]")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_the_tool_in_every_layout(scene: Scene, layout: str) -> None:
    scripts, packages = LAYOUTS[layout]
    tool, script = scene.tool(packages), scene.script(scripts)
    assert tool_of(scene.call(script)) == str(tool)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_finds_the_tool_after_the_installation_was_moved(scene: Scene, layout: str) -> None:
    """Catches: a stored path of the installation."""
    scripts, packages = LAYOUTS[layout]
    scene.tool(f"before/{packages}")
    scene.script(f"before/{scripts}")
    (scene.root / "before").rename(scene.root / "with a space")
    moved = scene.root / "with a space"
    assert tool_of(scene.call(moved / scripts / "demo-tool")) == str(
        moved / packages / "demo/tools/demo-tool"
    )


def test_arguments_are_passed_unchanged(scene: Scene) -> None:
    scene.tool(VENV[1])
    arguments = ["", " ", "a b", "*", "$HOME", '"', "'", "\\", '\\"', "--", "@file", "ü"]
    arguments += ["\n", "%d%s"]
    done = scene.call(scene.script(VENV[0]), *arguments)
    assert done.stdout.split("\n", 1)[1] == "".join(f"[{argument}]\n" for argument in arguments)


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_codes_are_passed_on(scene: Scene, code: int) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "exit", str(code)).returncode == code


def test_a_crash_is_passed_on(scene: Scene) -> None:
    scene.tool(VENV[1])
    assert scene.call(scene.script(VENV[0]), "abort").returncode == -signal.SIGABRT


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_tool(scene: Scene, number: signal.Signals) -> None:
    """Catches: a launcher that dies while the compiler keeps running."""
    scene.tool(VENV[1])
    with subprocess.Popen(
        [scene.script(VENV[0]), "wait"], stdout=subprocess.PIPE, text=True, env={}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == -number
        # No other process has the pipe open.
        assert process.stdout.read() == ""


def test_streams_and_variables_are_passed_on(scene: Scene) -> None:
    scene.tool(VENV[1])
    script = scene.script(VENV[0])
    done = scene.call(script, "copy", stdin="in\nand out\n")
    assert (done.stdout, done.stderr) == ("in\nand out\n", "copied\n")
    assert scene.call(script, "variable", "IT", IT="is kept").stdout == "is kept\n"


def test_it_can_be_called_through_links_and_by_name(scene: Scene) -> None:
    """Catches: a launcher that searches relative to a link on PATH."""
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    elsewhere = scene.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "demo-tool").symlink_to(script)
    (elsewhere / "short").symlink_to(script)
    assert tool_of(scene.call(elsewhere / "demo-tool")) == str(tool)
    assert tool_of(scene.call(elsewhere / "short")) == str(tool)
    done = subprocess.run(
        ["/bin/sh", "-c", "demo-tool"],
        env={"PATH": f"{elsewhere}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tool_of(done) == str(tool)


def test_a_link_that_an_installer_made_leads_to_its_packages(scene: Scene) -> None:
    """Catches: an installer that links scripts to a store, but not packages."""
    tool = scene.tool(VENV[1])
    stored = scene.script("store/of/scripts")
    link = scene.root / VENV[0] / "demo-tool"
    link.parent.mkdir(parents=True)
    link.symlink_to(stored)
    assert tool_of(scene.call(link)) == str(tool)
    done = subprocess.run(
        ["/bin/sh", "-c", "demo-tool"],
        env={"PATH": f"/nowhere:{link.parent}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tool_of(done) == str(tool)


def test_of_several_pythons_the_last_installed_is_used(scene: Scene) -> None:
    """A prefix has one script: that of the wheel that was installed last."""
    script = scene.script("usr/bin")
    tools = {
        minor: scene.tool(f"usr/lib/python3.{minor}/site-packages") for minor in (9, 11, 12, 14)
    }
    for minor, tool in tools.items():
        modified = 2_000_000_000 if minor == 11 else 1_000_000_000 + minor
        os.utime(tool.parent, (modified, modified))
    assert tool_of(scene.call(script)) == str(tools[11])


@pytest.mark.parametrize("line", ["version = 3.12.1", "version_info = 3.12.1.final.0"])
def test_a_virtual_environment_uses_its_own_python(scene: Scene, line: str) -> None:
    """Catches: remains of the former Python after an upgrade of the environment."""
    script = scene.script("env/bin")
    current = scene.tool("env/lib/python3.12/site-packages")
    former = scene.tool("env/lib/python3.11/site-packages")
    os.utime(current.parent, (1_000_000_000, 1_000_000_000))
    os.utime(former.parent, (2_000_000_000, 2_000_000_000))
    (scene.root / "env/pyvenv.cfg").write_text(f"home = /usr/bin\n{line}\n")
    assert tool_of(scene.call(script)) == str(current)


def test_pythonpath_has_precedence_over_the_installation(scene: Scene) -> None:
    """As for a Python script: developers of a package set it."""
    scene.tool(VENV[1])
    checkout = scene.tool("checkout/python")
    path = f"/nowhere::{scene.root}/checkout/python"
    assert tool_of(scene.call(scene.script(VENV[0]), PYTHONPATH=path)) == str(checkout)


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
    assert Path(tool_of(scene.call(scene.script(VENV[0])))).resolve() == tool


def test_the_search_variable_has_precedence(scene: Scene) -> None:
    scene.tool(VENV[1])
    tool = scene.copy("tool", "tools/demo-tool")
    path = f"/nowhere::{scene.root}/tools"
    assert tool_of(scene.call(scene.script(VENV[0]), DEMO_PATH=path)) == str(tool)


def test_it_never_starts_itself(scene: Scene) -> None:
    """Catches: endless recursion when the variable names the directory of scripts."""
    tool, script = scene.tool(VENV[1]), scene.script(VENV[0])
    assert tool_of(scene.call(script, DEMO_PATH=str(script.parent))) == str(tool)


def test_a_variant_is_used_and_reported(scene: Scene) -> None:
    default, other = scene.tool(VENV[1]), scene.tool(VENV[1], directory="demo/other")
    script = scene.script(VENV[0])
    done = scene.call(script, DEMO_VARIANT="other")
    assert tool_of(done) == str(other)
    assert done.stderr == "-- Using The other build (DEMO_VARIANT=other)\n"
    for value in ("", "default"):
        done = scene.call(script, DEMO_VARIANT=value)
        assert (tool_of(done), done.stderr) == (str(default), "")


def test_an_unknown_variant_is_reported(scene: Scene) -> None:
    default = scene.tool(VENV[1])
    done = scene.call(scene.script(VENV[0]), DEMO_VARIANT="oter")
    assert tool_of(done) == str(default)
    assert done.stderr == "demo-tool: DEMO_VARIANT=oter is not known; using the default\n"


def test_a_tool_without_variants_ignores_the_variable(scene: Scene) -> None:
    tool = scene.tool(VENV[1], "demo-plain")
    done = scene.call(scene.script(VENV[0], "demo-plain"), DEMO_VARIANT="other")
    assert (tool_of(done), done.stderr) == (str(tool), "")


def test_without_a_tool_it_lists_where_it_searched(scene: Scene) -> None:
    site = scene.root / VENV[1]
    (site / "other").mkdir(parents=True)
    done = scene.call(scene.script(VENV[0]), PYTHONPATH="/checkout")
    assert done.returncode == 127
    assert done.stdout == ""
    assert done.stderr == (
        "demo-tool: demo/tools/demo-tool is in none of these folders:\n"
        "  /checkout\n"
        f"  {site}\n"
        f"  {scene.root}/env\n"
        "demo-tool: its package demo-package is missing or incomplete; reinstall the same version "
        "(pip install --force-reinstall demo-package==VERSION), or name the tool's folder in "
        "DEMO_PATH\n"
    )


def test_a_tool_that_is_not_executable_is_ignored(scene: Scene) -> None:
    scene.tool(VENV[1]).chmod(0o644)
    assert scene.call(scene.script(VENV[0])).returncode == 127


def test_a_tool_that_fails_to_start_is_named(scene: Scene) -> None:
    tool = scene.tool(VENV[1])
    tool.write_bytes(b"\x7fELF not really")
    done = scene.call(scene.script(VENV[0]))
    assert done.returncode == 126
    assert done.stderr == f"{tool}: cannot be run: Exec format error\n"


def test_an_unknown_name_is_refused(scene: Scene) -> None:
    done = scene.call(scene.script(VENV[0], "my-tool"))
    assert done.returncode == 127
    assert done.stderr == (
        "my-tool: no tool of demo-package has this name, and its launcher goes by it; it has: "
        "demo-plain demo-tool\n"
    )
