"""Installing a wheel with the launcher: pip, uv with all link modes, and `installer`."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.packaging.launcher.scene import BUILT, host_platform

UV = Path(os.environ["SMOKE_UV"]).absolute()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel with one tool, and the launcher as its script."""
    built = BUILT / host_platform()
    info = "demo_package-1.dist-info"
    files = {
        "demo/__init__.py": b"",
        "demo/tools/demo-tool": (built / "tool").read_bytes(),
        "demo_package-1.data/scripts/demo-tool": (built / "demo_program").read_bytes(),
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo-package\nVersion: 1\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
    }
    path = tmp_path / "demo_package-1-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (0o100755 if name.endswith("demo-tool") else 0o100644) << 16
            archive.writestr(member, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{name},sha256={digest.decode()},{len(content)}")
        archive.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,"]) + "\n")
    return path


def install(*command: str | Path, **variables: str) -> None:
    """Runs an installer; the test fails with its output."""
    done = subprocess.run(
        [*map(str, command)],
        env={"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def check(script: Path, packages: str) -> None:
    """Checks that a script starts the tool in the directory of the installation."""
    done = subprocess.run([script, "one"], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    started, argument = done.stdout.splitlines()
    assert packages in started
    assert started.endswith("/demo/tools/demo-tool]")
    assert argument == "[one]"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment without pip, with a space in its path."""
    directory = tmp_path / "the environment"
    venv.create(directory, symlinks=True)
    return directory


@pytest.mark.parametrize("mode", ["clone", "copy", "hardlink", "symlink"])
def test_uv_with_each_link_mode(tmp_path: Path, wheel: Path, environment: Path, mode: str) -> None:
    """Catches: a script that is a link into uv's cache, far from the tool."""
    install(
        *(UV, "pip", "install", "--offline", "--no-config", "--link-mode", mode),
        *("--python", environment / "bin/python", wheel),
        UV_CACHE_DIR=str(tmp_path / "cache"),
        HOME=str(tmp_path),
    )
    check(environment / "bin/demo-tool", str(tmp_path))


PIP = (sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet")


def pip_finds_itself() -> dict[str, str]:
    """pip is of this test's own path, which the interpreter does not know."""
    return {"PYTHONPATH": os.pathsep.join(sys.path), "PIP_BREAK_SYSTEM_PACKAGES": "1"}


def test_pip_into_an_environment(tmp_path: Path, wheel: Path, environment: Path) -> None:
    install(
        *(sys.executable, "-m", "pip", "--python", environment / "bin/python", "install"),
        *("--no-index", "--no-deps", "--quiet", wheel),
        **pip_finds_itself(),
        HOME=str(tmp_path),
    )
    check(environment / "bin/demo-tool", str(environment))


def test_pip_target(tmp_path: Path, wheel: Path) -> None:
    target = tmp_path / "target"
    install(*PIP, "--target", target, wheel, **pip_finds_itself(), HOME=str(tmp_path))
    check(target / "bin/demo-tool", f"{target}/demo/")


def test_pip_prefix(tmp_path: Path, wheel: Path) -> None:
    prefix = tmp_path / "prefix"
    install(*PIP, "--prefix", prefix, wheel, **pip_finds_itself(), HOME=str(tmp_path))
    (script,) = prefix.rglob("bin/demo-tool")
    check(script, str(prefix))


def test_pip_user(tmp_path: Path, wheel: Path) -> None:
    base = tmp_path / "user"
    install(
        *PIP, "--user", wheel, **pip_finds_itself(), HOME=str(tmp_path), PYTHONUSERBASE=str(base)
    )
    (script,) = base.rglob("bin/demo-tool")
    check(script, str(base))


def test_the_reference_installer(tmp_path: Path, wheel: Path) -> None:
    destination = tmp_path / "image"
    install(
        *(sys.executable, "-m", "installer", "--destdir", destination, "--prefix", "/usr", wheel),
        PYTHONPATH=os.pathsep.join(sys.path),
    )
    (script,) = destination.rglob("bin/demo-tool")
    check(script, str(destination))
