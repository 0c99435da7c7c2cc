"""A small wheel, assembled from a payload like the real ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builder.assembly.metadata import Declared
from builder.assembly.wheel import Launcher, Wheel
from builder.payload.ingest import Expected, ingest
from tests.packaging.upstream import EXPECTED, LIBRARY, VERSION_MODULE, UpstreamWheel


def wheel_of(directory: Path, upstream: UpstreamWheel, version: str = "20261122.1") -> Wheel:
    """Returns a wheel to assemble from the payload of `upstream`."""
    parts = {name: directory / name for name in ("lib.zip", "common.zip", "cp311.zip")}
    ingest(
        Expected(**EXPECTED),
        {"cp311": upstream.write(directory)},
        {LIBRARY: "lib.zip"},
        parts,
        directory / "index.json",
    )
    license_ = directory / "LICENSE"
    license_.write_text("The licence.\n")
    return Wheel(
        output=directory / f"iree_runtime-{version}-cp311-cp311-manylinux_2_28_x86_64.whl",
        declared=Declared(
            name="iree-runtime",
            version=version,
            requires_python=">=3.11",
            requires=["numpy", f"iree-compiler=={version}", "tool; python_version < '3.12'"],
            extras={"onnx": ["onnx>=1.16.0", "x; sys_platform == 'linux'"]},
            license_expression="Apache-2.0 WITH LLVM-exception",
            license_files=["LICENSE"],
            pythons=["3.11"],
        ),
        python_tag="cp311",
        abi_tag="cp311",
        platform_tags=["manylinux_2_28_x86_64"],
        version_modules=[VERSION_MODULE],
        replacements={},
        launcher=None,
        license_files={"LICENSE": license_},
        index=directory / "index.json",
        parts=parts,
        where="products/iree/BUILD.bazel",
    )


def launching(wheel: Wheel, directory: Path, **tools: str) -> Wheel:
    """Returns the wheel with a launcher for tools, by name with underscores for dashes."""
    program = directory / "launcher"
    program.write_bytes(b"\x7fELF launcher")
    named = {name.replace("_", "-"): place for name, place in tools.items()}
    return replace(wheel, launcher=Launcher(program, "", named))
