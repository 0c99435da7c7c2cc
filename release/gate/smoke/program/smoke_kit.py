"""The library of smoke programs, which use the artifacts of a product as its users do.

A product's smoke program is a Python file, started as `PYTHON main.py REQUEST.json`. REQUEST.json
describes the installed wheels or the unpacked dist, and how programs of their platform are started.
The program prints a JSON object for each result, and the number of results at the end:

    import smoke_kit

    def smoke(test: smoke_kit.Test) -> None:
        with test.result("abacus adds two numbers"):
            if "abacus-eval" in test.programs:
                done = test.run("abacus-eval", "1", "2", "+")
            else:  # an emulated Python, whose scripts cannot be started
                done = test.run_python("-c", "import abacus; print(abacus.evaluate('1 2 +'))")
            if float(done.expect().stdout) != 3:
                raise smoke_kit.SmokeError(f"it prints {done.stdout.strip()}, not 3")

    if __name__ == "__main__":
        smoke_kit.main(smoke)

The program can import this module, the modules beside itself, and the standard library. The keys of
REQUEST.json, which `Test` reads for it:

    schema                  1
    product, version        the name of the product; the version of the release
    kind                    python: installed wheels; tools: unpacked wheels, whose native tools run
                            without a Python; dist: an unpacked dist
    platform                name, os and cpu of the artifacts' platform
    python.version          minor version of the wheels' Python; python is null for other kinds
    python.command          the command line of that Python, complete also under emulation
    packages                directory with the content of the wheels; null for a dist
    dist                    directory with the content of the dist; null for wheels
    programs                path of each program by its name without .exe: scripts of the Python
                            (none if it is emulated), native tools, or programs of the dist
    runner.command          the words before the path of a native program: none, qemu, or wine
    runner.environment      all environment variables of programs
    runner.drive            drive by which programs name paths of this machine, such as Z:, or null
    runner.attempts         how often to start a program that ends with 1 and prints nothing
    runner.starts_children  whether programs can start each other without `runner.command`
    scratch                 an empty directory, at a path without spaces
    shared                  a directory that smoke tests of these wheels on other Pythons also get
    emulated                whether programs run under qemu or wine
    timeout                 seconds that each program may take; six times that for all

This module imports only the standard library. It also runs inside clean containers.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO, Literal, TextIO, TypeVar, cast

_T = TypeVar("_T")

_SCHEMA = 1
_LAST_LINES = 6
_LAST_CHARACTERS = 800
_MOST_BYTES = 1 << 24  # of each stream, to bound memory
# Printed by wine, not by the program, when it cannot start the program.
_RUNNER_ERROR = "wine client error:"


class SmokeError(Exception):
    """What a smoke program expects is not so; the message is one sentence."""


class RequestError(Exception):
    """REQUEST.json cannot be used; the message is one sentence."""


class _ResultFailed(BaseException):
    """Ends the program after a failed result: what follows depends on it."""


@dataclass(frozen=True, slots=True)
class Done:
    """The exit code and the output of a program that ended."""

    program: str
    """Its name in messages."""
    exit_code: int
    """Negative: the signal that killed it."""
    stdout: str
    stderr: str

    def expect(self, exit_code: int = 0) -> Done:
        """Checks the exit code, and returns the object itself.

        Raises:
          SmokeError: the exit code is another; the message has the end of the output.
        """
        if self.exit_code != exit_code:
            expected = f", not {exit_code}" if exit_code else ""
            raise SmokeError(f"{self.program} {self._ending()}{expected}{self.output_tail()}")
        return self

    def output_tail(self) -> str:
        """The last lines of both streams as a suffix of a message; empty without output."""
        lines = (self.stdout + "\n" + self.stderr).splitlines()
        if any(line.startswith("Traceback ") for line in lines):
            lines = [line for line in lines if not line.startswith(("Traceback ", " "))]
        tail = " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])
        return f": {tail[-_LAST_CHARACTERS:]}" if tail else ""

    def _ending(self) -> str:
        if self.exit_code >= 0:
            return f"exits with {self.exit_code}"
        try:
            return f"is killed by {signal.Signals(-self.exit_code).name}"
        except ValueError:
            return f"is killed by signal {-self.exit_code}"

    def _is_lost(self) -> bool:
        """Whether it ended with 1 and printed nothing: the runner failed, not the program."""
        lines = (self.stdout + self.stderr).splitlines()
        return self.exit_code == 1 and all(line.startswith(_RUNNER_ERROR) for line in lines)


@dataclass(frozen=True, slots=True)
class TargetPlatform:
    """The platform of the artifacts."""

    name: str
    """Such as linux_x86_64."""
    os: str
    """linux, macos or windows."""
    cpu: str
    """x86_64 or aarch64."""


@dataclass(frozen=True, slots=True)
class _Runner:
    """How programs of the platform are started."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    drive: str | None
    attempts: int
    starts_children: bool


