"""Configures, builds and installs a CMake project for another platform.

Everything comes from the request: sources, the C toolchain, cmake and ninja, what an extension
module needs. There is no network, and nothing of the host is found: the search for libraries and
packages is confined to the given trees, PATH holds ninja alone.

A failure is told by the last lines of what failed, the first words of the likely cause, and the
path of the log, which is an output of the action whether it succeeds or not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from assembly import content, request
from assembly.errors import PackagingError, run

_LAST_LINES = 30
_SYSTEMS = {"linux": "Linux", "macos": "Darwin", "windows": "Windows"}
_PROCESSORS = {
    ("windows", "x86_64"): "AMD64",
    ("macos", "aarch64"): "arm64",
}
_CLOSED = "http://127.0.0.1:9"
"""A proxy that answers nobody, for a sandbox that leaves the network open."""
_REACHED_OUT = re.compile(
    r"Could not resolve host|Could not connect to server|Failed to connect to|unable to access '"
    r"|could not find git|Could not resolve proxy|Network is unreachable"
)
_SHOWN = re.compile(r"^(FAILED: |CMake Error|.*\berror: |ninja: (error|fatal))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compiler:
    """The C toolchain of the platform, as Bazel has it."""

    cc: Path
    cxx: Path
    ar: Path
    c_flags: Sequence[str]
    cxx_flags: Sequence[str]
    program_flags: Sequence[str]
    """What programs are linked with."""
    library_flags: Sequence[str]
    """What libraries are linked with."""
    environment: Mapping[str, str]
    """Paths are relative to the working directory of the action."""


@dataclass(frozen=True, slots=True)
class Python:
    """What extension modules are compiled with."""

    interpreter: Path
    """One that runs here, which projects ask for things."""
    headers: Path
    """Of the interpreter's minor version: FindPython takes no others."""
    configuration: Path
    """pyconfig.h of the platform."""
    library: Path | None
    """Import library of python3.dll."""


@dataclass(frozen=True, slots=True)
class Project:
    """What is built."""

    source: Path
    """Directory with CMakeLists.txt."""
    output: Path
    """Where it is installed."""
    log: Path
    system: str
    """linux, windows or macos."""
    cpu: str
    definitions: Mapping[str, str]
    """Cache variables of the project's own."""
    targets: Sequence[str]
    """What to build; all, when empty."""
    components: Sequence[str]
    """What to install; all, when empty."""
    prefixes: Sequence[Path]
    """Install trees in which packages are found."""
    where: str
    """The file that declares it, for messages."""


def toolchain_file(project: Project, compiler: Compiler, flags: Sequence[str]) -> str:
    """Returns a CMake toolchain file (cmake-toolchains(7)).

    Args:
      project: what is built.
      compiler: what with.
      flags: of every compilation, besides the toolchain's own.
    """
    processor = _PROCESSORS.get((project.system, project.cpu), project.cpu)
    prefixes = ";".join(str(path.absolute()) for path in project.prefixes) or "/nonexistent"
    lines = {
        "CMAKE_SYSTEM_NAME": _SYSTEMS[project.system],
        "CMAKE_SYSTEM_PROCESSOR": processor,
        "CMAKE_C_COMPILER": str(compiler.cc.absolute()),
        "CMAKE_CXX_COMPILER": str(compiler.cxx.absolute()),
        "CMAKE_AR": str(compiler.ar.absolute()),
        "CMAKE_RANLIB": str(compiler.ar.with_name("zig-ranlib").absolute()),
        "CMAKE_DLLTOOL": str(compiler.ar.with_name("zig-dlltool").absolute()),
        "CMAKE_C_FLAGS_INIT": _words([*compiler.c_flags, *flags]),
        "CMAKE_CXX_FLAGS_INIT": _words([*compiler.cxx_flags, *flags]),
        "CMAKE_EXE_LINKER_FLAGS_INIT": _words(compiler.program_flags),
        "CMAKE_SHARED_LINKER_FLAGS_INIT": _words(compiler.library_flags),
        "CMAKE_MODULE_LINKER_FLAGS_INIT": _words(compiler.library_flags),
        "CMAKE_POSITION_INDEPENDENT_CODE": "ON",
        "CMAKE_FIND_ROOT_PATH": prefixes,
        "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM": "NEVER",
        "CMAKE_FIND_ROOT_PATH_MODE_LIBRARY": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_INCLUDE": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_PACKAGE": "ONLY",
    }
    if project.system == "macos":
        lines["CMAKE_OSX_DEPLOYMENT_TARGET"] = ""
        lines["CMAKE_OSX_SYSROOT"] = ""
        # Asked for by name, and not called: install names are right from the start.
        lines["CMAKE_INSTALL_NAME_TOOL"] = "${CMAKE_COMMAND}"
    return "".join(f"set({name} {_quoted(value)})\n" for name, value in lines.items())


def definitions(project: Project, python: Python | None, include: Path) -> dict[str, str]:
    """The cache variables that a project is configured with.

    Args:
      project: what is built.
      python: what extension modules are compiled with, or None.
      include: a directory with the headers and pyconfig.h together.
    """
    made = {
        "CMAKE_BUILD_TYPE": "Release",
        # The toolchain's own level stays: CMake would put -O3 behind it.
        "CMAKE_C_FLAGS_RELEASE": "-DNDEBUG",
        "CMAKE_CXX_FLAGS_RELEASE": "-DNDEBUG",
        "CMAKE_INSTALL_PREFIX": "/",
        "CMAKE_INSTALL_LIBDIR": "lib",
        "CMAKE_BUILD_WITH_INSTALL_RPATH": "ON",
        # No /usr and no /usr/local.
        "CMAKE_FIND_USE_CMAKE_SYSTEM_PATH": "OFF",
        "CMAKE_FIND_USE_PACKAGE_REGISTRY": "OFF",
        "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": "OFF",
    }
    if python:
        for prefix in ("Python", "Python3"):
            made[f"{prefix}_EXECUTABLE"] = str(python.interpreter.absolute())
            made[f"{prefix}_INCLUDE_DIR"] = str(include)
            if python.library:
                made[f"{prefix}_LIBRARY"] = str(python.library.absolute())
                made[f"{prefix}_SABI_LIBRARY"] = str(python.library.absolute())
    return made | dict(project.definitions)


