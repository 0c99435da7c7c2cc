"""Writes anew what a module exports, from its source at the pinned version.

    ./bazelw run //tests/modules:update -- --module NAME --source DIR

DIR is a git checkout of the version's tag, or what its release archive unpacks to. Exit codes: 0
written, 2 DIR is no source of that version.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.modules import pins, sources, table, trees
from tests.modules.errors import ModulesError


def update(root: Path, module: str, source: Path) -> Path:
    """Writes the table of a module and returns its file.

    Raises:
      ModulesError: the module is not pinned, or the source is not of the pinned version.
    """
    versions = sources.our_pins(root).versions
    if module not in versions:
        raise ModulesError(
            f"{pins.FILE} pins no module {module}; it pins {', '.join(sorted(versions))}."
        )
    trees.require(trees.read(source), module, versions[module])
    exports = table.of_tree(source, module, versions[module])
    if not exports.files:
        raise ModulesError(f"{source} exports nothing; take the whole source of {module}.")
    file = root / sources.TABLES / f"{module}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(table.write(exports), encoding="utf-8")
    return file


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 2 bad usage or input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--module", required=True, metavar="NAME", help="as in MODULE.bazel")
    parser.add_argument("--source", required=True, type=Path, metavar="DIR", help="its source tree")
    options = parser.parse_args(argv)
    # `bazel run` starts elsewhere than the user.
    source = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""), options.source)
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    try:
        if root is None:
            raise ModulesError("the workspace is unknown; start this with `./bazelw run`.")
        print(update(Path(root), options.module, source).relative_to(root))
    except ModulesError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
