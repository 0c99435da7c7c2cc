"""Packs a directory with Python's zipfile: `python zipfile_packer.py DIR ARCHIVE`."""

import sys
import zipfile
from pathlib import Path

directory, archive = Path(sys.argv[1]), Path(sys.argv[2])
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
    for path in sorted(directory.rglob("*")):
        target.write(path, path.relative_to(directory))
