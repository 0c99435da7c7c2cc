"""Configures, builds and installs a CMake project for another platform.

The request names everything that the build uses: sources, the C toolchain, cmake and ninja, and
what extension modules need. There is no network, and the host is not visible: CMake searches
libraries and packages only in the given trees, and PATH contains only ninja.

The message of a failure has the relevant lines of the output, the likely cause, and the path of the
log, which is always an output of the action.
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

from builder.assembly import content, request
from builder.assembly.errors import PackagingError, run

_LAST_LINES = 30
_SYSTEMS = {"linux": "Linux", "macos": "Darwin", "windows": "Windows"}
_PROCESSORS = {
    ("windows", "x86_64"): "AMD64",
    ("macos", "aarch64"): "arm64",
}
_NO_PROXY = "http://127.0.0.1:9"
"""A proxy that does not answer, for sandboxes with network access."""
_NETWORK_ERROR = re.compile(
    r"Could not resolve host|Could not connect to server|Failed to connect to|unable to access '"
    r"|could not find git|Could not resolve proxy|Network is unreachable"
)
_FIRST_ERROR = re.compile(r"^(FAILED: |CMake Error|.*\berror: |ninja: (error|fatal))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Compiler:
    """The C toolchain of the platform, from Bazel."""

    cc: Path
    cxx: Path
    ar: Path
    c_flags: Sequence[str]
    cxx_flags: Sequence[str]
    program_flags: Sequence[str]
    """Flags for linking programs."""
    library_flags: Sequence[str]
    """Flags for linking libraries."""
    environment: Mapping[str, str]
    """Environment variables; paths are relative to the working directory of the action."""


@dataclass(frozen=True, slots=True)
class Python:
    """What extension modules are compiled with."""

    interpreter: Path
    """An interpreter for this machine, which CMake projects run."""
    headers: Path
    """Headers of the interpreter's minor version, as FindPython requires."""
    configuration: Path
    """pyconfig.h of the platform."""
    library: Path | None
    """Import library of python3.dll."""


@dataclass(frozen=True, slots=True)
class Project:
    """The CMake project to build."""

    source: Path
    """The directory that contains CMakeLists.txt."""
    output: Path
    """The directory to install into."""
    log: Path
    system: str
    """linux, windows or macos."""
    cpu: str
    definitions: Mapping[str, str]
    """Cache variables of the project."""
    targets: Sequence[str]
    """Targets to build; all if empty."""
    components: Sequence[str]
    """Components to install; all if empty."""
    prefixes: Sequence[Path]
    """Install trees in which CMake searches packages."""
    where: str
    """The file that declares the project, for messages."""


