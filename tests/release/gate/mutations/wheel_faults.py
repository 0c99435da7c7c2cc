"""Faults of wheels as the specifications describe them."""

from __future__ import annotations

from release.model.finding import Check
from tests.release.gate.mutations.fault import (
    TF,
    TFLITE,
    X86,
    added,
    dropped,
    fault,
    grafted,
    in_metadata,
    in_wheel,
)
from tests.release.gate.mutations.workshop import Wheel


def _stale(wheel: Wheel) -> None:
    path = next(name for name in wheel.members if name.endswith("__init__.py"))
    wheel.members[path] += b"# changed after RECORD was written\n"


def _no_record(wheel: Wheel) -> None:
    del wheel.members[f"{wheel.dist_info}/RECORD"]


def _broken_record(wheel: Wheel) -> None:
    wheel.members[f"{wheel.dist_info}/RECORD"] = b"iree/tf,sha256=x,many\n"


def _weak_record(wheel: Wheel) -> None:
    wheel.record()
    path = f"{wheel.dist_info}/RECORD"
    lines = wheel.members[path].split(b"\n")
    wheel.members[path] = b"\n".join(line.split(b",")[0] + b",," for line in lines)


WHEELS = [
    fault(
        "a member that RECORD describes otherwise",
        Check.RECORD_DIGEST,
        in_wheel(*TF, change=_stale, record=False),
    ),
    fault(
        "a member that RECORD does not list",
        Check.RECORD_INCOMPLETE,
        in_wheel(
            *TF,
            change=lambda wheel: wheel.members.update({"iree/tf/support/more.py": b""}),
            record=False,
        ),
    ),
    fault(
        "a member that is only in RECORD",
        Check.RECORD_INCOMPLETE,
        dropped(*TF, path="trace_utils.py", record=False),
    ),
    fault("no RECORD", Check.WHEEL_LAYOUT, in_wheel(*TF, change=_no_record, record=False)),
    fault(
        "a RECORD that is no table",
        Check.RECORD_BROKEN,
        in_wheel(*TF, change=_broken_record, record=False),
    ),
    fault(
        "a RECORD without digests",
        Check.RECORD_DIGEST,
        in_wheel(*TF, change=_weak_record, record=False),
    ),
    fault("no METADATA", Check.WHEEL_LAYOUT, dropped(*TF, path="/METADATA")),
    fault("no WHEEL", Check.WHEEL_LAYOUT, dropped(*TF, path="/WHEEL")),
    fault(
        "a second .dist-info",
        Check.WHEEL_LAYOUT,
        added(*TF, path="iree_runtime-1.dist-info/METADATA"),
    ),
    fault("a missing licence", Check.LICENSE_MISSING, dropped(*X86, path="licenses/LICENSE")),
    fault(
        "a licence that METADATA does not name",
        Check.LICENSE_MISSING,
        in_metadata(*TFLITE, old="License-File: LICENSE\n", new=""),
    ),
    fault(
        "metadata that is not valid",
        Check.METADATA_INVALID,
        in_metadata(*TF, old="Requires-Dist: numpy", new="Requires-Dist: numpy (>1"),
    ),
    fault(
        "a Python that METADATA excludes",
        Check.METADATA_PYTHON,
        in_metadata(*X86, old="Requires-Python: >=3.11", new="Requires-Python: ==3.12.*"),
    ),
    fault(
        "a Python that METADATA asks for in one wheel alone",
        Check.SET_METADATA,
        in_metadata(*X86, old="Requires-Python: >=3.11", new="Requires-Python: >=3.12"),
        ">=3.11",
    ),
    fault(
        "an undeclared requirement",
        Check.REQUIREMENT,
        in_metadata(*TF, old="Requires-Dist: tensorflow\n", new=""),
        "tensorflow",
    ),
    fault(
        "an undeclared requirement of a sibling",
        Check.REQUIREMENT,
        in_metadata(*TF, old="Requires-Dist: iree-compiler", new="Requires-Dist: iree-other"),
        "iree-compiler",
    ),
    fault(
        "an entry point whose module is gone",
        Check.ENTRY_POINT,
        dropped(*TF, path="iree_import_tf/__main__.py"),
        "iree-import-tf",
    ),
    fault(
        "a launcher whose tool is gone",
        Check.ENTRY_POINT,
        dropped(*X86, path="_runtime_libs_tracy/iree-tracy-capture"),
        "iree-tracy-capture",
    ),
    fault(
        "a module that is no Python",
        Check.SYNTAX,
        added(*TF, path="iree/tf/x.py", content=b"def f(:"),
    ),
    fault(
        "compiled Python",
        Check.LITTER,
        added(*TF, path="iree/tf/__pycache__/x.cpython-311.pyc"),
    ),
    fault("a file of the system", Check.LITTER, added(*TF, path="iree/tf/.DS_Store")),
    fault(
        "a file outside the package",
        Check.WHEEL_OUTSIDE,
        added(*TF, path="tests/x.py", content=b""),
    ),
    fault(
        "a file in a sibling's directory",
        Check.WHEEL_OUTSIDE,
        added(*TF, path="iree/runtime/x.py", content=b""),
    ),
    fault(
        "a path of the build in a module",
        Check.BUILD_PATH,
        added(*TF, path="iree/tf/x.py", content=b'ROOT = "/__w/iree/build"\n'),
    ),
    fault(
        "a native file in a pure wheel",
        Check.BINARY_SYSTEM,
        lambda w: grafted(w, TFLITE, X86, "iree/tools/tflite/tool"),
    ),
]
