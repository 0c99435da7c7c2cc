"""A replacement for bazelw: makes a release of abacus from one that Bazel built before the test.

    bazelw build --//packaging:version=V TARGET
    bazelw info … bazel-bin

The file `built` beside it has the path of plan.json of that release.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.release.promote.samples import at_version

PACKAGE = Path("products", "abacus")


def main() -> int:
    """Does what Bazel would do."""
    out = Path.cwd() / "out"
    if sys.argv[1] == "info":
        print(out)
        return 0
    prefix = "--//packaging:version="
    (version,) = (word.removeprefix(prefix) for word in sys.argv if word.startswith(prefix))
    if sys.argv[-1] not in (f"//{PACKAGE}:plan", f"//{PACKAGE}:all"):
        print(f"ERROR: no such target '{sys.argv[-1]}'", file=sys.stderr)
        return 1
    at_version(Path(Path("built").read_text()), version, out / PACKAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