def toolchain_file(project: Project, compiler: Compiler, flags: Sequence[str]) -> str:
    """Returns a CMake toolchain file (cmake-toolchains(7)).

    Args:
      project: the project to build.
      compiler: the C toolchain.
      flags: compiler flags in addition to those of the toolchain.
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
        # CMake requires one but does not run it: install names are already final.
        lines["CMAKE_INSTALL_NAME_TOOL"] = "${CMAKE_COMMAND}"
    return "".join(f"set({name} {_quoted(value)})\n" for name, value in lines.items())


def definitions(project: Project, python: Python | None, include: Path) -> dict[str, str]:
    """Returns the cache variables that a project is configured with.

    Args:
      project: the project to build.
      python: what extension modules are compiled with, or None.
      include: the directory with headers and pyconfig.h.
    """
    variables = {
        "CMAKE_BUILD_TYPE": "Release",
        # Keep the optimization level of the toolchain: CMake would append -O3.
        "CMAKE_C_FLAGS_RELEASE": "-DNDEBUG",
        "CMAKE_CXX_FLAGS_RELEASE": "-DNDEBUG",
        "CMAKE_INSTALL_PREFIX": "/",
        "CMAKE_INSTALL_LIBDIR": "lib",
        "CMAKE_BUILD_WITH_INSTALL_RPATH": "ON",
        # Do not search /usr and /usr/local.
        "CMAKE_FIND_USE_CMAKE_SYSTEM_PATH": "OFF",
        "CMAKE_FIND_USE_PACKAGE_REGISTRY": "OFF",
        "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": "OFF",
    }
    if python:
        for prefix in ("Python", "Python3"):
            variables[f"{prefix}_EXECUTABLE"] = str(python.interpreter.absolute())
            variables[f"{prefix}_INCLUDE_DIR"] = str(include)
            if python.library:
                variables[f"{prefix}_LIBRARY"] = str(python.library.absolute())
                variables[f"{prefix}_SABI_LIBRARY"] = str(python.library.absolute())
    return variables | dict(project.definitions)


def build(
    project: Project, compiler: Compiler, python: Python | None, cmake: Path, ninja: Path
) -> None:
    """Builds and installs a project.

    Raises:
      PackagingError: there is no CMakeLists.txt, or a step fails.
    """
    if not (project.source / "CMakeLists.txt").is_file():
        raise PackagingError(
            f"{project.where}: {project.source} has no CMakeLists.txt; set `source_dir` to the "
            "directory that contains it"
        )
    with tempfile.TemporaryDirectory() as scratch, project.log.open("w") as log:
        directory = Path(scratch).resolve()
        tree, include, programs = directory / "build", directory / "include", directory / "bin"
        for created in (tree, programs):
            created.mkdir()
        if python:
            content.copy_tree(python.headers, include)
            shutil.copyfile(python.configuration, include / "pyconfig.h")
        (programs / "ninja").symlink_to(ninja.absolute())
        toolchain = tree / "toolchain.cmake"
        source = project.source.resolve()
        # Keep the paths of the build out of the files.
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
            + (f" for the components {', '.join(project.components)}" if project.components else "")
            + "; add install() rules to the project"
        )


@dataclass(frozen=True, slots=True)
class _Steps:
    """Runs the steps of a build, and writes the log."""

    project: Project
    log: IO[str]
    environment: Mapping[str, str]

    def run(self, what: str, command: Sequence[str]) -> None:
        """Runs a step.

        Raises:
          PackagingError: the step fails.
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
            if _NETWORK_ERROR.search(done.stdout):
                cause = (
                    "\nIt tried to use the network, which build actions lack: add what it "
                    "downloads to `source`, and set FETCHCONTENT_SOURCE_DIR_NAME to its directory."
                )
            raise PackagingError(
                f"{self.project.where}: {what} failed (exit code {done.returncode}):\n"
                + "\n".join(f"  {line}" for line in last_lines(done.stdout))
                + f"{cause}\nFull log: {self.project.log}"
            )


def last_lines(output: str) -> list[str]:
    """Returns at most 30 lines that explain a failure, from the first error on.

    The last lines alone may be about another file, which was compiled at the same time.
    """
    lines = output.strip().splitlines()
    found = next((n for n, line in enumerate(lines) if _FIRST_ERROR.match(line)), None)
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
        "http_proxy": _NO_PROXY,
        "https_proxy": _NO_PROXY,
    }


def _words(flags: Iterable[str]) -> str:
    """Returns flags as the value of one CMake variable."""
    return " ".join(flag if re.fullmatch(r"[\w=./,+:-]+", flag) else _shell(flag) for flag in flags)


def _shell(flag: str) -> str:
    return "'" + flag.replace("'", "'\\''") + "'"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> None:
    """Runs the request named on the command line."""
    data = request.from_command_line()
    project = data["project"]
    build(
        Project(
            **{**project, **_paths(project, "source", "output", "log")}
            | {"prefixes": [Path(path) for path in project["prefixes"]]}
        ),
        Compiler(**{**data["compiler"], **_paths(data["compiler"], "cc", "cxx", "ar")}),
        _python(data["python"]),
        Path(data["cmake"]),
        Path(data["ninja"]),
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
