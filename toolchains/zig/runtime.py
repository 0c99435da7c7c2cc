"""Compiles the C and C++ runtime of a target, once, for all that is linked for it.

zig brings it as source, and compiles what a link needs into its cache. This links one program and
one library of the target, takes the compiled files out of that cache, and writes down how they are
linked with: for each kind of output (`program`; `fixed`, a Linux program that is not position
independent; `library`) the arguments that come `first` and `last`, one to a line; a line `=NAME` is
the file NAME of the runtime. `provided` lists the libraries that are thereby there. driver.c reads
all of it.
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
"""What the runtime is compiled with follows from how the links that ask for it are called."""


class RuntimeFailure(Exception):
    """The runtime cannot be compiled; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of output, and what is linked before and behind its own objects."""

    name: str
    options: tuple[str, ...]
    """What makes the compiler link one."""
    first: tuple[str, ...]
    """The file that starts it, by name, and options."""


@dataclass(frozen=True, slots=True)
class System:
    """The runtime of one system."""

    kinds: tuple[Kind, ...]
    libraries: tuple[str, ...]
    """File names of what C is linked with, in order."""
    cxx_libraries: tuple[str, ...]
    """Likewise of what C++ needs besides, which come before them."""
    provided: tuple[str, ...]
    """Names with which `-l` asks for what is linked anyhow."""
    asked_for: tuple[str, ...] = ()
    """More libraries of the system, for whoever asks for them."""


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
        asked_for=_WINDOWS_LIBRARIES,
    )


_ARCHIVE = b"!<arch>\n"
_MEMBER_HEADER = 60
_LONG_NAME = re.compile(rb"(?:[^\n\0]*/)?([^\n\0/]+)(/\n|\0|\Z)")


def without_paths(archive: bytes) -> bytes:
    """A static library (ar(5)) whose members go by their file names.

    zig names a member by where it lies in its cache, and so by a digest that differs between runs.
    All else stays where it is, since the symbol table names members by their offsets: a shorter
    name is filled up with what ends it.

    Args:
      archive: its content; that of any other file is returned as it is.
    """
    if not archive.startswith(_ARCHIVE):
        return archive
    made, at = bytearray(archive), len(_ARCHIVE)
    while at < len(made):
        name, size = bytes(made[at : at + 16]), int(made[at + 48 : at + 58])
        content = at + _MEMBER_HEADER
        names = size if name.rstrip() == b"//" else int(name[3:]) if name.startswith(b"#1/") else 0
        made[content : content + names] = _LONG_NAME.sub(
            lambda found: (found[1] + found[2]).ljust(len(found[0]), found[2][-1:] or b"\0"),
            bytes(made[content : content + names]),
        )
        at = content + size + size % 2
    return bytes(made)


class Runtime:
    """The runtime of a target, being compiled."""

    def __init__(self, zig: Path, library: Path, target: str, scratch: Path) -> None:
        """Compiles with `zig`, and its sources in `library`, in an empty directory `scratch`."""
        self._zig = zig
        self._library = library
        self._target = target
        self._scratch = scratch
        self._cache = scratch / "cache"

    def link(self, system: System, language: str) -> None:
        """Links one of each kind, which compiles the runtime into the cache.

        Raises:
          RuntimeFailure: zig fails; the message has what it said.
        """
        source = self._scratch / ("source.c" if language == "c" else "source.cc")
        source.write_text(_SOURCES[language])
        libraries = [f"-l{name}" for name in system.asked_for]
        for kind in system.kinds:
            name = "answer" if kind.name == "library" else "main"
            compiled, linked = f"{kind.name}.o", f"{kind.name}.out"
            self._run(language, f"-DRUN={name}", *_OBJECT, source.name, "-o", compiled)
            self._run(language, *_LINK, *kind.options, compiled, *libraries, "-o", linked)

    def find(self, pattern: str) -> list[Path]:
        """Files of the runtime by name, each name once."""
        found = {path.name: path for path in sorted(self._cache.glob(f"o/*/{pattern}"))}
        if pattern == "libSystem.tbd":
            found[pattern] = self._library / "libc/darwin" / pattern
        if not found:
            raise RuntimeFailure(f"{self._target}: zig compiled no {pattern}")
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
            raise RuntimeFailure(f"{' '.join(command)} failed:\n{done.stderr.strip()}")


def compile_runtime(zig: Path, library: Path, target: str, language: str, output: Path) -> None:
    """Fills `output`.

    Args:
      zig: the program.
      library: its own sources and headers.
      target: triple, as zig has it.
      language: c or c++, which includes C.
      output: an existing, empty directory.

    Raises:
      RuntimeFailure: zig failed; the message has what it said.
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
            # What a pattern finds besides what has its own place.
            if path.name in names or ("*" in pattern and path.name in without):
                continue
            (output / path.name).write_bytes(without_paths(path.read_bytes()))
            names.append(path.name)
    return names


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def main() -> int:
    """Compiles the runtime that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zig", type=Path, required=True)
    parser.add_argument("--lib", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--language", choices=sorted(_SOURCES), required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        compile_runtime(options.zig, options.lib, options.target, options.language, options.output)
    except RuntimeFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
