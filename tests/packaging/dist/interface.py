"""What the C header of the dists declares."""

from __future__ import annotations

import re
from pathlib import Path

_HEADER = Path("packaging/dist/include/iree/compiler/embedding_api.h")


def declared_functions() -> list[str]:
    """Names of the functions, in the header's order."""
    code = re.sub(r"//.*", "", _HEADER.read_text())
    return re.findall(r"\b(ireeCompiler\w+)\(", code)
