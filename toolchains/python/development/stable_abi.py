"""Writes the module definition of python3.dll, for the import library of Windows extensions.

It lists the names of the stable ABI (PEP 384), from the library abi3info. A name that a version of
python3.dll lacks is reported only when an extension is loaded; Py_LIMITED_API decides which names
an extension may use, and the gate checks them.
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
    """Writes the file named on the command line."""
    Path(sys.argv[1]).write_text("\n".join(definition()) + "\n")


if __name__ == "__main__":
    main()
