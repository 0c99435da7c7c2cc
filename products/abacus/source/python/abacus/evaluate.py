"""`abacus-eval` without a native launcher: evaluates its arguments."""

import sys

from abacus import evaluate


def main() -> int:
    """Prints the value of the expression; exit code 1, and a sentence, when it has none."""
    try:
        print(f"{evaluate(' '.join(sys.argv[1:])):g}")
    except ValueError as error:
        print(f"abacus-eval: {error}", file=sys.stderr)
        return 1
    return 0
