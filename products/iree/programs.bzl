"""The programs of IREE's packages: how each is called, and what identifies its output."""

load("//packaging:defs.bzl", "program")

_COMPILER = "iree/compiler/_mlir_libs"
_RUNTIME = "iree/_runtime_libs"
_TRACY = "iree/_runtime_libs_tracy"

def _help(name, directory, prints):
    """Returns a native tool that describes itself with --help."""
    return program(
        name,
        arguments = ["--help"],
        directory = directory,
        prints = prints,
    )

COMPILER_PROGRAMS = [
    program(
        "iree-compile",
        arguments = ["--version"],
        directory = _COMPILER,
        prints = "IREE compiler version",
    ),
    _help("iree-link", _COMPILER, "IREE module linker"),
    _help("iree-opt", _COMPILER, "IREE modular optimizer driver"),
    # The compiler starts it; the package has no script for it.
    program(
        "iree-lld",
        arguments = [
            "-flavor",
            "gnu",
            "--version",
        ],
        directory = _COMPILER,
        prints = "LLD",
        script = False,
    ),
    program(
        "iree-build",
        exit_code = 2,
        prints = "arguments are required: build_module",
    ),
    # It needs the extra `onnx`, which is not installed.
    program(
        "iree-import-onnx",
        arguments = ["--help"],
        exit_code = 1,
        prints = "requires that the `onnx` Python package",
    ),
    program(
        "iree-ir-tool",
        arguments = ["--help"],
        prints = "IREE IR Tool",
    ),
]

# Upstream's scripts run these from the variant that IREE_PY_RUNTIME selects.
_VARYING = [
    _help("iree-as-module", _RUNTIME, "IREE: iree-as-module"),
    _help("iree-benchmark-executable", _RUNTIME, "IREE: iree-benchmark-executable"),
    _help("iree-benchmark-module", _RUNTIME, "IREE: iree-benchmark-module"),
    _help("iree-benchmark-replay", _RUNTIME, "IREE: iree-benchmark-replay"),
    # It has no --help, and prints this on every system.
    program(
        "iree-c-embed-data",
        arguments = ["--help"],
        directory = _RUNTIME,
        exit_code = 100,
        prints = "Unrecognized command line argument",
    ),
    _help("iree-flatcc-cli", _RUNTIME, "FlatBuffers schema compiler"),
    program(
        "iree-run-module",
        arguments = ["--list_drivers"],
        directory = _RUNTIME,
        prints = "local-task: ",
    ),
    _help("iree-run-replay", _RUNTIME, "IREE: iree-run-replay"),
]

# Upstream's scripts always run these from the default variant.
_DEFAULT = [
    _help("iree-convert-parameters", _RUNTIME, "IREE: iree-convert-parameters"),
    program(
        "iree-cpuinfo",
        directory = _RUNTIME,
        prints = "sse4\\.2|fp-armv8",
    ),
    _help("iree-create-parameters", _RUNTIME, "IREE: iree-create-parameters"),
    _help("iree-dump-module", _RUNTIME, "IREE: iree-dump-module"),
    _help("iree-dump-parameters", _RUNTIME, "IREE: iree-dump-parameters"),
    _help("iree-dump-replay", _RUNTIME, "IREE: iree-dump-replay"),
    _help("iree-profile", _RUNTIME, "IREE: iree-profile"),
]

RUNTIME_PROGRAMS = _VARYING + _DEFAULT + [
    program(
        "iree-tracy-capture",
        directory = _TRACY,
        exit_code = 1,
        prints = "Usage: capture -o output.tracy",
        systems = ["linux"],
    ),
    program(
        "iree-profile-render",
        arguments = ["--help"],
        prints = "usage: iree-profile-render",
    ),
]

# The directory with the Tracy variant of the runtime's tools, and the names of these tools.
TRACY_DIRECTORY = _TRACY
TRACY_TOOLS = [each.name for each in _VARYING]
