"""The wheels of a lock are downloaded in one call of pip, and installed in one directory each."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.toolchains.wheel_registry import Registry, pip_registry
from toolchains.wheels import install, pip_download

FILES = {
    "one/__init__.py": b"import two\n",
    "one-1.0.data/scripts/one": b"\x7fELF program",
    "one-1.0.data/purelib/one_more.py": b"",
    "one-1.0.data/data/share/one.txt": b"text",
}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with pip_registry(tmp_path) as registry:
        yield registry


def wheel(project: str, files: Mapping[str, bytes]) -> bytes:
    name = project.replace("-", "_")
    members: dict[str, bytes | str] = {
        **files,
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        f"{name}-1.0.dist-info/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in members.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def add(registry: Registry, project: str, files: Mapping[str, bytes]) -> str:
    """Publishes a wheel; returns the line that pins it."""
    name = f"{project.replace('-', '_')}-1.0-py3-none-any.whl"
    other = "0" * 64  # like the digest of another platform's wheel
    digest = registry.add(project, name, wheel(project, files))
    return f"{project}==1.0 --hash=sha256:{other} --hash=sha256:{digest}\n"


def run(tmp_path: Path, requirements: str, output: str = "out") -> int:
    """Installs like the repository rule; returns the exit code."""
    file = tmp_path / "requirements.txt"
    file.write_text(requirements)
    return install.main(
        [
            *(f"--requirements={file}", "--lock-name=requirements_lock.txt"),
            *("--fix=./bazelw run //:lock", f"--output={tmp_path / output}"),
        ]
    )


def tree(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def test_each_project_has_its_modules_programs_and_wheel(
    registry: Registry, tmp_path: Path
) -> None:
    """Catches: files of a wheel in other directories than those of an installer."""
    pins = add(registry, "one", FILES) + add(registry, "two-parts", {"two.py": b""})
    assert run(tmp_path, pins) == 0
    info = "site-packages/one-1.0.dist-info"
    assert set(tree(tmp_path / "out/one")) == {
        *(f"{info}/METADATA", f"{info}/RECORD", f"{info}/WHEEL", "bin/one"),
        *("data/share/one.txt", "one-1.0-py3-none-any.whl"),
        *("site-packages/one/__init__.py", "site-packages/one_more.py"),
    }
    assert (tmp_path / "out/two_parts/site-packages/two.py").is_file()


def test_programs_are_executable_even_if_the_wheel_lacks_the_mode(
    registry: Registry, tmp_path: Path
) -> None:
    """Catches: a program without an executable mode in its wheel, which pip does not set."""
    assert run(tmp_path, add(registry, "one", FILES)) == 0
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "out/one").rglob("*")
        if path.name in ("one", "__init__.py") and path.is_file()
    }
    assert modes == {"one": 0o755, "__init__.py": 0o644}


def test_modules_are_compiled_for_the_interpreter_that_installs(
    registry: Registry, tmp_path: Path
) -> None:
    """Catches: thousands of processes that compile the same modules."""
    assert run(tmp_path, add(registry, "one", {**FILES, "two.py": b"print 'of Python 2'"})) == 0
    cached = (tmp_path / "out/one/site-packages").rglob("__pycache__/*")
    assert {path.name for path in cached} == {
        f"{name}.{sys.implementation.cache_tag}.pyc" for name in ("__init__", "one_more")
    }


def test_a_second_output_base_sends_no_requests(registry: Registry, tmp_path: Path) -> None:
    """Catches: downloads that are repeated in every clone, or builds that fail offline."""
    pins = add(registry, "one", FILES)
    assert run(tmp_path, pins, "first") == 0
    registry.close()
    assert run(tmp_path, pins, "second") == 0
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


def test_a_changed_lock_is_downloaded_again(registry: Registry, tmp_path: Path) -> None:
    """Catches: cached wheels of the previous lock used for the new one."""
    one = add(registry, "one", FILES)
    assert run(tmp_path, one, "first") == 0
    assert run(tmp_path, one + add(registry, "two", {"two.py": b""}), "second") == 0
    assert (tmp_path / "second/two/site-packages/two.py").is_file()


def test_a_damaged_wheel_in_the_cache_is_downloaded_again(
    registry: Registry, tmp_path: Path
) -> None:
    """Catches: cached files with other digests than those of the lock."""
    pins = add(registry, "one", FILES)
    assert run(tmp_path, pins, "first") == 0
    (cached,) = (tmp_path / "cache/pypi").glob("*/*.whl")
    cached.unlink()
    cached.write_bytes(b"half of it")
    assert run(tmp_path, pins, "second") == 0
    assert tree(tmp_path / "second") == tree(tmp_path / "first")


def test_a_wheel_with_another_digest_is_rejected_and_discarded(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches: a registry that serves another file for a pinned name and version."""
    add(registry, "one", FILES)
    assert run(tmp_path, f"one==1.0 --hash=sha256:{'1' * 64}\n") == pip_download.NOT_FOUND
    assert capsys.readouterr().err == (
        "one==1.0: the sha256 of the registry's file differs from the one in "
        "requirements_lock.txt; the download was discarded. Find out why the file changed before "
        "you rewrite the lock with: ./bazelw run //:lock\n"
    )
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / "cache/pypi").glob("*/*.whl"))


def test_a_missing_wheel_is_named(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches: pages of pip's output for one project out of a hundred."""
    pins = add(registry, "one", FILES) + f"absent==9.9 --hash=sha256:{'1' * 64}\n"
    assert run(tmp_path, pins) == pip_download.NOT_FOUND
    message = capsys.readouterr().err
    assert message.startswith("absent==9.9: the registry has no such wheel")
    assert message.count("\n") == 1


def test_an_unreachable_registry_has_its_own_exit_code(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches: a network failure that is reported as permanent."""
    pins = add(registry, "one", FILES)
    registry.close()
    assert run(tmp_path, pins) == pip_download.UNREACHABLE
    assert "could not be reached" in capsys.readouterr().err


def test_a_path_outside_of_the_directory_is_rejected(tmp_path: Path) -> None:
    """Catches: a wheel that writes files outside of its directory."""
    path = tmp_path / "one-1.0-py3-none-any.whl"
    path.write_bytes(wheel("one", {"../beside.py": b""}))
    with pytest.raises(pip_download.FetchError, match="is outside of the installation directory"):
        install.unpack(path, tmp_path / "out")
    assert not (tmp_path / "beside.py").exists()


def test_install_needs_only_the_standard_library() -> None:
    """Catches: an import that the interpreter of the repository rule lacks."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "toolchains.wheels.install", "--help"],
        env={"PYTHONPATH": os.fspath(Path(install.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
