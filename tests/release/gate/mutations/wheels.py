"""Mutations of wheels that violate the packaging specifications."""

from __future__ import annotations

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableWheel
from tests.release.gate.mutations.mutation import (
    TF,
    TFLITE,
    X86,
    Mutation,
    added,
    dropped,
    grafted,
    in_metadata,
    in_wheel,
)


def _stale(wheel: EditableWheel) -> None:
    path = next(name for name in wheel.members if name.endswith("__init__.py"))
    wheel.members[path] += b"# changed after RECORD was written\n"


def _no_record(wheel: EditableWheel) -> None:
    del wheel.members[f"{wheel.dist_info}/RECORD"]


def _broken_record(wheel: EditableWheel) -> None:
    wheel.members[f"{wheel.dist_info}/RECORD"] = b"iree/tf,sha256=x,many\n"


def _weak_record(wheel: EditableWheel) -> None:
    wheel.record()
    path = f"{wheel.dist_info}/RECORD"
    lines = wheel.members[path].split(b"\n")
    wheel.members[path] = b"\n".join(line.split(b",")[0] + b",," for line in lines)


WHEELS = [
    Mutation(
        "a member that differs from RECORD",
        Check.RECORD_DIGEST,
        in_wheel(*TF, change=_stale, record=False),
    ),
    Mutation(
        "a member that RECORD does not list",
        Check.RECORD_INCOMPLETE,
        in_wheel(
            *TF,
            change=lambda wheel: wheel.members.update({"iree/tf/support/more.py": b""}),
            record=False,
        ),
    ),
    Mutation(
        "a member that is only in RECORD",
        Check.RECORD_INCOMPLETE,
        dropped(*TF, path="trace_utils.py", record=False),
    ),
    Mutation("no RECORD", Check.WHEEL_LAYOUT, in_wheel(*TF, change=_no_record, record=False)),
    Mutation(
        "a RECORD that is not a table",
        Check.RECORD_BROKEN,
        in_wheel(*TF, change=_broken_record, record=False),
    ),
    Mutation(
        "a RECORD without digests",
        Check.RECORD_DIGEST,
        in_wheel(*TF, change=_weak_record, record=False),
    ),
    Mutation("no METADATA", Check.WHEEL_LAYOUT, dropped(*TF, path="/METADATA")),
    Mutation("no WHEEL", Check.WHEEL_LAYOUT, dropped(*TF, path="/WHEEL")),
    Mutation(
        "a second .dist-info",
        Check.WHEEL_LAYOUT,
        added(*TF, path="iree_runtime-1.dist-info/METADATA"),
    ),
    Mutation("a missing licence", Check.LICENSE_MISSING, dropped(*X86, path="licenses/LICENSE")),
    Mutation(
        "a licence that METADATA does not name",
        Check.LICENSE_MISSING,
        in_metadata(*TFLITE, old="License-File: LICENSE\n", new=""),
    ),
    Mutation(
        "metadata that is not valid",
        Check.METADATA_INVALID,
        in_metadata(*TF, old="Requires-Dist: numpy", new="Requires-Dist: numpy (>1"),
    ),
    Mutation(
        "a Python that METADATA excludes",
        Check.METADATA_PYTHON,
        in_metadata(*X86, old="Requires-Python: >=3.11", new="Requires-Python: ==3.12.*"),
    ),
    Mutation(
        "a Requires-Python that only one wheel of a package declares",
        Check.SET_METADATA,
        in_metadata(*X86, old="Requires-Python: >=3.11", new="Requires-Python: >=3.12"),
        ">=3.11",
    ),
    Mutation(
        "an undeclared requirement",
        Check.REQUIREMENT,
        in_metadata(*TF, old="Requires-Dist: tensorflow\n", new=""),
        "tensorflow",
    ),
    Mutation(
        "an undeclared requirement of a sibling",
        Check.REQUIREMENT,
        in_metadata(*TF, old="Requires-Dist: iree-compiler", new="Requires-Dist: iree-other"),
        "iree-compiler",
    ),
    Mutation(
        "an entry point whose module is missing",
        Check.ENTRY_POINT,
        dropped(*TF, path="iree_import_tf/__main__.py"),
        "iree-import-tf",
    ),
    Mutation(
        "a launcher whose tool is missing",
        Check.ENTRY_POINT,
        dropped(*X86, path="_runtime_libs_tracy/iree-tracy-capture"),
        "iree-tracy-capture",
    ),
    Mutation(
        "a module that is not valid Python",
        Check.SYNTAX,
        added(*TF, path="iree/tf/x.py", content=b"def f(:"),
    ),
    Mutation(
        "compiled Python",
        Check.LITTER,
        added(*TF, path="iree/tf/__pycache__/x.cpython-311.pyc"),
    ),
    Mutation(
        "a leftover of the operating system", Check.LITTER, added(*TF, path="iree/tf/.DS_Store")
    ),
    Mutation(
        "a version module that is missing",
        Check.WHEEL_VERSION,
        dropped(*X86, path="_runtime_libs_tracy/version.py"),
    ),
    Mutation(
        "a file outside the package",
        Check.WHEEL_OUTSIDE,
        added(*TF, path="tests/x.py", content=b""),
    ),
    Mutation(
        "a file in a sibling's directory",
        Check.WHEEL_OUTSIDE,
        added(*TF, path="iree/runtime/x.py", content=b""),
    ),
    Mutation(
        "a build path in a module",
        Check.BUILD_PATH,
        added(*TF, path="iree/tf/x.py", content=b'ROOT = "/__w/iree/build"\n'),
    ),
    Mutation(
        "a native file in a pure wheel",
        Check.BINARY_SYSTEM,
        lambda r: grafted(r, TFLITE, X86, "iree/tools/tflite/tool"),
    ),
]
