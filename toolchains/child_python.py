"""The environment of a Python process that imports what this one does.

Since rules_python 1.0 a program keeps its import path to itself: it is no longer in PYTHONPATH, and
`sys.executable -m NAME` finds only the standard library.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns `environ` with what this process imports as PYTHONPATH."""
    return {**environ, "PYTHONPATH": os.pathsep.join(import_path())}


def import_path() -> list[str]:
    """The import path of this process but for its standard library, which is of one version."""
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    archive = f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    own = libraries | {library.with_name(archive) for library in libraries}
    return [
        path for path in sys.path if path and Path(path) not in own and Path(path).parent not in own
    ]
