"""The class path of Debian's Bazel server inside a prefix.

Debian lists jars by absolute path, and the `Class-Path` in their manifests lists more, also by
absolute path. Neither path exists in a prefix: without the second kind the server starts and then
fails every call with NoClassDefFoundError.
"""

import posixpath
import zipfile
from collections.abc import Iterable
from pathlib import Path


def closure(jars: Iterable[str], root: Path) -> list[str]:
    """Jars and those that their manifests list, transitively, each once, in order of discovery.

    Args:
        jars: absolute paths as Debian lists them.
        root: the directory that the packages were unpacked into.

    Returns:
        Absolute paths of the same kind. Jars that are not in `root` are skipped, as by Java.
    """
    found: dict[str, None] = {}
    pending = list(jars)
    while pending:
        jar = pending.pop(0)
        if jar not in found and (root / jar.lstrip("/")).is_file():
            found[jar] = None
            entries = class_path(root / jar.lstrip("/"))
            pending += [posixpath.normpath(posixpath.join(jar, "..", entry)) for entry in entries]
    return list(found)


def class_path(jar: Path) -> list[str]:
    """The entries of the `Class-Path` attribute in a jar's manifest (JAR File Specification)."""
    with zipfile.ZipFile(jar) as archive:
        if "META-INF/MANIFEST.MF" not in archive.namelist():
            return []
        manifest = archive.read("META-INF/MANIFEST.MF").decode()
    # A line that starts with a space continues the previous one; the main section comes first.
    unfolded = manifest.replace("\r\n", "\n").replace("\r", "\n").replace("\n ", "")
    for line in unfolded.split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "class-path":
            return value.split()
    return []
