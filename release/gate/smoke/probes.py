"""How each program of a product is called, and the output that identifies it.

The product declares its programs. One that it does not declare is a fault: nothing would show
whether it works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.process import ProcessResult
from release.model.product import Package, Program


@dataclass(frozen=True, slots=True)
class Probe:
    """A call of a program, and the output that identifies it."""

    arguments: tuple[str, ...]
    pattern: str
    """A regular expression that matches somewhere in either stream."""
    exit_code: int = 0

    @classmethod
    def of(cls, program: Program) -> Probe:
        """The call that a product declares for a program."""
        return cls(program.arguments, program.prints, program.exit_code)

    def check(self, result: ProcessResult) -> None:
        """Checks the result of calling the program with `arguments`.

        Raises:
          SmokeTestError: the exit code differs, or the output does not match.
        """
        result.expect(self.exit_code)
        if not re.search(self.pattern, result.stdout + result.stderr):
            raise SmokeTestError(
                f'{result.program} does not print "{self.pattern}"{result.output_tail()}'
            )


def scripts(package: Package, system: str) -> Mapping[str, Probe]:
    """The scripts that a package installs on an operating system: linux, macos or windows."""
    return {
        program.name: Probe.of(program)
        for program in package.programs
        if program.script and program.on(system)
    }


def native_tools(packages: Iterable[Package], system: str) -> Mapping[str, Probe]:
    """The native programs of packages on an operating system."""
    return {
        program.name: Probe.of(program)
        for package in packages
        for program in package.programs
        if program.directory is not None and program.on(system)
    }
