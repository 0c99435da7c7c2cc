"""Compiles the C runtime of a target, once, for all that is linked for it.

zig brings it as source and compiles what a link needs into its cache. Such a cache, filled by
linking one program of each kind, is this program's output: `o/` has the compiled files, `h/` the
manifests by which zig knows them again, and `b/` what they were configured with. What only speeds
up a compilation of the runtime is left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_SOURCES = {
    "c": '#include <stdio.h>\nint RUN(void) { return puts(""); }\n',
    "c++": (
        "#include <iostream>\n#include <stdexcept>\n"
        'int RUN() { try { throw std::runtime_error(""); } '
        "catch (std::exception &e) { std::cout << e.what(); } return 0; }\n"
    ),
}
_COMPILE = ("-O2", "-g0", "-fPIC", "-c")
_LINK = ("-O2", "-s")
"""As driver.c has it: what the runtime is compiled with."""
_KEPT = ("b", "h", "o")
_SOURCES_DESCRIPTOR = 9
"""As driver.c has it: by this name zig knows its sources again, wherever they are."""


class RuntimeFailure(Exception):
    """The runtime cannot be compiled; the message is for the user."""


def kinds(target: str) -> dict[str, tuple[str, ...]]:
    """The options of each kind of program that begins with another part of the runtime."""
    programs = {"program": ()} if "linux" not in target else {"program": ("-pie",), "fixed": ()}
    return programs | {"library": ("-shared",)}


def compile_runtime(
    zig: Path, library: Path, target: str, language: str, base: Path | None, output: Path
) -> None:
    """Fills `output`.

    Args:
      zig: the program.
      library: its own sources and headers.
      target: triple, as zig has it.
      language: c or c++.
      base: tree to begin with, or None.
      output: an existing, empty folder.

    Raises:
      RuntimeFailure: zig failed; the message has what it said.
    """
    if base is not None:
        shutil.copytree(base, output, dirs_exist_ok=True)
        for path in output.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = folder / ("source.c" if language == "c" else "source.cc")
        source.write_text(_SOURCES[language])
        environment = {
            "ZIG_LIB_DIR": _named(library),
            "ZIG_GLOBAL_CACHE_DIR": str(output),
            "ZIG_LOCAL_CACHE_DIR": str(folder / "local"),
        }

        def run(*arguments: str) -> None:
            command = [str(zig), "cc" if language == "c" else "c++", "-target", target, *arguments]
            done = subprocess.run(
                command,
                env=environment,
                pass_fds=[_SOURCES_DESCRIPTOR] if sys.platform == "linux" else [],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise RuntimeFailure(f"{' '.join(command)} failed:\n{done.stderr.strip()}")

        for kind, options in kinds(target).items():
            name = "answer" if kind == "library" else "main"
            compiled = str(folder / f"{kind}.o")
            run(f"-DRUN={name}", *_COMPILE, str(source), "-o", compiled)
            run(*_LINK, *options, compiled, "-o", str(folder / kind))
    for path in output.iterdir():
        if path.name not in _KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _named(library: Path) -> str:
    """The path by which zig is given its sources."""
    if sys.platform != "linux":
        return str(library)
    opened = os.open(library, os.O_RDONLY | os.O_DIRECTORY)
    os.dup2(opened, _SOURCES_DESCRIPTOR)
    return f"/proc/self/fd/{_SOURCES_DESCRIPTOR}"


def main() -> int:
    """Compiles the runtime that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zig", type=Path, required=True)
    parser.add_argument("--lib", type=Path, required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--language", choices=sorted(_SOURCES), required=True)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        compile_runtime(
            options.zig,
            options.lib,
            options.target,
            options.language,
            options.base,
            options.output,
        )
    except RuntimeFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
