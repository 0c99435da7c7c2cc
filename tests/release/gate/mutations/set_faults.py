"""Faults of the set: what is missing, too much, misnamed, or of another version."""

from __future__ import annotations

from pathlib import Path

from release.model.finding import Check
from tests.release.gate.mutations.fault import (
    ARM,
    DIST_LINUX,
    MAC,
    TF,
    TFLITE,
    X86,
    X86_311,
    copied,
    fault,
    in_metadata,
    in_wheel,
    removed,
)
from tests.release.gate.mutations.workshop import Wheel, Workshop


def _swapped(workshop: Workshop, name: tuple[str, ...], content: tuple[str, ...]) -> Path:
    target, source = workshop.path(*name), workshop.path(*content)
    target.unlink()
    target.write_bytes(source.read_bytes())
    return target


SET = [
    fault("a missing Python", Check.SET_MISSING, removed(*X86_311), "a release needs it"),
    fault("a missing platform", Check.SET_MISSING, removed(*ARM)),
    fault("a missing required dist", Check.SET_MISSING, removed(*DIST_LINUX)),
    fault(
        "a duplicate of a cell with a build number",
        Check.SET_UNPLANNED,
        copied(*X86_311, old="-cp311", new="-1-cp311"),
    ),
    fault(
        "a wheel of another night left in the directory",
        Check.SET_UNPLANNED,
        copied(*TFLITE, old="-py3", new="_old-py3"),
    ),
    fault(
        "a tag that only the file name has",
        Check.WHEEL_TAGS,
        lambda w: w.rename(*X86_311, old="cp311-cp311", new="cp313-cp313"),
    ),
    fault(
        "the x86_64 wheel under the name of aarch64",
        Check.BINARY_CPU,
        lambda w: _swapped(w, ARM, X86),
    ),
    fault(
        "the universal2 lie",
        Check.BINARY_CPU,
        lambda w: w.rename(*MAC, old="arm64", new="universal2"),
        "arm64",
    ),
]


def _mixed(wheel: Wheel) -> None:
    wheel.metadata("\nVersion: ", "\nVersion: 1")


VERSIONS = [
    fault("METADATA of another version", Check.WHEEL_NAME, in_wheel(*X86, change=_mixed)),
    fault(
        "a version module of another version",
        Check.SET_VERSION,
        in_wheel(
            *X86,
            change=lambda wheel: wheel.members.update(
                {"iree/_runtime_libs/version.py": b'VERSION = "3.13.0rc20261016"\n'}
            ),
        ),
    ),
    fault(
        "a sibling pinned to a pre-release of it",
        Check.SET_PIN,
        in_metadata(
            *TF, old="Requires-Dist: iree-runtime==", new="Requires-Dist: iree-runtime==1."
        ),
    ),
    fault(
        "a sibling that is not pinned",
        Check.SET_PIN,
        in_metadata(*TF, old="Requires-Dist: iree-runtime==", new="Requires-Dist: iree-runtime>="),
    ),
    fault(
        "the name of another project",
        Check.WHEEL_NAME,
        in_metadata(*TFLITE, old="Name: iree-tools-tflite", new="Name: iree-tools-xla"),
    ),
]
