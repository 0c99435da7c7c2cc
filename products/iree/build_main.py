# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The program `iree-build`, also run as `python -m iree.build`."""

from iree.build.main import CliMain


def main() -> None:
    """Builds what the module named on the command line declares."""
    CliMain().run()


if __name__ == "__main__":
    main()
