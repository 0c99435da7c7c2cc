"""Hostile archives: for any bytes, the gate gives a report, in bounded work, and writes nothing.

Each file is inspected as a whole, as the gate does: archive, RECORD, metadata, native headers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.gate.archive.member import ArchiveLimits
from release.gate.inspection import InspectionContext, inspect
from release.model.plan import Platform
from release.model.product import DistDescription, Package, VersionFile, VersionModule
from tests.release.gate.archive.builders import GOOD, ReadResult, special, tarred, xz, zipped
from tests.release.products import make_product

WHEEL = "iree_runtime-1-py3-none-any.whl"
DIST = "iree-dist-1-linux-x86_64.tar.xz"
PLATFORM = Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ())
PRODUCT = make_product(
    Package(
        "iree-runtime",
        ("iree/runtime",),
        version_modules=(VersionModule("iree/runtime/__init__.py", ("VERSION",)),),
    ),
    dist=DistDescription(
        "iree-dist",
        packages=("iree-runtime",),
        contents={"linux": ("README.md",)},
        versions=(VersionFile("iree/runtime/data.bin", "^version (.*)$"),),
    ),
)
CONTEXT = InspectionContext("1", PRODUCT, {DIST: PLATFORM}, {})
INFO = "iree_runtime-1.dist-info"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(44)
PE = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0\x64\x86" + bytes(40)
MACHO = b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01" + bytes(24)
FILES: dict[str, bytes] = {
    **GOOD,
    "iree/runtime/tool": ELF,
    "iree/runtime/tool.exe": PE,
    "iree/runtime/lib.dylib": MACHO,
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/RECORD": b"iree/runtime/__init__.py,sha256=AA,5\n",
    f"{INFO}/entry_points.txt": b"[console_scripts]\nit = iree.runtime:main\n",
}
SMALL_WHEEL = zipped(FILES)
SMALL_TAR = tarred(FILES, [special("bin/link", b"2", "../iree/runtime/tool", 0o777)])
SMALL_DIST = xz(SMALL_TAR)

Change = Callable[[bytes], bytes]


@st.composite
def damage(draw: st.DrawFn) -> Change:
    """A way to damage bytes: flip, cut, insert, repeat, replace, truncate, a few times over."""
    kinds = st.sampled_from(["flip", "cut", "insert", "repeat", "replace", "truncate"])
    steps = draw(
        st.lists(
            st.tuples(kinds, st.floats(0, 1), st.floats(0, 1), st.binary(max_size=40)),
            min_size=1,
            max_size=6,
        )
    )

    def apply(data: bytes) -> bytes:
        for kind, one, two, new in steps:
            first, last = sorted((int(one * len(data)), int(two * len(data))))
            if kind == "flip" and data:
                at = min(first, len(data) - 1)
                data = data[:at] + bytes([data[at] ^ (new[0] if new else 1)]) + data[at + 1 :]
            elif kind == "cut":
                data = data[:first] + data[min(last, first + 64) :]
            elif kind == "insert":
                data = data[:first] + new + data[first:]
            elif kind == "repeat":
                data = data[:last] + data[first:last] + data[last:]
            elif kind == "replace":
                data = data[:first] + new + data[first + len(new) :]
            else:
                data = data[: max(first, 1)]
        return data

    return apply


def damaged(name: str) -> st.SearchStrategy[bytes]:
    """A damaged file of .dist-info."""
    text = FILES.get(f"{INFO}/{name}", b"Metadata-Version: 2.4\nName: iree-runtime\nVersion: 1\n")
    return damage().map(lambda change: change(text))


def check_inspection(name: str, content: bytes) -> None:
    """Inspects a file, and checks that nothing is written next to it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.write_bytes(content)
        report = inspect(path, CONTEXT)
        assert report.size == len(content)
        assert [entry.name for entry in Path(directory).iterdir()] == [name]
        result = ReadResult(path, ArchiveLimits(members=100, size=1 << 20, ratio=50))
        assert result.yielded <= 1 << 20


@pytest.mark.parametrize("name", [WHEEL, DIST])
@given(content=st.binary(max_size=400))
def test_any_bytes_get_a_report(name: str, content: bytes) -> None:
    check_inspection(name, content)


@settings(max_examples=300)
@given(change=damage())
def test_a_damaged_wheel_gets_a_report(change: Change) -> None:
    check_inspection(WHEEL, change(SMALL_WHEEL))


@settings(max_examples=200)
@given(change=damage())
def test_a_damaged_dist_gets_a_report(change: Change) -> None:
    check_inspection(DIST, change(SMALL_DIST))


@settings(max_examples=300)
@given(change=damage())
def test_a_damaged_tar_in_a_complete_stream_gets_a_report(change: Change) -> None:
    """Damage that would otherwise end at xz's checksum and not reach the tar reader."""
    check_inspection(DIST, xz(change(SMALL_TAR)))


@settings(max_examples=200)
@given(paths=st.lists(st.text(max_size=12), max_size=4), content=st.binary(max_size=300))
def test_any_paths_and_contents_get_a_report(paths: list[str], content: bytes) -> None:
    members = {f"iree/{path}": content for path in paths} | FILES
    check_inspection(WHEEL, zipped(members | {f"{INFO}/METADATA": content}))


@settings(max_examples=200)
@given(
    texts=st.fixed_dictionaries(
        {
            name: st.one_of(st.binary(max_size=200), damaged(name))
            for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
        }
    )
)
def test_any_metadata_gets_a_report(texts: dict[str, bytes]) -> None:
    members = FILES | {f"{INFO}/{name}": text for name, text in texts.items()}
    check_inspection(WHEEL, zipped(members))
