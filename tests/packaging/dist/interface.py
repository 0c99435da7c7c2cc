"""The functions that the C header of the dists declares."""

from __future__ import annotations

import re
from pathlib import Path

_HEADER = Path("products/iree/dist/include/iree/compiler/embedding_api.h")


def declared_functions() -> list[str]:
    """Returns the names of the functions, in the order of the header."""
    code = re.sub(r"//.*", "", _HEADER.read_text())
    return re.findall(r"\b(ireeCompiler\w+)\(", code)
