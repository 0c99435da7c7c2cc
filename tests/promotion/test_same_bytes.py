"""The real release under another version: the very bytes that the build makes at it."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import canonicalize_name

from assembly.restamp import Change, restamp
from release import plan


def files(variable: str) -> dict[str, Path]:
    """Wheels and dists of the folders that a variable names, by name."""
    return {
        path.name: path
        for folder in os.environ[variable].split()
        for path in Path(folder).iterdir()
        if path.name.endswith((".whl", ".tar.xz"))
    }


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_promoting_makes_what_building_makes(tmp_path: Path) -> None:
    """Catches: a promotion that is not what its commit builds, in any file of any platform."""
    planned = plan.read(Path(os.environ["PLAN"]))
    version = os.environ["VERSION"]
    names = {canonicalize_name(package.name) for package in planned.packages}
    change = Change(planned.version, version, names)
    candidate, built = files("CANDIDATE"), files("BUILT")
    assert set(candidate) == planned.wheels | planned.archives
    assert {change.rename(name) for name in candidate} == set(built)

    def differing(name: str) -> str | None:
        output = tmp_path / change.rename(name)
        restamp(candidate[name], output, change)
        same = sha256(output) == sha256(built[output.name])
        output.unlink()
        return None if same else name

    with ThreadPoolExecutor() as pool:
        different = [name for name in pool.map(differing, candidate) if name]
    assert not different
