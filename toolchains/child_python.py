"""The environment for a child Python process that needs the import path of this one.

Since rules_python 1.0 a program no longer exports its import path in PYTHONPATH, so
`sys.executable -m NAME` finds only the standard library.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Returns `environ` with PYTHONPATH set to the import path of this process."""
    return {**environ, "PYTHONPATH": os.pathsep.join(import_path())}


def import_path() -> list[str]:
    """The import path of this process without its standard library, which fits one version only."""
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    archive = f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    standard = libraries | {library.with_name(archive) for library in libraries}
    return [
        path
        for path in sys.path
        if path and Path(path) not in standard and Path(path).parent not in standard
    ]
