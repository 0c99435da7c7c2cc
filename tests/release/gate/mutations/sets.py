"""Mutations of the set: files that are missing, unplanned, misnamed, or of another version."""

from __future__ import annotations

from pathlib import Path

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableRelease, EditableWheel
from tests.release.gate.mutations.mutation import (
    ARM,
    DIST_LINUX,
    MAC,
    TF,
    TFLITE,
    X86,
    X86_311,
    Mutation,
    copied,
    in_metadata,
    in_wheel,
    removed,
)


def _swapped(release: EditableRelease, name: tuple[str, ...], content: tuple[str, ...]) -> Path:
    target, source = release.path(*name), release.path(*content)
    target.unlink()
    target.write_bytes(source.read_bytes())
    return target


SET = [
    Mutation("a missing Python", Check.SET_MISSING, removed(*X86_311), "required by the plan"),
    Mutation("a missing platform", Check.SET_MISSING, removed(*ARM)),
    Mutation("a missing required dist", Check.SET_MISSING, removed(*DIST_LINUX)),
    Mutation(
        "a duplicate of a cell with a build number",
        Check.SET_UNPLANNED,
        copied(*X86_311, old="-cp311", new="-1-cp311"),
    ),
    Mutation(
        "a wheel of another release left in the directory",
        Check.SET_UNPLANNED,
        copied(*TFLITE, old="-py3", new="_old-py3"),
    ),
    Mutation(
        "a tag that only the file name has",
        Check.WHEEL_TAGS,
        lambda r: r.rename(*X86_311, old="cp311-cp311", new="cp313-cp313"),
    ),
    Mutation(
        "the x86_64 wheel under the name of aarch64",
        Check.BINARY_CPU,
        lambda r: _swapped(r, ARM, X86),
    ),
    Mutation(
        "a false universal2 tag",
        Check.BINARY_CPU,
        lambda r: r.rename(*MAC, old="arm64", new="universal2"),
        "arm64",
    ),
]


def _mixed(wheel: EditableWheel) -> None:
    wheel.metadata("\nVersion: ", "\nVersion: 1")


VERSIONS = [
    Mutation("METADATA of another version", Check.WHEEL_NAME, in_wheel(*X86, change=_mixed)),
    Mutation(
        "a version module of another version",
        Check.SET_VERSION,
        in_wheel(
            *X86,
            change=lambda wheel: wheel.members.update(
                {"iree/_runtime_libs/version.py": b'VERSION = "3.13.0rc20261016"\n'}
            ),
        ),
    ),
    Mutation(
        "a sibling pinned to another version",
        Check.SET_PIN,
        in_metadata(
            *TF, old="Requires-Dist: iree-runtime==", new="Requires-Dist: iree-runtime==1."
        ),
    ),
    Mutation(
        "a sibling that is not pinned",
        Check.SET_PIN,
        in_metadata(*TF, old="Requires-Dist: iree-runtime==", new="Requires-Dist: iree-runtime>="),
    ),
    Mutation(
        "the name of another project",
        Check.WHEEL_NAME,
        in_metadata(*TFLITE, old="Name: iree-tools-tflite", new="Name: iree-tools-xla"),
    ),
]
