"""`abacus-total`: evaluates expressions from arguments and files."""

import argparse
import sys
from pathlib import Path

from abacus_scripts import VERSION, total


def main() -> int:
    """Prints the value of each expression; exit code 1, and a sentence, if one has none."""
    parser = argparse.ArgumentParser(prog="abacus-total", description=__doc__)
    parser.add_argument("expressions", nargs="*", metavar="EXPRESSION", help='such as "2 3 +"')
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        type=Path,
        help="a file with an expression in each line; repeatable",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    options = parser.parse_args()
    lines = [*options.expressions]
    try:
        for file in options.file:
            lines += file.read_text(encoding="utf-8").splitlines()
        for result in total(line for line in lines if line.strip()):
            print(f"{result:g}")
    except (OSError, ValueError) as error:
        print(f"abacus-total: {error}", file=sys.stderr)
        return 1
    return 0
