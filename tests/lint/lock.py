"""`./bazelw run //:lock`: rewrites requirements_lock.txt from the files in INPUTS.

Locked versions are kept if the inputs allow them. Arguments are passed to pip-compile, such as
`--upgrade` for the newest versions, or `--upgrade-package=NAME`. pip-compile uses the user's pip
configuration, and writes no host names to the lock.
"""

import subprocess
import sys

from tests.lint import tree
from toolchains import child_python

_COMMAND = "./bazelw run //:lock"
INPUTS = ("requirements.in", "tests/requirements.in")
"""The requirements of programs, and additional ones of tests."""


def main(arguments: list[str]) -> int:
    """Writes the lock; returns pip-compile's exit code."""
    options = [
        "--quiet",
        "--generate-hashes",
        "--strip-extras",
        # pip itself is one of our requirements.
        "--allow-unsafe",
        "--no-emit-options",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-trusted-host",
        "--output-file=requirements_lock.txt",
        *INPUTS,
    ]
    return subprocess.run(
        [sys.executable, "-m", "piptools", "compile", *options, *arguments],
        cwd=tree.root(),
        env={**child_python.environment(), "CUSTOM_COMPILE_COMMAND": _COMMAND},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
