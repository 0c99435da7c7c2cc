"""Mutations of archives: damaged, hostile, or not the same on every system."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from release.model.finding import Check
from tests.release.gate.mutations.editable import EditableRelease, EditableWheel, file, link
from tests.release.gate.mutations.mutation import (
    DIST_MAC,
    DIST_WINDOWS,
    TF,
    TFLITE,
    X86,
    Mutation,
    added,
    in_data,
    in_dist,
    in_wheel,
)


def _central(change: Callable[[bytearray, int], None]) -> Callable[[bytearray], bytearray]:
    """A change to the central directory's entry of the first member."""

    def apply(data: bytearray) -> bytearray:
        end = data.rindex(b"PK\x05\x06")
        (offset,) = struct.unpack_from("<L", data, end + 16)
        change(data, offset)
        return data

    return apply


def _flip(data: bytearray) -> bytearray:
    data[len(data) // 2] ^= 0x10
    return data


def _bomb(wheel: EditableWheel) -> None:
    wheel.members["iree/runtime/zeros.bin"] = bytes(300 << 20)


def _bombed(release: EditableRelease) -> Path:
    path = release.path(*TFLITE)
    wheel = EditableWheel.read(path)
    _bomb(wheel)
    wheel.members = {
        name.replace("iree/runtime/", "iree/tools/tflite/"): content
        for name, content in wheel.members.items()
    }
    wheel.record()
    path.unlink()
    wheel.write(path, zipfile.ZIP_DEFLATED)
    return path


def _linked(wheel: EditableWheel) -> None:
    wheel.members["iree/tools/tflite/etc"] = b"/etc"
    wheel.modes["iree/tools/tflite/etc"] = 0o120777


def _twice(release: EditableRelease) -> Path:
    path = release.wheel(*TFLITE, change=EditableWheel.record)
    with zipfile.ZipFile(path, "a") as archive:
        name = archive.namelist()[0]
        data = archive.read(name)
        archive.writestr(zipfile.ZipInfo("iree/tools/tflite/placeholder"), data)
    content = path.read_bytes().replace(
        b"iree/tools/tflite/placeholder", name.encode().ljust(29, b"/")[:29]
    )
    path.write_bytes(content)
    return path


def _encrypted(data: bytearray, offset: int) -> None:
    # In the central directory, and in the local header.
    (local,) = struct.unpack_from("<L", data, offset + 42)
    data[offset + 8] |= 1
    data[local + 6] |= 1


def _crc(data: bytearray, offset: int) -> None:
    data[offset + 16] ^= 0xFF


ARCHIVES = [
    Mutation(
        "a truncated wheel",
        Check.ARCHIVE_BROKEN,
        in_data(*X86, change=lambda d: d[: len(d) * 2 // 3]),
    ),
    Mutation(
        "a truncated dist",
        Check.ARCHIVE_BROKEN,
        in_data(*DIST_WINDOWS, change=lambda d: d[: len(d) // 3]),
    ),
    Mutation("a flipped byte", Check.ARCHIVE_BROKEN, in_data(*X86, change=_flip)),
    Mutation("a flipped byte in a dist", Check.ARCHIVE_BROKEN, in_data(*DIST_MAC, change=_flip)),
    Mutation("an empty file", Check.ARCHIVE_BROKEN, in_data(*TF, change=lambda _: b"")),
    Mutation(
        "an error page saved as a wheel",
        Check.ARCHIVE_BROKEN,
        in_data(*TF, change=lambda _: b"<html>"),
    ),
    Mutation(
        "a checksum that does not match", Check.ARCHIVE_BROKEN, in_data(*TF, change=_central(_crc))
    ),
    Mutation(
        "an encrypted member", Check.ARCHIVE_SPECIAL, in_data(*TF, change=_central(_encrypted))
    ),
    Mutation(
        "a path outside the archive",
        Check.ARCHIVE_PATH,
        added(*TFLITE, path="iree/tools/tflite/../../../../x.py"),
    ),
    Mutation("an absolute path", Check.ARCHIVE_PATH, added(*TFLITE, path="/etc/cron.d/x")),
    Mutation(
        "a Windows path", Check.ARCHIVE_PATH, added(*TFLITE, path="iree\\tools\\tflite\\x.py")
    ),
    Mutation(
        "a name that Windows reserves",
        Check.ARCHIVE_PATH,
        added(*TFLITE, path="iree/tools/tflite/aux.py"),
    ),
    Mutation(
        "a look-alike name",
        Check.ARCHIVE_PATH,
        added(*TFLITE, path="iree/tools/tflite/__\u0456nit__.py"),
    ),
    Mutation(
        "names that differ in case",
        Check.ARCHIVE_DOUBLE,
        added(*TFLITE, path="iree/tools/tflite/__INIT__.py"),
    ),
    Mutation("a duplicate member", Check.ARCHIVE_DOUBLE, _twice),
    Mutation("a link in a wheel", Check.ARCHIVE_LINK, in_wheel(*TFLITE, change=_linked)),
    Mutation("a zip bomb", Check.ARCHIVE_BOMB, _bombed),
    Mutation(
        "a symbolic link out of a dist",
        Check.ARCHIVE_LINK,
        in_dist(
            *DIST_MAC, change=lambda items: items.append(link("bin/passwd", "../../../etc/passwd"))
        ),
    ),
    Mutation(
        "a hard link out of a dist",
        Check.ARCHIVE_LINK,
        in_dist(
            *DIST_MAC,
            change=lambda items: items.append(link("bin/x", "/etc/passwd", tarfile.LNKTYPE)),
        ),
    ),
    Mutation(
        "a path outside a dist",
        Check.ARCHIVE_PATH,
        in_dist(*DIST_MAC, change=lambda items: items.append(file("../x", b"x"))),
    ),
    Mutation(
        "a device in a dist",
        Check.ARCHIVE_SPECIAL,
        in_dist(*DIST_MAC, change=lambda items: items.append(link("null", "", tarfile.CHRTYPE))),
    ),
]
