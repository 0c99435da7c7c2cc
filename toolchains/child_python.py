"""The environment of a Python process that imports what this one does.

Since rules_python 1.0 a program keeps its import path to itself: it is no longer in PYTHONPATH, and
`sys.executable -m NAME` finds only the standard library.
"""

import os
import sys
from collections.abc import Mapping


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns `environ` with this process' import path as PYTHONPATH."""
    return {**environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
