"""Copy the interpreter that runs this into a directory that runs wherever it lies, on any Linux.

    python3 -I -S carry.py DIR

The directory gets the standard library, compiled and in one archive, since every action is given
every file, and the shared libraries that it needs, the C library and its loader included. What is
installed for the interpreter, what only its developers use and where it lay are left behind, so
that the same interpreter gives the same bytes for everyone. Exit code 2 when this machine's
interpreter cannot be copied; the reason is then the only line on standard error.
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

# Tests, graphical programs, installers, and what extension modules are linked with.
_LEFT_BEHIND = (
    *("__pycache__", "site-packages", "dist-packages", "config-*", "test", "tests", "idle_test"),
    *("idlelib", "lib2to3", "tkinter", "turtledemo", "turtle.py", "_tkinter*.so", "ensurepip"),
    *("_test*.so", "_ctypes_test*.so", "xxlimited*.so", "sitecustomize.py", "*.a", "*.pyc"),
)

# The policies' libraries of the C library, which are all of one piece, and of the compiler.
_WHEELS_LOAD = (
    *("libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1"),
    *("libutil.so.1", "libgcc_s.so.1", "libstdc++.so.6"),
)


class NotCarriedError(Exception):
    """The interpreter cannot be copied: the message says why."""


def main(arguments: list[str]) -> int:
    """Copy the interpreter; return the exit code."""
    if len(arguments) != 1:
        print("usage: carry.py DIR", file=sys.stderr)
        return 2
    try:
        carry(Path(arguments[0]))
    except (NotCarriedError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def carry(directory: Path) -> None:
    """Copy this interpreter.

    Args:
      directory: gets `loader`, which runs `bin/python` with the libraries in `lib`.

    Raises:
      NotCarriedError: it is not one for Linux, or a library of it is not to be found.
    """
    if sys.platform != "linux":
        raise NotCarriedError(f"{sys.executable} is for {platform.system()}, not for Linux")
    program = Path(sys.executable).resolve()
    loader = _loader_of(program)
    if loader is None:
        raise NotCarriedError(f"{program} is linked statically, and loads no extension modules")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    library = directory / "lib" / f"python{version}"
    modules = directory / "modules"
    for source in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        shutil.copytree(
            source, modules, ignore=shutil.ignore_patterns(*_LEFT_BEHIND), dirs_exist_ok=True
        )
    (directory / "bin").mkdir()
    library.mkdir(parents=True)
    (modules / "lib-dynload").rename(library / "lib-dynload")
    _copy(program, directory / "bin" / "python", 0o755)
    _copy(loader, directory / "loader", 0o755)
    of_wheels = dict(_of_wheels())
    modules_of_c = library.glob("lib-dynload/*.so")
    needed = _needed(loader, [program, *modules_of_c, *of_wheels.values()])
    for name, path in (needed | of_wheels).items():
        _copy(path, directory / "lib" / name, 0o644)
    _forget_prefix(modules)
    _archive(modules, directory / "lib" / f"python{version.replace('.', '')}.zip")
    # By this file an interpreter knows its prefix.
    _copy(modules / "os.py", library / "os.py", 0o644)
    shutil.rmtree(modules)


def _copy(source: Path, target: Path, mode: int) -> None:
    shutil.copyfile(source, target)
    target.chmod(mode)


def _of_wheels() -> Iterator[tuple[str, Path]]:
    """Libraries that extension modules in wheels may load by the manylinux policies, by name."""
    for name in _WHEELS_LOAD:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue  # such wheels do not run on this machine either
        stem = f"/{name.partition('.so')[0]}.so"
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
        yield name, next(Path(line.split()[-1]) for line in mapped if stem in line)


def _loader_of(program: Path) -> Path | None:
    """The dynamic loader that an ELF program asks for (PT_INTERP), or None.

    Raises:
      NotCarriedError: it is no 64-bit little-endian ELF program.
    """
    content = program.read_bytes()
    if content[:6] != b"\x7fELF\x02\x01":
        raise NotCarriedError(f"{program} is no ELF program for 64 bits")
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
    """The shared libraries that programs and modules load at their start, by name.

    Raises:
      NotCarriedError: the interpreter needs one that the machine does not have.
    """
    found: dict[str, str] = {}
    for program in programs:
        listed = subprocess.run(
            [loader, "--list", program], capture_output=True, text=True, errors="replace"
        )
        if "not found" in listed.stdout or listed.returncode:
            if "lib-dynload" not in program.parts:
                raise NotCarriedError(f"{program} does not find its libraries: {listed.stdout}")
            # A module of the standard library that this machine cannot load either.
            program.unlink()
            continue
        found |= re.findall(r"^\s*([^\s/]+) => (/\S+)", listed.stdout, re.MULTILINE)
    return {name: Path(path) for name, path in found.items() if not name.startswith("ld-linux")}


def _forget_prefix(modules: Path) -> None:
    """What the interpreter was configured with names the directory that it was installed in."""
    for module in modules.glob("_sysconfigdata*.py"):
        text = module.read_text(encoding="utf-8")
        for prefix in {sys.base_prefix, sys.base_exec_prefix} - {"/", "/usr"}:
            text = text.replace(prefix, "/usr")
        module.write_text(text, encoding="utf-8")


def _archive(modules: Path, archive: Path) -> None:
    """Compile every module, so that it says nothing of its directory, into a ZIP archive."""
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
                continue  # a template, or for another version; it would not be imported
            member = zipfile.ZipInfo(str(name.with_suffix(".pyc")))
            members.writestr(member, Path(str(compiled)).read_bytes())
    archive.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
