"""A replacement for bazelw in tests of the nightly: makes small releases, or fails on request.

    bazelw build --//packaging:version=V [--//packaging:without=P] TARGET
    bazelw info … bazel-bin

The file `unfetchable` beside it names platforms whose payload cannot be fetched; the text in `salt`
changes the content of the files.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.release.publish.samples import LINUX, WINDOWS, make_plan, make_release


def main() -> int:
    """Does what Bazel would do."""
    workspace = Path.cwd()
    out = workspace / "out" / "products" / "sample"
    flags = [argument.partition("=") for argument in sys.argv[1:] if argument.startswith("--//")]
    version = next(value for name, _, value in flags if name.endswith(":version"))
    without = [value for name, _, value in flags if name.endswith(":without")]
    if sys.argv[1] == "info":
        print(workspace / "out")
        return 0
    target = sys.argv[-1]
    with (workspace / "calls").open("a") as calls:
        calls.write(f"{target} {version} {' '.join(without)}\n")
    if target == "//products/sample:plan":
        out.mkdir(parents=True, exist_ok=True)
        (out / "plan.json").write_text(json.dumps(make_plan(version)))
        return 0
    unfetchable = (workspace / "unfetchable").read_text().split()
    for platform in {LINUX, WINDOWS} - set(without):
        if platform in unfetchable:
            print(f"Error in fail: the payload of {platform} cannot be fetched", file=sys.stderr)
            return 1
    shutil.rmtree(out, ignore_errors=True)
    make_release(out, version, missing=without, salt=(workspace / "salt").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
