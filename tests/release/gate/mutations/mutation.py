"""Mutations: ways to break a valid release, and the helpers that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableMember, EditableRelease, EditableWheel

X86 = ("iree_runtime", "cp312", "manylinux_2_28_x86_64")
X86_311 = ("iree_runtime", "cp311", "manylinux_2_28_x86_64")
ARM = ("iree_runtime", "cp312", "manylinux_2_28_aarch64")
WINDOWS = ("iree_runtime", "win_amd64")
MAC = ("iree_runtime", "macosx")
TF = ("iree_tools_tf-",)
TFLITE = ("iree_tools_tflite",)
DIST_WINDOWS = ("iree-dist", "windows")
DIST_MAC = ("iree-dist", "macos")
DIST_LINUX = ("iree-dist", "linux-x86_64")
"""Parts of file names, by which the files of the release are found."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to break a release."""

    name: str
    """A short description of the fault."""
    check: Check
    """The check that must find it."""
    apply: Callable[[EditableRelease], Path | str]
    """Breaks the release; returns the file that the finding must name."""
    message: str = ""
    """Words that the finding must contain."""


def removed(*words: str) -> Callable[[EditableRelease], str]:
    """Removes a file."""

    def apply(release: EditableRelease) -> str:
        path = release.path(*words)
        path.unlink()
        return path.name

    return apply


def copied(*words: str, old: str, new: str) -> Callable[[EditableRelease], Path]:
    """Copies a file to another name."""

    def apply(release: EditableRelease) -> Path:
        path = release.path(*words)
        copy = path.with_name(path.name.replace(old, new))
        copy.write_bytes(path.read_bytes())
        return copy

    return apply


def in_wheel(
    *words: str, change: Callable[[EditableWheel], None], record: bool = True
) -> Callable[[EditableRelease], Path]:
    """Changes the members of a wheel."""
    return lambda release: release.wheel(*words, change=change, record=record)


def in_metadata(*words: str, old: str, new: str) -> Callable[[EditableRelease], Path]:
    """Edits METADATA of a wheel."""
    return in_wheel(*words, change=lambda wheel: wheel.metadata(old, new))


def added(*words: str, path: str, content: bytes = b"x") -> Callable[[EditableRelease], Path]:
    """Adds a member to a wheel."""
    return in_wheel(*words, change=lambda wheel: wheel.members.update({path: content}))


def dropped(*words: str, path: str, record: bool = True) -> Callable[[EditableRelease], Path]:
    """Removes a member from a wheel."""

    def change(wheel: EditableWheel) -> None:
        (found,) = (name for name in wheel.members if name.endswith(path))
        del wheel.members[found]

    return in_wheel(*words, change=change, record=record)


def in_binary(
    *words: str, member: str, old: bytes, new: bytes
) -> Callable[[EditableRelease], Path]:
    """Changes bytes of a native file in a wheel."""
    return lambda release: release.binary(*words, member=member, old=old, new=new)


def in_data(
    *words: str, change: Callable[[bytearray], bytes | bytearray]
) -> Callable[[EditableRelease], Path]:
    """Changes a file as plain bytes."""
    return lambda release: release.data(*words, change=change)


def in_dist(
    *words: str, change: Callable[[list[EditableMember]], None]
) -> Callable[[EditableRelease], Path]:
    """Changes the members of a dist."""
    return lambda release: release.dist(*words, change=change)


def grafted(
    release: EditableRelease, target: tuple[str, ...], source: tuple[str, ...], path: str
) -> Path:
    """Copies a small native file of one wheel into another."""
    donor = EditableWheel.read(release.path(*source))
    content = donor.members[donor.native("iree-cpuinfo")]
    return release.wheel(*target, change=lambda wheel: wheel.members.update({path: content}))
