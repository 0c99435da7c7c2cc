"""The part of IREE's smoke program that runs in the Python of the wheels.

    python api.py JOBS.json

JOBS.json is a list of calls of the Python API. Each writes the file `output`; the first one that
fails ends the program. It imports only the standard library, NumPy and IREE.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def compile_in_session(job: Mapping[str, Any]) -> None:
    """Parses with the MLIR bindings and compiles in this process, as iree-turbine does."""
    api = importlib.import_module("iree.compiler.api")
    ir = importlib.import_module("iree.compiler.ir")
    session = api.Session()
    session.set_flags(*job["flags"])
    source = Path(job["source"])
    parsed = ir.Module.parse(source.read_text(encoding="utf-8"), session.context)
    invocation = session.invocation()
    invocation.enable_console_diagnostics()
    invocation.import_module(parsed.operation)
    if not invocation.execute():
        sys.exit(f"iree.compiler.api cannot compile {source.name} for {job['backend']}")
    output = api.Output.open_file(job["output"])
    invocation.output_vm_bytecode(output)
    output.keep()


def compile_by_function(job: Mapping[str, Any]) -> None:
    """Calls `iree.compiler.compile_file`, which finds the compiler and the linker itself."""
    compiler = importlib.import_module("iree.compiler")
    compiler.compile_file(
        job["source"],
        output_file=job["output"],
        target_backends=[job["backend"]],
        extra_args=job["flags"],
    )


def run(job: Mapping[str, Any]) -> None:
    """Loads a module with `iree.runtime`, and calls its function with arrays from files."""
    numpy = importlib.import_module("numpy")
    runtime = importlib.import_module("iree.runtime")
    loaded = runtime.load_vm_flatbuffer_file(job["module"], driver=job["device"])
    arguments = [numpy.load(path, allow_pickle=False) for path in job["inputs"]]
    numpy.save(job["output"], loaded[job["function"]](*arguments).to_host())


CALLS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "iree.compiler.api.Session": compile_in_session,
    "iree.compiler.compile_file": compile_by_function,
    "iree.runtime": run,
}


def main(jobs: Path) -> None:
    """Makes the calls in their order."""
    for job in json.loads(jobs.read_bytes()):
        CALLS[job["call"]](job)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
