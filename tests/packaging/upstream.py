"""Small wheels like upstream's, valid or broken on purpose."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

NAME = "iree_base_runtime"
VERSION = "3.13.0"
EXPECTED = {
    "project": "iree-base-runtime",
    "version": VERSION,
    "platform": "linux_x86_64",
    "system": "linux",
    "cpu": "x86_64",
}
VERSION_MODULE = "iree/_runtime_libs/version.py"
LIBRARY = "iree/_runtime_libs/libiree.so"
TOOL = "iree/_runtime_libs/iree-run-module"
SCRIPT = "iree/_runtime/scripts/iree_run_module/__main__.py"


def elf(machine: int = 62, body: bytes = b"") -> bytes:
    """Returns the start of a 64-bit little-endian ELF file; machine 62 is x86_64, 183 aarch64."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44) + body


def macho(cpu: int) -> bytes:
    """Returns the start of a 64-bit Mach-O file."""
    return struct.pack("<LL", 0xFEEDFACF, cpu) + bytes(24)


@dataclass(frozen=True)
class UpstreamWheel:
    """The contents of a wheel; replace a field to break it."""

    python_tag: str = "cp311"
    abi_tag: str = "cp311"
    files: Mapping[str, bytes] = field(
        default_factory=lambda: {
            "iree/runtime/__init__.py": b"# runtime\n" * 40,
            VERSION_MODULE: (
                b'PACKAGE_SUFFIX = ""\nVERSION = "3.13.0rc20261016"\n'
                b'REVISIONS = {"IREE": "89ece87"}\n'
            ),
            LIBRARY: elf(body=b"library " * 4000),
            TOOL: elf(body=b"tool " * 1000),
            SCRIPT: b"def main(): pass\n",
        }
    )
    metadata: str = (
        f"Metadata-Version: 2.4\nName: iree-base-runtime\nVersion: {VERSION}\n"
        "Summary: Runtime\nAuthor: IREE Authors\nLicense: Apache-2.0\n"
        "Classifier: License :: OSI Approved :: Apache Software License\n"
        "Classifier: Programming Language :: Python :: 3\n"
        "Classifier: Programming Language :: Python :: 3.10\n"
        "Requires-Dist: numpy\n\n# Runtime\n"
    )
    entry_points: str = (
        "[console_scripts]\niree-run-module = iree._runtime.scripts.iree_run_module.__main__:main\n"
    )
    record: bytes | None = None
    """Content of RECORD instead of the valid one."""
    executables: frozenset[str] = frozenset({TOOL})

    @property
    def filename(self) -> str:
        """The wheel's file name."""
        return f"{NAME}-{VERSION}-{self.python_tag}-{self.abi_tag}-manylinux_2_28_x86_64.whl"

    @property
    def dist_info(self) -> str:
        """Its .dist-info directory."""
        return f"{NAME}-{VERSION}.dist-info"

    def with_files(self, **files: bytes | None) -> UpstreamWheel:
        """Returns the wheel with files added, or removed if their content is None."""
        merged = {**self.files, **files}
        return replace(self, files={k: v for k, v in merged.items() if v is not None})

    def members(self) -> dict[str, bytes]:
        """Returns all members in order, RECORD last."""
        tag = f"{self.python_tag}-{self.abi_tag}-manylinux_2_28_x86_64"
        members = {
            **self.files,
            f"{self.dist_info}/METADATA": self.metadata.encode(),
            f"{self.dist_info}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n".encode(),
            f"{self.dist_info}/entry_points.txt": self.entry_points.encode(),
            f"{self.dist_info}/top_level.txt": b"iree\n",
        }
        record = f"{self.dist_info}/RECORD"
        lines = [f"{path},{_digest(content)},{len(content)}" for path, content in members.items()]
        valid = "\n".join([*lines, f"{record},,"]).encode() + b"\n"
        return {**members, record: valid if self.record is None else self.record}

    def to_bytes(self) -> bytes:
        """Returns the wheel file."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path, content in self.members().items():
                info = zipfile.ZipInfo(path, (2026, 10, 19, 10, 37, 28))
                mode = 0o755 if path in self.executables else 0o644
                info.external_attr = (0o100000 | mode) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        return buffer.getvalue()

    def write(self, directory: Path) -> Path:
        """Writes the wheel into `directory`."""
        path = directory / self.filename
        path.write_bytes(self.to_bytes())
        return path


def _digest(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
