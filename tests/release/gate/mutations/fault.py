"""A way to break a good set, and the tools that all such ways share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from release.model.finding import Check
from tests.release.gate.mutations.workshop import Item, Wheel, Workshop

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
"""Words by which files of the set are found."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a set."""

    name: str
    """What an engineer would call it."""
    check: Check
    """The check that must find it."""
    make: Callable[[Workshop], Path | str]
    """Breaks the set; returns the file that must be named."""
    says: str = ""
    """Words that the finding must have."""


def fault(name: str, check: Check, make: Callable[[Workshop], Path | str], says: str = "") -> Fault:
    """A fault, in the order in which it is read."""
    return Fault(name, check, make, says)


def removed(*words: str) -> Callable[[Workshop], str]:
    """Takes a file away."""

    def make(workshop: Workshop) -> str:
        path = workshop.path(*words)
        path.unlink()
        return path.name

    return make


def copied(*words: str, old: str, new: str) -> Callable[[Workshop], Path]:
    """Puts a second file beside one, under a changed name."""

    def make(workshop: Workshop) -> Path:
        path = workshop.path(*words)
        twin = path.with_name(path.name.replace(old, new))
        twin.write_bytes(path.read_bytes())
        return twin

    return make


def in_wheel(
    *words: str, change: Callable[[Wheel], None], record: bool = True
) -> Callable[[Workshop], Path]:
    """Changes the members of a wheel."""
    return lambda workshop: workshop.wheel(*words, change=change, record=record)


def in_metadata(*words: str, old: str, new: str) -> Callable[[Workshop], Path]:
    """Edits METADATA of a wheel."""
    return in_wheel(*words, change=lambda wheel: wheel.metadata(old, new))


def added(*words: str, path: str, content: bytes = b"x") -> Callable[[Workshop], Path]:
    """Adds a member to a wheel."""
    return in_wheel(*words, change=lambda wheel: wheel.members.update({path: content}))


def dropped(*words: str, path: str, record: bool = True) -> Callable[[Workshop], Path]:
    """Takes a member out of a wheel."""

    def change(wheel: Wheel) -> None:
        (found,) = (name for name in wheel.members if name.endswith(path))
        del wheel.members[found]

    return in_wheel(*words, change=change, record=record)


def in_binary(*words: str, member: str, old: bytes, new: bytes) -> Callable[[Workshop], Path]:
    """Changes bytes of a native file in a wheel."""
    return lambda workshop: workshop.binary(*words, member=member, old=old, new=new)


def in_data(
    *words: str, change: Callable[[bytearray], bytes | bytearray]
) -> Callable[[Workshop], Path]:
    """Changes a file as plain bytes."""
    return lambda workshop: workshop.data(*words, change=change)


def in_dist(*words: str, change: Callable[[list[Item]], None]) -> Callable[[Workshop], Path]:
    """Changes the members of a dist."""
    return lambda workshop: workshop.dist(*words, change=change)


def grafted(
    workshop: Workshop, target: tuple[str, ...], source: tuple[str, ...], path: str
) -> Path:
    """Puts a small native file of one wheel into another."""
    donor = Wheel.read(workshop.path(*source))
    content = donor.members[donor.native("iree-cpuinfo")]
    return workshop.wheel(*target, change=lambda wheel: wheel.members.update({path: content}))
