"""Wheels of a few kilobytes, with or without faults, and the product that declares them."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.gate.smoke.environment import PinnedWheel
from release.gate.smoke.process import ProcessResult, run
from release.model.product import Package, Program, VersionModule
from tests.release.products import make_product

VERSION = "20261122.1"
TAG = "py3-none-manylinux_2_28_x86_64"

CORE = Package(
    "sample-core",
    ("sample_core",),
    version_modules=(VersionModule("sample_core/version.py", ("VERSION", "__version__")),),
    programs=(
        Program("sample-sum", ("1", "2"), r"^3$"),
        Program("sample-view", ("--help",), "needs the extra `view`", exit_code=1),
        Program("sample-tool", (), "I am native", directory="sample_core/bin", script=False),
        Program("sample-lost", (), "not here", systems=("windows",)),
    ),
    unimportable={"sample_core.future": "it needs a later Python"},
)
WORDS = Package(
    "sample-words", ("sample_words",), programs=(Program("sample-count", ("a b",), r"^2$"),)
)
HEAVY = Package(
    "sample-heavy",
    ("sample_heavy",),
    programs=(Program("sample-heavy", (), "heavy"),),
    alone="it requires a very large framework",
)
PRODUCT = make_product(CORE, WORDS, HEAVY)

# A smoke program without the library; it uses the wheels' Python.
SMOKE_PROGRAM = """\
import json, subprocess, sys

request = json.load(open(sys.argv[1]))
code = "import sample_core.evaluate as e; print(e.add('3', '4'))"
done = subprocess.run([*request["python"]["command"], "-c", code], capture_output=True, text=True)
status = "passed" if done.stdout == "7\\n" else "failed"
detail = done.stdout + done.stderr
print(json.dumps({"name": "adds through the API", "status": status, "detail": detail}))
print(json.dumps({"results": 1}))
"""

_SUM = """\
import sys


def add(*numbers):
    return sum(map(int, numbers))


def main():
    print(add(*sys.argv[1:]))
"""
_VIEW = """\
print("Welcome!")
try:
    import sample_view
except ModuleNotFoundError as error:
    raise ImportError("sample_core.view needs the extra `view`") from error


def main():
    pass
"""
_COUNT = """\
import sys

from sample_core.evaluate import add


def main():
    print(add(len(sys.argv[1].split())))
"""


def core_files() -> dict[str, str]:
    """The files of a good sample-core, by path in the wheel."""
    return {
        "sample_core/__init__.py": "",
        "sample_core/evaluate.py": _SUM,
        "sample_core/view.py": _VIEW,
        "sample_core/future.py": "import a_module_of_tomorrow\n",
        "sample_core/_private.py": "raise SystemError('nobody imports this')\n",
        "sample_core/__main__.py": "raise SystemError('nobody imports this')\n",
        "sample_core/version.py": f'print("Hello!")\nVERSION = __version__ = "{VERSION}"\n',
        "sample_core/libsample.so": "not an extension module",
        "sample_core/bin/sample-tool": "#!/bin/sh\necho I am native\n",
        **_metadata(
            "sample-core",
            {"sample-sum": "sample_core.evaluate:main", "sample-view": "sample_core.view:main"},
            'Provides-Extra: view\nRequires-Dist: Sample.View>=1; extra == "view"\n',
        ),
    }


def words_files() -> dict[str, str]:
    """The files of a good sample-words, which is pure."""
    return {
        "sample_words/count.py": _COUNT,
        **_metadata(
            "sample-words",
            {"sample-count": "sample_words.count:main"},
            f"Requires-Dist: sample-core=={VERSION}\n",
        ),
    }


def heavy_files() -> dict[str, str]:
    """The files of a good sample-heavy, which cannot be imported without its requirement."""
    return {
        "sample_heavy/main.py": "import very_large_framework\n",
        **_metadata(
            "sample-heavy",
            {"sample-heavy": "sample_heavy.main:main"},
            "Requires-Dist: very-large-framework\n",
        ),
    }


def write_wheel(
    directory: Path, package: str, files: Mapping[str, str], tag: str = TAG
) -> PinnedWheel:
    """Writes a wheel with a valid RECORD for these files."""
    project = package.replace("-", "_")
    path = directory / f"{project}-{VERSION}-{tag}.whl"
    record = f"{project}-{VERSION}.dist-info/RECORD"
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (
                0o100755 if "/bin/" in name or "/scripts/" in name else 0o100644
            ) << 16
            archive.writestr(info, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
            rows.append(f"{name},sha256={digest.decode()},{len(text.encode())}\n")
        archive.writestr(record, "".join([*rows, f"{record},,\n"]))
    return PinnedWheel(package, path, hashlib.sha256(path.read_bytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Wheels unpacked into a directory, imported by this Python; an `Installation`."""

    site: Path

    @property
    def scripts(self) -> Path:
        """The directory of the scripts."""
        return self.site / "bin"

    def run_python(self, *arguments: str) -> ProcessResult:
        """Runs this Python, which imports from the directory."""
        return run(
            [sys.executable, "-sP", *arguments],
            environment={"PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=60,
            name="python",
        )


def unpack(site: Path, *wheels: PinnedWheel) -> Unpacked:
    """Unpacks wheels as an installer does."""
    for wheel in wheels:
        shutil.unpack_archive(wheel.path, site, "zip")
    return Unpacked(site)


def _metadata(package: str, scripts: Mapping[str, str], more: str) -> dict[str, str]:
    info = f"{package.replace('-', '_')}-{VERSION}.dist-info"
    points = "".join(f"{name} = {point}\n" for name, point in scripts.items())
    return {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {VERSION}\n{more}",
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {TAG}\n"
        ),
        f"{info}/entry_points.txt": f"[console_scripts]\n{points}",
    }
