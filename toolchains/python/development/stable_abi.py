"""Writes the module definition of python3.dll, for the import library of Windows' extensions.

The names are those of the stable ABI (PEP 384), as the library abi3info lists them. One that
python3.dll does not have in the version that an extension runs on is missing then, not before: what
an extension may use is decided by its Py_LIMITED_API, and held by the gate.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from abi3info import DATAS, FUNCTIONS


def definition() -> Iterator[str]:
    """The lines of python3.def."""
    yield "LIBRARY python3.dll"
    yield "EXPORTS"
    for symbol, function in sorted(FUNCTIONS.items(), key=lambda item: item[0].name):
        if function.ifdef is None or function.ifdef.windows is True:
            yield f"  {symbol.name}"
    for symbol in sorted(DATAS, key=lambda symbol: symbol.name):
        yield f"  {symbol.name} DATA"


def main() -> None:
    """Writes the file that the command line names."""
    Path(sys.argv[1]).write_text("\n".join(definition()) + "\n")


if __name__ == "__main__":
    main()