def _never(done: Done) -> bool:  # noqa: ARG001 # as callers pass it
    return False


class Test:
    """What a smoke program is given, and where it reports its results."""

    def __init__(self, request: Mapping[str, Any], output: TextIO) -> None:
        """Reads a request; results are written to `output`.

        Raises:
          RequestError: the request is malformed, or has another schema.
        """
        read = _Reader(request, "")
        schema = read.value("schema", int)
        if schema != _SCHEMA:
            raise RequestError(f"schema is {schema}; this library reads schema {_SCHEMA}")
        kind = read.value("kind", str)
        if kind not in ("python", "tools", "dist"):
            raise RequestError(f"kind is {kind}; expected python, tools or dist")
        self.kind = cast('Literal["python", "tools", "dist"]', kind)
        """python: installed wheels; tools: the native tools of wheels; dist: an unpacked dist."""
        self.product = read.value("product", str)
        self.version = read.value("version", str)
        """The version of the release."""
        platform = read.section("platform")
        self.platform = TargetPlatform(*(platform.value(key, str) for key in ("name", "os", "cpu")))
        python = read.section("python") if kind == "python" else None
        self.python_version = python.value("version", str) if python else None
        """The minor version of the wheels' Python, such as 3.14; None for other kinds."""
        self._python = python.texts("command") if python else ()
        self.packages = None if kind == "dist" else Path(read.value("packages", str))
        """The directory of the wheels' content; None for a dist."""
        self.dist = Path(read.value("dist", str)) if kind == "dist" else None
        """The directory of the unpacked dist; None for wheels."""
        self.programs = {
            name: Path(path) for name, path in read.section("programs").mapping().items()
        }
        """The programs by name, without the suffix that they have on Windows."""
        runner = read.section("runner")
        self._runner = _Runner(
            runner.texts("command"),
            runner.section("environment").mapping(),
            runner.optional("drive", str),
            runner.value("attempts", int),
            runner.value("starts_children", bool),
        )
        self.scratch = Path(read.value("scratch", str))
        """An empty directory for this program; its path has no spaces."""
        self.shared = Path(read.value("shared", str))
        """A directory that smoke tests of the same wheels on other Pythons get, too."""
        self.emulated = read.value("emulated", bool)
        """Whether programs run many times slower than on a machine of the platform."""
        self.timeout = read.value("timeout", float)
        """Seconds that each program may take."""
        self._output = output
        self._names: set[str] = set()
        self._reported = 0

    @property
    def results(self) -> int:
        """The number of results so far."""
        return self._reported

    @contextlib.contextmanager
    def result(self, name: str) -> Iterator[Callable[[str], None]]:
        """Reports the block as a result: passed, or failed with the message of its exception.

        Calling what it returns adds a detail to a result that passes. A failed result ends the
        program.

        Args:
          name: what the block shows, for a release engineer; each name once.
        """
        self._check_name(name)
        details: list[str] = []
        try:
            yield details.append
        except SmokeError as error:
            self._report(name, "failed", str(error))
            raise _ResultFailed from error
        except Exception as error:
            self._report(name, "failed", f"{type(error).__name__}: {error}")
            raise _ResultFailed from error
        self._report(name, "passed", "; ".join(details))

    def not_run(self, name: str, reason: str) -> None:
        """Reports a result that cannot be determined here.

        Args:
          name: as for `result`.
          reason: reads after "not run: ".
        """
        self._check_name(name)
        self._report(name, "not run", reason)

    def run(
        self,
        program: str | Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        retry: Callable[[Done], bool] = _never,
    ) -> Done:
        """Runs a program of the artifacts to its end, without a shell or standard input.

        Args:
          program: a name in `programs`, or the path of a file.
          arguments: its arguments; paths among them go through `path`.
          environment: variables to set or replace.
          retry: whether a result shows a fault of an emulator, so that the program is started again
            where the emulator has such faults.

        Raises:
          SmokeError: it is missing, does not start, or times out.
        """
        file = self.program(program) if isinstance(program, str) else program
        command = [*self._runner.command, self.path(file), *arguments]
        return self._run(file.name, command, environment or {}, retry)

    def run_python(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
        """Runs the Python in which the wheels are installed.

        Raises:
          SmokeError: it does not start, or times out.
          ValueError: the test has no Python.
        """
        if not self._python:
            raise ValueError(f"a smoke test of kind {self.kind} has no Python")
        name = f"Python {self.python_version}"
        return self._run(name, [*self._python, *arguments], environment or {}, _never)

    def program(self, name: str) -> Path:
        """The path of a program.

        Raises:
          SmokeError: it is missing.
        """
        if name not in self.programs:
            raise SmokeError(f"{name} is missing")
        return self.programs[name]

    def path(self, path: Path) -> str:
        """The name by which a program of the platform opens a file of this machine."""
        path = path.absolute()
        if self._runner.drive is None:
            return str(path)
        return str(PureWindowsPath(f"{self._runner.drive}/", *path.parts[1:]))

    def starter(self, program: Path) -> Path:
        """What another program of the platform starts in order to start `program`.

        It is the program itself, or a script in `scratch` where programs of the platform cannot
        start others.
        """
        if self._runner.starts_children:
            return program
        script = self.scratch / f"start-{program.name}"
        command = shlex.join([*self._runner.command, self.path(program)])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        return script

    def _run(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        retry: Callable[[Done], bool],
    ) -> Done:
        environment = {**self._runner.environment, **environment}
        done = _call(name, command, environment, self.timeout)
        for _ in range(1, self._runner.attempts):
            if not (done._is_lost() or retry(done)):
                break
            done = _call(name, command, environment, self.timeout)
        return done

    def _check_name(self, name: str) -> None:
        if name in self._names:
            raise ValueError(f'the result "{name}" is reported twice')
        self._names.add(name)

    def _report(self, name: str, status: str, detail: str) -> None:
        # A path may have bytes that are no text; a result may not.
        detail = " ".join(detail.split()).encode(errors="backslashreplace").decode()
        line = {"name": name, "status": status, "detail": detail}
        print(json.dumps(line), file=self._output, flush=True)
        self._reported += 1


class _Reader:
    """Reads the values of a JSON object; messages name the key."""

    def __init__(self, values: object, path: str) -> None:
        if not isinstance(values, Mapping):
            raise RequestError(f"{path.rstrip('.') or 'the request'} is not a JSON object")
        self._values: Mapping[str, Any] = values
        self._path = path

    def value(self, key: str, kind: type[_T]) -> _T:
        if key not in self._values:
            raise RequestError(f"{self._path}{key} is missing")
        value = self._values[key]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise RequestError(f"{self._path}{key} is {value!r}; expected {kind.__name__}")
        return value

    def optional(self, key: str, kind: type[_T]) -> _T | None:
        if self._values.get(key, "") is None:
            return None
        return self.value(key, kind)

    def section(self, key: str) -> _Reader:
        self.value(key, dict)
        return _Reader(self._values[key], f"{self._path}{key}.")

    def texts(self, key: str) -> tuple[str, ...]:
        texts = self.value(key, list)
        if not all(isinstance(text, str) for text in texts):
            raise RequestError(f"{self._path}{key} is {texts!r}; expected strings")
        return tuple(texts)

    def mapping(self) -> dict[str, str]:
        return {key: self.value(key, str) for key in self._values}


def main(smoke: Callable[[Test], None], argv: Sequence[str] | None = None) -> None:
    """Runs a smoke program, and ends the process.

    Exit codes: 0 whatever the results, 1 an exception outside of a result, 2 bad usage.

    Args:
      smoke: the program.
      argv: the command line without the program's name; by default that of the process.
    """
    arguments = sys.argv[1:] if argv is None else argv
    program = Path(sys.argv[0]).name
    if len(arguments) != 1:
        print(f"usage: {program} REQUEST.json", file=sys.stderr)
        sys.exit(2)
    output = sys.stdout
    try:
        test = Test(_load(Path(arguments[0])), output)
    except RequestError as error:
        print(f"{program}: {arguments[0]}: {error}", file=sys.stderr)
        sys.exit(2)
    # What the program prints besides results must not mix with them.
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(_ResultFailed):
        try:
            smoke(test)
        except SmokeError as error:
            print(f"{program}: {error}", file=sys.stderr)
            sys.exit(1)
    print(json.dumps({"results": test.results}), file=output, flush=True)
    sys.exit(0)


def _load(path: Path) -> Mapping[str, Any]:
    try:
        request = json.loads(path.read_bytes())
    except OSError as error:
        raise RequestError(f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise RequestError(f"not JSON ({error})") from error
    if not isinstance(request, dict):
        raise RequestError("not a JSON object")
    return request


def _call(
    name: str, command: Sequence[str], environment: Mapping[str, str], timeout: float
) -> Done:
    # Files, not pipes: a surviving grandchild would keep a pipe open, and the reader waiting. The
    # child stays in this process group, which the gate ends as a whole.
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        try:
            exit_code = subprocess.run(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                timeout=timeout,
                check=False,
            ).returncode
        except OSError as error:
            raise SmokeError(f"{name} does not start ({error.strerror})") from error
        except subprocess.TimeoutExpired as error:
            done = Done(name, -signal.SIGKILL, _text(stdout), _text(stderr))
            raise SmokeError(f"{name} times out after {timeout:g} s{done.output_tail()}") from error
        return Done(name, exit_code, _text(stdout), _text(stderr))


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(_MOST_BYTES).decode(errors="replace")
