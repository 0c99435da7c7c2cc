"""How each program of a release is called, and the output that identifies it.

A program that is not listed here is a finding: nothing would show whether it works.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.process import ProcessResult


@dataclass(frozen=True, slots=True)
class Probe:
    """A call of a program, and the output that identifies it."""

    arguments: tuple[str, ...]
    pattern: str
    """A regular expression that matches somewhere in either stream."""
    exit_code: int = 0

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


_HELP = ("--help",)
_VERSION = ("--version",)

_COMPILER_TOOLS = {
    "iree-compile": Probe(_VERSION, "IREE compiler version"),
    "iree-link": Probe(_HELP, "IREE module linker"),
    "iree-opt": Probe(_HELP, "IREE modular optimizer driver"),
}
_RUNTIME_TOOLS = {
    "iree-as-module": Probe(_HELP, "IREE: iree-as-module"),
    "iree-benchmark-executable": Probe(_HELP, "IREE: iree-benchmark-executable"),
    "iree-benchmark-module": Probe(_HELP, "IREE: iree-benchmark-module"),
    "iree-benchmark-replay": Probe(_HELP, "IREE: iree-benchmark-replay"),
    # It has no --help, and prints this on every system.
    "iree-c-embed-data": Probe(_HELP, "Unrecognized command line argument", exit_code=100),
    "iree-convert-parameters": Probe(_HELP, "IREE: iree-convert-parameters"),
    "iree-cpuinfo": Probe((), r"sse4\.2|fp-armv8"),
    "iree-create-parameters": Probe(_HELP, "IREE: iree-create-parameters"),
    "iree-dump-module": Probe(_HELP, "IREE: iree-dump-module"),
    "iree-dump-parameters": Probe(_HELP, "IREE: iree-dump-parameters"),
    "iree-dump-replay": Probe(_HELP, "IREE: iree-dump-replay"),
    "iree-flatcc-cli": Probe(_HELP, "FlatBuffers schema compiler"),
    "iree-profile": Probe(_HELP, "IREE: iree-profile"),
    "iree-run-module": Probe(("--list_drivers",), "local-task: "),
    "iree-run-replay": Probe(_HELP, "IREE: iree-run-replay"),
}
_LINUX_TOOLS = {
    "iree-tracy-capture": Probe((), "Usage: capture -o output.tracy", exit_code=1),
}

SCRIPTS: Mapping[str, Mapping[str, Probe]] = {
    "iree-compiler": {
        **_COMPILER_TOOLS,
        "iree-build": Probe((), "arguments are required: build_module", exit_code=2),
        # It needs the extra `onnx`, which is not installed here.
        "iree-import-onnx": Probe(_HELP, "requires that the `onnx` Python package", exit_code=1),
        "iree-ir-tool": Probe(_HELP, "IREE IR Tool"),
    },
    "iree-runtime": {
        **_RUNTIME_TOOLS,
        **_LINUX_TOOLS,
        "iree-profile-render": Probe(_HELP, "usage: iree-profile-render"),
    },
}
"""The console scripts of the packages with native files, on Linux."""


def launched_tools(os: str) -> Mapping[str, Probe]:
    """The native programs that the wheels' scripts launch.

    Args:
      os: linux, windows or macos.
    """
    return {**_COMPILER_TOOLS, **_RUNTIME_TOOLS, **(_LINUX_TOOLS if os == "linux" else {})}


def dist_tools(os: str) -> Mapping[str, Probe]:
    """The programs in `bin/` of a dist archive.

    Args:
      os: linux, windows or macos.
    """
    linker = Probe(("-flavor", "gnu", "--version"), "LLD")
    return {**launched_tools(os), "iree-lld": linker}
