"""What the programs of a release answer: how each is called, and what shows that it is there.

A program that has no line here is a finding: nobody would know whether it works.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from release.gate.smoke.process import Done, SmokeTestError


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program is called, and what shows that the right one answered."""

    arguments: tuple[str, ...]
    says: str
    """A regular expression, found in what it says on either stream."""
    exit_code: int = 0

    def hold(self, done: Done) -> None:
        """Checks how the program ended that was called with `arguments`.

        Raises:
          SmokeTestError: it ended otherwise, or says something else.
        """
        done.expect(self.exit_code)
        if not re.search(self.says, done.stdout + done.stderr):
            raise SmokeTestError(
                f"{done.program} does not say what it should ({self.says}){done.last_words()}"
            )


_HELP = ("--help",)
_VERSION = ("--version",)

_COMPILER_TOOLS = {
    "iree-compile": Answer(_VERSION, "IREE compiler version"),
    "iree-link": Answer(_HELP, "IREE module linker"),
    "iree-opt": Answer(_HELP, "IREE modular optimizer driver"),
}
_RUNTIME_TOOLS = {
    "iree-as-module": Answer(_HELP, "IREE: iree-as-module"),
    "iree-benchmark-executable": Answer(_HELP, "IREE: iree-benchmark-executable"),
    "iree-benchmark-module": Answer(_HELP, "IREE: iree-benchmark-module"),
    "iree-benchmark-replay": Answer(_HELP, "IREE: iree-benchmark-replay"),
    # It knows no --help, and says so on every system.
    "iree-c-embed-data": Answer(_HELP, "Unrecognized command line argument", exit_code=100),
    "iree-convert-parameters": Answer(_HELP, "IREE: iree-convert-parameters"),
    "iree-cpuinfo": Answer((), r"sse4\.2|fp-armv8"),
    "iree-create-parameters": Answer(_HELP, "IREE: iree-create-parameters"),
    "iree-dump-module": Answer(_HELP, "IREE: iree-dump-module"),
    "iree-dump-parameters": Answer(_HELP, "IREE: iree-dump-parameters"),
    "iree-dump-replay": Answer(_HELP, "IREE: iree-dump-replay"),
    "iree-flatcc-cli": Answer(_HELP, "FlatBuffers schema compiler"),
    "iree-profile": Answer(_HELP, "IREE: iree-profile"),
    "iree-run-module": Answer(("--list_drivers",), "local-task: "),
    "iree-run-replay": Answer(_HELP, "IREE: iree-run-replay"),
}
_LINUX_TOOLS = {
    "iree-tracy-capture": Answer((), "Usage: capture -o output.tracy", exit_code=1),
}

SCRIPTS: Mapping[str, Mapping[str, Answer]] = {
    "iree-compiler": {
        **_COMPILER_TOOLS,
        "iree-build": Answer((), "arguments are required: build_module", exit_code=2),
        # It needs the extra `onnx`, which is not installed here, and says so.
        "iree-import-onnx": Answer(_HELP, "requires that the `onnx` Python package", exit_code=1),
        "iree-ir-tool": Answer(_HELP, "IREE IR Tool"),
    },
    "iree-runtime": {
        **_RUNTIME_TOOLS,
        **_LINUX_TOOLS,
        "iree-profile-render": Answer(_HELP, "usage: iree-profile-render"),
    },
}
"""The console scripts of the packages with native files, on Linux."""


def launched_tools(os: str) -> Mapping[str, Answer]:
    """The native programs that scripts of the wheels launch.

    Args:
      os: linux, windows or macos.
    """
    return {**_COMPILER_TOOLS, **_RUNTIME_TOOLS, **(_LINUX_TOOLS if os == "linux" else {})}


def dist_tools(os: str) -> Mapping[str, Answer]:
    """The programs in `bin/` of a dist archive.

    Args:
      os: linux, windows or macos.
    """
    linker = Answer(("-flavor", "gnu", "--version"), "LLD")
    return {**launched_tools(os), "iree-lld": linker}