def build(
    project: Project, compiler: Compiler, python: Python | None, cmake: Path, ninja: Path
) -> None:
    """Builds and installs.

    Raises:
      PackagingError: the project is none, or a step fails; the message has its last lines.
    """
    if not (project.source / "CMakeLists.txt").is_file():
        raise PackagingError(
            f"{project.where}: {project.source} has no CMakeLists.txt; name the directory "
            "that has it in source_dir"
        )
    with tempfile.TemporaryDirectory() as scratch, project.log.open("w") as log:
        directory = Path(scratch).resolve()
        tree, include, programs = directory / "build", directory / "include", directory / "bin"
        for made in (tree, programs):
            made.mkdir()
        if python:
            content.copy_tree(python.headers, include)
            shutil.copyfile(python.configuration, include / "pyconfig.h")
        (programs / "ninja").symlink_to(ninja.absolute())
        toolchain = tree / "toolchain.cmake"
        source = project.source.resolve()
        # Where it happens to be built says nothing, and differs.
        flags = [f"-ffile-prefix-map={source}=.", f"-ffile-prefix-map={directory}=build"]
        toolchain.write_text(toolchain_file(project, compiler, flags))
        steps = _Steps(project, log, _environment(compiler, programs, directory))
        program = str(cmake.absolute())
        options = [f"-D{k}={v}" for k, v in definitions(project, python, include).items()]
        steps.run(
            "configuring",
            [
                *(program, "-G", "Ninja", "-S", str(source), "-B", str(tree)),
                *("--toolchain", str(toolchain), *options),
            ],
        )
        targets = ["--target", *project.targets] if project.targets else []
        steps.run("compiling", [program, "--build", str(tree), *targets])
        for component in project.components or [""]:
            only = ["--component", component] if component else []
            prefix = ["--prefix", str(project.output.absolute())]
            steps.run("installing", [program, "--install", str(tree), *prefix, *only])
    if not any(project.output.iterdir()):
        raise PackagingError(
            f"{project.where}: nothing was installed"
            + (f" of {', '.join(project.components)}" if project.components else "")
            + "; the project needs install() rules"
        )


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of a build, each of which writes to the log."""

    project: Project
    log: IO[str]
    environment: Mapping[str, str]

    def run(self, what: str, command: Sequence[str]) -> None:
        """Runs one.

        Raises:
          PackagingError: it fails.
        """
        done = subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        self.log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        self.log.flush()
        if done.returncode:
            cause = ""
            if _REACHED_OUT.search(done.stdout):
                cause = (
                    "\nIt reached for the network, which a build action does not have: give what "
                    "it downloads as sources, and tell it where (FETCHCONTENT_SOURCE_DIR_NAME)."
                )
            raise PackagingError(
                f"{self.project.where}: {what} failed (exit code {done.returncode}):\n"
                + "\n".join(f"  {line}" for line in last_lines(done.stdout))
                + f"{cause}\nThe whole log: {self.project.log}"
            )


def last_lines(output: str) -> list[str]:
    """The lines that tell what went wrong: from the first error on, and no more than the last 30.

    Of a build that goes on beside the file that failed, the end alone may tell of something else.
    """
    lines = output.strip().splitlines()
    found = next((n for n, line in enumerate(lines) if _SHOWN.match(line)), None)
    if found is not None and len(lines) - found > _LAST_LINES:
        return lines[found : found + _LAST_LINES]
    return lines[-_LAST_LINES:]


def _environment(compiler: Compiler, programs: Path, directory: Path) -> dict[str, str]:
    absolute = {
        name: str(Path(value).absolute()) if Path(value).exists() else value
        for name, value in compiler.environment.items()
    }
    return absolute | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "PATH": str(programs),
        "SOURCE_DATE_EPOCH": "315532800",
        "TMPDIR": str(directory),
        "TZ": "UTC",
        "http_proxy": _CLOSED,
        "https_proxy": _CLOSED,
    }


def _words(flags: Iterable[str]) -> str:
    """Flags as CMake takes them in one variable."""
    return " ".join(flag if re.fullmatch(r"[\w=./,+:-]+", flag) else _shell(flag) for flag in flags)


def _shell(flag: str) -> str:
    return "'" + flag.replace("'", "'\\''") + "'"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> None:
    """Runs the request named on the command line."""
    wanted = request.from_command_line()
    project = wanted["project"]
    build(
        Project(
            **{**project, **_paths(project, "source", "output", "log")}
            | {"prefixes": [Path(path) for path in project["prefixes"]]}
        ),
        Compiler(**{**wanted["compiler"], **_paths(wanted["compiler"], "cc", "cxx", "ar")}),
        _python(wanted["python"]),
        Path(wanted["cmake"]),
        Path(wanted["ninja"]),
    )


def _paths(data: Mapping[str, Any], *names: str) -> dict[str, Path]:
    return {name: Path(data[name]) for name in names}


def _python(data: Mapping[str, Any] | None) -> Python | None:
    if data is None:
        return None
    return Python(
        library=Path(data["library"]) if data["library"] else None,
        **_paths(data, "interpreter", "headers", "configuration"),
    )


if __name__ == "__main__":
    run(main)
