"""Restamping the real wheels makes exactly what the build makes at that version."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import canonicalize_name

from builder.assembly.restamp import Change, restamp
from release.model import plan
from release.model.release_dir import sha256


def test_restamping_makes_the_same_files_as_building(tmp_path: Path) -> None:
    """Catches: a promoted wheel, of any platform, that its commit does not build."""
    planned = plan.read(Path(os.environ["PLAN"]))
    names = {canonicalize_name(package.name) for package in planned.packages}
    change = Change(
        planned.version,
        os.environ["VERSION"],
        siblings=names,
        version_modules={
            module.path for package in planned.packages for module in package.version_modules
        },
    )
    candidate = {path.name: path for path in Path(os.environ["WHEELHOUSE"]).iterdir()}
    built = {path.name: path for path in Path(os.environ["BUILT"]).iterdir()}
    assert set(candidate) == planned.wheels
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
