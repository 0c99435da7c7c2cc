"""Compiles the C or C++ runtime of a target once, for all links for that target.

zig contains the runtime as source code, and compiles the parts that a link needs into its cache.
This program links a program and a library for the target, copies the compiled files from that
cache, and writes the arguments to link with them. For each kind of output (`program`; `fixed`, a
Linux program that is not position-independent; `library`) the files KIND.first and KIND.last list
the arguments before and after those of the link, one per line; a line `=NAME` is the file NAME of
the runtime. `provided` lists the libraries that are then already linked. driver.c reads these
files.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SOURCES = {
    "c": '#include <stdio.h>\nint RUN(void) { return puts(""); }\n',
    "c++": (
        "#include <iostream>\n#include <stdexcept>\n"
        'int RUN() { try { throw std::runtime_error(""); } '
        "catch (std::exception &e) { std::cout << e.what(); } return 0; }\n"
    ),
}
_OBJECT = ("-O2", "-g0", "-fPIC", "-c")
_LINK = ("-O2", "-s")
"""The options of a link also decide how zig compiles the runtime."""


class RuntimeBuildError(Exception):
    """The runtime cannot be compiled; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of output, and the arguments that come before its objects."""

    name: str
    options: tuple[str, ...]
    """Compiler options to link one."""
    first: tuple[str, ...]
    """The startup file (`=NAME`) and options."""


@dataclass(frozen=True, slots=True)
class System:
    """The runtime of one system."""

    kinds: tuple[Kind, ...]
    libraries: tuple[str, ...]
    """File names of the libraries that C programs are linked with, in order."""
    cxx_libraries: tuple[str, ...]
    """File names of the libraries that C++ programs are also linked with, before those of C."""
    provided: tuple[str, ...]
    """Names in `-l` options for libraries that are always linked."""
    optional_libraries: tuple[str, ...] = ()
    """More libraries of the system, which links may select."""


_LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
_WINDOWS_LIBRARIES = (
    *("advapi32", "kernel32", "ntdll", "shell32", "user32"),
    # CMake links every program with these.
    *("comdlg32", "gdi32", "ole32", "oleaut32", "winspool"),
    *("bcrypt", "dbghelp", "psapi", "shlwapi", "version", "ws2_32"),
)


def system_of(target: str) -> System:
    """The runtime of a target, by its triple."""
    cpu, system, *_ = target.split("-")
    if system == "linux":
        loader = f"-Wl,--dynamic-linker,{_LOADERS[cpu]}"
        return System(
            kinds=(
                Kind("program", ("-pie",), (loader, "=Scrt1.o")),
                Kind("fixed", (), (loader, "=crt1.o")),
                Kind("library", ("-shared",), ()),
            ),
            libraries=(
                "libcompiler_rt.a",
                *("libm.so.6", "libpthread.so.0", "libc.so.6", "libdl.so.2", "librt.so.1"),
                *("libld.so.2", "libutil.so.1", "libresolv.so.2", "libc_nonshared.a"),
            ),
            cxx_libraries=("libc++.a", "libc++abi.a", "libunwind.a"),
            provided=("c", "m", "pthread", "dl", "rt", "util", "resolv"),
        )
    if system.startswith("macos"):
        return System(
            kinds=(Kind("program", (), ()), Kind("library", ("-shared",), ())),
            libraries=("libSystem.tbd", "libcompiler_rt.a"),
            cxx_libraries=("libc++.a", "libc++abi.a"),
            provided=("c", "m", "pthread", "dl", "System"),
        )
    entry = "-Wl,-e,mainCRTStartup"
    console = "-Wl,--subsystem,console"
    return System(
        kinds=(
            Kind("program", (), (console, entry, "=crt2.obj")),
            Kind("library", ("-shared",), ("=dllcrt2.obj",)),
        ),
        libraries=("libmingw32.lib", "zigc.lib", "compiler_rt.lib", "*.lib"),
        cxx_libraries=("c++.lib", "c++abi.lib", "unwind.lib"),
        provided=(
            *("c", "m", "pthread", "gcc", "gcc_s", "mingw32", "mingwex", "msvcrt", "ucrt", "uuid"),
            *_WINDOWS_LIBRARIES,
        ),
        optional_libraries=_WINDOWS_LIBRARIES,
    )


_ARCHIVE = b"!<arch>\n"
_MEMBER_HEADER = 60
_LONG_NAME = re.compile(rb"(?:[^\n\0]*/)?([^\n\0/]+)(/\n|\0|\Z)")


def without_paths(archive: bytes) -> bytes:
    """Replaces the member names of a static library (ar(5)) with plain file names.

    zig names members by their path in its cache, which contains a digest that differs between runs.
    The symbol table refers to members by offset, so the size of the archive does not change:
    shorter names are padded with their terminator.

    Args:
      archive: content of the library; the content of other files is returned unchanged.
    """
    if not archive.startswith(_ARCHIVE):
        return archive
    result, at = bytearray(archive), len(_ARCHIVE)
    while at < len(result):
        name, size = bytes(result[at : at + 16]), int(result[at + 48 : at + 58])
        content = at + _MEMBER_HEADER
        names = size if name.rstrip() == b"//" else int(name[3:]) if name.startswith(b"#1/") else 0
        result[content : content + names] = _LONG_NAME.sub(
            lambda found: (found[1] + found[2]).ljust(len(found[0]), found[2][-1:] or b"\0"),
            bytes(result[content : content + names]),
        )
        at = content + size + size % 2
    return bytes(result)


class Runtime:
    """Compiles the runtime of a target."""

    def __init__(self, zig: Path, library: Path, target: str, scratch: Path) -> None:
        """Compiles with `zig` and its sources in `library`, in the empty directory `scratch`."""
        self._zig = zig
        self._library = library
        self._target = target
        self._scratch = scratch
        self._cache = scratch / "cache"

    def link(self, system: System, language: str) -> None:
        """Links one output of each kind, which compiles the runtime into the cache.

        Raises:
          RuntimeBuildError: zig failed; the message includes its output.
        """
        source = self._scratch / ("source.c" if language == "c" else "source.cc")
        source.write_text(_SOURCES[language])
        libraries = [f"-l{name}" for name in system.optional_libraries]
        for kind in system.kinds:
            name = "answer" if kind.name == "library" else "main"
            compiled, linked = f"{kind.name}.o", f"{kind.name}.out"
            self._run(language, f"-DRUN={name}", *_OBJECT, source.name, "-o", compiled)
            self._run(language, *_LINK, *kind.options, compiled, *libraries, "-o", linked)

    def find(self, pattern: str) -> list[Path]:
        """The files of the runtime that match a pattern, sorted, each name once."""
        found = {path.name: path for path in sorted(self._cache.glob(f"o/*/{pattern}"))}
        if pattern == "libSystem.tbd":
            found[pattern] = self._library / "libc/darwin" / pattern
        if not found:
            raise RuntimeBuildError(f"{self._target}: zig compiled no {pattern}")
        return [found[name] for name in sorted(found)]

    def _run(self, language: str, *arguments: str) -> None:
        command = [
            *(str(self._zig.absolute()), "cc" if language == "c" else "c++"),
            *("-target", self._target, *arguments),
        ]
        done = subprocess.run(
            command,
            cwd=self._scratch,
            env={
                "ZIG_LIB_DIR": str(self._library.absolute()),
                "ZIG_GLOBAL_CACHE_DIR": str(self._cache),
                "ZIG_LOCAL_CACHE_DIR": str(self._scratch / "local"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeBuildError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")


def compile_runtime(zig: Path, library: Path, target: str, language: str, output: Path) -> None:
    """Compiles the runtime of a target into a directory.

    Args:
      zig: the program.
      library: the directory of its sources and headers.
      target: zig's target triple.
      language: c or c++; c++ includes c.
      output: an existing, empty directory.

    Raises:
      RuntimeBuildError: zig failed; the message includes its output.
    """
    system = system_of(target)
    with tempfile.TemporaryDirectory() as directory:
        runtime = Runtime(zig, library, target, Path(directory).resolve())
        runtime.link(system, language)
        cxx = system.cxx_libraries if language == "c++" else ()
        names = _copy(runtime, [*cxx, *system.libraries], output, without=system.cxx_libraries)
        for kind in system.kinds:
            starting = [word[1:] for word in kind.first if word.startswith("=")]
            _copy(runtime, starting, output)
            _write(output / f"{kind.name}.first", kind.first)
            _write(output / f"{kind.name}.last", [f"={name}" for name in names])
    _write(output / "provided", [*system.provided, "c++", "c++abi", "stdc++", "unwind"])


def _copy(
    runtime: Runtime, patterns: Sequence[str], output: Path, without: Sequence[str] = ()
) -> list[str]:
    """Copies files of the runtime; returns their names, in the order of the patterns."""
    names: list[str] = []
    for pattern in patterns:
        for path in runtime.find(pattern):
            # A pattern also matches files that are listed by name.
            if path.name in names or ("*" in pattern and path.name in without):
                continue
            (output / path.name).write_bytes(without_paths(path.read_bytes()))
            names.append(path.name)
    return names


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def main() -> int:
    """Compiles the runtime according to the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zig", type=Path, required=True)
    parser.add_argument("--lib", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--language", choices=sorted(_SOURCES), required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        compile_runtime(options.zig, options.lib, options.target, options.language, options.output)
    except RuntimeBuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
