"""Updates the table of a module's exports from its source at the pinned version.

    ./bazelw run //tests/modules:update -- --module NAME --source DIR

DIR is a git checkout of the version's tag, or the directory of its unpacked release archive. Exit
codes: 0 updated, 2 DIR is not the source of that version.
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
    """Writes the table of a module; returns its path.

    Raises:
      ModulesError: the module is not pinned, or the source is not of the pinned version.
    """
    versions = sources.our_pins(root).versions
    if module not in versions:
        raise ModulesError(
            f"{pins.FILE} does not pin {module}; it pins {', '.join(sorted(versions))}."
        )
    trees.require(trees.read(source), module, versions[module])
    exports = table.of_tree(source, module, versions[module])
    if not exports.files:
        raise ModulesError(f"{source} exports nothing; use the complete source of {module}.")
    file = root / sources.TABLES / f"{module}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(table.write(exports), encoding="utf-8")
    return file


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 2 bad usage or input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--module", required=True, metavar="NAME", help="Name of the module in MODULE.bazel"
    )
    parser.add_argument(
        "--source", required=True, type=Path, metavar="DIR", help="Source tree of the module"
    )
    options = parser.parse_args(argv)
    # `bazel run` starts programs in another directory.
    source = Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""), options.source)
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    try:
        if root is None:
            raise ModulesError(
                "BUILD_WORKSPACE_DIRECTORY is not set; run this with `./bazelw run`."
            )
        print(update(Path(root), options.module, source).relative_to(root))
    except ModulesError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
