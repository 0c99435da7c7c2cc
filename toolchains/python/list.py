"""Print the interpreters that tests can use, and why others are missing.

./bazelw run //toolchains/python:list
"""

import json
import sys
from pathlib import Path


def main(files: list[str]) -> int:
    """Print a line for each interpreter file, sorted by version."""
    interpreters = [json.loads(Path(file).read_text(encoding="utf-8")) for file in files]
    for interpreter in sorted(interpreters, key=lambda found: _numbers(found["version"])):
        if interpreter["executable"]:
            print(f"Python {interpreter['release']}: {interpreter['executable']}")
        else:
            print(f"not run: Python {interpreter['version']}: {interpreter['reason']}.")
    return 0


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
