"""The state of a directory for comparisons: content by path, without times and locks."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_TIMES = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC|Z|\+00:00)?|\"key\": \"[0-9a-f]{64}\""
)
# Archives contain neither store paths nor times, and are too large to search.
_ARCHIVES = frozenset({".whl", ".xz"})
_GENERATION = re.compile(r"\.site-\d+")


def state(directory: Path, *, root: Path | None = None) -> dict[str, bytes]:
    """The content of each file by path; digests for archives, target content for links.

    Args:
      directory: the directory.
      root: the store, whose path in files is replaced; by default the directory itself.

    Raises:
      AssertionError: there are leftovers of a killed run.
    """
    root = root or directory
    found: dict[str, bytes] = {}
    generations = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if _GENERATION.match(name):
            if "/" not in name:
                generations.append(name)
        elif path.name.endswith(".lock") or path.name == ".lock":
            continue
        elif path.is_symlink():
            found |= {
                f"{name}/{inner}": data for inner, data in state(path.resolve(), root=root).items()
            }
        elif path.is_dir():
            found[f"{name}/"] = b""
        else:
            assert not path.name.startswith("."), f"{name} is left over"
            found[name] = _content(path, root)
    assert len(generations) <= 2, f"generations are left over: {generations}"
    return found


def _content(path: Path, root: Path) -> bytes:
    if path.suffix in _ARCHIVES:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    return _TIMES.sub(b"T", path.read_bytes().replace(str(root).encode(), b"STORE"))
