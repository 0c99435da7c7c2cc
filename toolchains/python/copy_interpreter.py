"""Copy the interpreter that runs this into a portable directory: any path, any Linux.

    python3 -I -S copy_interpreter.py DIR

The directory gets the standard library, compiled and in one archive, since every file becomes an
input of every action, and the required shared libraries, including the C library and its loader.
Installed packages, development files and original paths are left out, so that copies of the same
interpreter are identical everywhere. Exit code 2 if this machine's interpreter cannot be copied;
the reason is then the only line on standard error.
"""

from __future__ import annotations

import ctypes
import platform
import py_compile
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

# Tests, graphical programs, installers, and files to link extension modules with.
_EXCLUDED = (
    *("__pycache__", "site-packages", "dist-packages", "config-*", "test", "tests", "idle_test"),
    *("idlelib", "lib2to3", "tkinter", "turtledemo", "turtle.py", "_tkinter*.so", "ensurepip"),
    *("_test*.so", "_ctypes_test*.so", "xxlimited*.so", "sitecustomize.py", "*.a", "*.pyc"),
)

# Libraries that the manylinux policies allow: those of glibc, whose versions must match, and the
# compiler's.
_MANYLINUX_LIBRARIES = (
    *("libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1"),
    *("libutil.so.1", "libgcc_s.so.1", "libstdc++.so.6"),
)


class CopyError(Exception):
    """The interpreter cannot be copied; the message says why."""


def main(arguments: list[str]) -> int:
    """Copy the interpreter; return the exit code."""
    if len(arguments) != 1:
        print("usage: copy_interpreter.py DIR", file=sys.stderr)
        return 2
    try:
        copy_interpreter(Path(arguments[0]))
    except (CopyError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def copy_interpreter(directory: Path) -> None:
    """Copy this interpreter.

    Args:
      directory: gets `loader`, which runs `bin/python` with the libraries in `lib`.

    Raises:
      CopyError: the interpreter is not for Linux, or one of its libraries is missing.
    """
    if sys.platform != "linux":
        raise CopyError(f"{sys.executable} is for {platform.system()}, not for Linux")
    program = Path(sys.executable).resolve()
    loader = _loader_of(program)
    if loader is None:
        raise CopyError(f"{program} is linked statically, so it cannot load extension modules")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    library = directory / "lib" / f"python{version}"
    modules = directory / "modules"
    for source in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        shutil.copytree(
            source, modules, ignore=shutil.ignore_patterns(*_EXCLUDED), dirs_exist_ok=True
        )
    (directory / "bin").mkdir()
    library.mkdir(parents=True)
    (modules / "lib-dynload").rename(library / "lib-dynload")
    _copy(program, directory / "bin" / "python", 0o755)
    _copy(loader, directory / "loader", 0o755)
    manylinux = dict(_manylinux_libraries())
    extension_modules = library.glob("lib-dynload/*.so")
    needed = _needed(loader, [program, *extension_modules, *manylinux.values()])
    for name, path in (needed | manylinux).items():
        _copy(path, directory / "lib" / name, 0o644)
    _remove_prefix(modules)
    _archive(modules, directory / "lib" / f"python{version.replace('.', '')}.zip")
    # An interpreter finds its prefix by this file.
    _copy(modules / "os.py", library / "os.py", 0o644)
    shutil.rmtree(modules)


def _copy(source: Path, target: Path, mode: int) -> None:
    shutil.copyfile(source, target)
    target.chmod(mode)


def _manylinux_libraries() -> Iterator[tuple[str, Path]]:
    """Yields the name and the path of libraries that extension modules in wheels may load."""
    for name in _MANYLINUX_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue  # wheels that load it do not run on this machine either
        stem = f"/{name.partition('.so')[0]}.so"
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
        yield name, next(Path(line.split()[-1]) for line in mapped if stem in line)


def _loader_of(program: Path) -> Path | None:
    """The dynamic loader of an ELF program (PT_INTERP), or None.

    Raises:
      CopyError: it is not a 64-bit little-endian ELF program.
    """
    content = program.read_bytes()
    if content[:6] != b"\x7fELF\x02\x01":
        raise CopyError(f"{program} is not a 64-bit ELF program")
    start, size, count = (
        struct.unpack_from("<Q", content, 32)[0],
        *struct.unpack_from("<HH", content, 54),
    )
    for header in range(start, start + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", content, header)
        if kind == 3:
            return Path(content[offset : offset + length].rstrip(b"\0").decode())
    return None


def _needed(loader: Path, programs: Iterable[Path]) -> dict[str, Path]:
    """The shared libraries that programs and modules are linked with, by name.

    Raises:
      CopyError: the interpreter needs a library that this machine lacks.
    """
    found: dict[str, str] = {}
    for program in programs:
        listed = subprocess.run(
            [loader, "--list", program], capture_output=True, text=True, errors="replace"
        )
        if "not found" in listed.stdout or listed.returncode:
            if "lib-dynload" not in program.parts:
                raise CopyError(f"{program} does not find its libraries: {listed.stdout}")
            # This machine cannot load this module of the standard library either.
            program.unlink()
            continue
        found |= re.findall(r"^\s*([^\s/]+) => (/\S+)", listed.stdout, re.MULTILINE)
    return {name: Path(path) for name, path in found.items() if not name.startswith("ld-linux")}


def _remove_prefix(modules: Path) -> None:
    """Replace the installation directory in the recorded build configuration."""
    for module in modules.glob("_sysconfigdata*.py"):
        text = module.read_text(encoding="utf-8")
        for prefix in {sys.base_prefix, sys.base_exec_prefix} - {"/", "/usr"}:
            text = text.replace(prefix, "/usr")
        module.write_text(text, encoding="utf-8")


def _archive(modules: Path, archive: Path) -> None:
    """Compile every module, without its directory, into a ZIP archive."""
    with zipfile.ZipFile(archive, "w") as members:
        for module in sorted(modules.rglob("*.py")):
            name = module.relative_to(modules)
            try:
                compiled = py_compile.compile(
                    str(module),
                    cfile=str(module.with_suffix(".pyc")),
                    dfile=str(name),
                    doraise=True,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
            except py_compile.PyCompileError:
                continue  # a template, or for another version; it is never imported
            member = zipfile.ZipInfo(str(name.with_suffix(".pyc")))
            members.writestr(member, Path(str(compiled)).read_bytes())
    archive.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
