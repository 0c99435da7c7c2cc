"""A wheel's Python files, parsed without running them."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from release.gate import modules
from release.model.finding import Check
from release.model.product import VersionModule

FILES = frozenset(
    {"iree/runtime/__init__.py", "iree/runtime/_runtime.abi3.so", "iree/tools/tf/a.py"}
)


def imported(source: str) -> list[str]:
    read = {"iree/runtime/main.py": modules.read(source.encode())}
    return [needed.module for needed in modules.imports(read, FILES)]


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("import numpy as np", ["numpy"]),
        ("import numpy.linalg, torch", ["numpy.linalg", "torch"]),
        ("from tensorflow.mlir import experimental", ["tensorflow.mlir"]),
        ("if x:\n  import yaml\nelse:\n  import toml", ["yaml", "toml"]),
        ("class A:\n  import numpy", ["numpy"]),
        ("try:\n  import numpy\nfinally:\n  pass", ["numpy"]),
        ("try:\n  import numpy\nexcept KeyError:\n  pass", ["numpy"]),
        ("try:\n  pass\nexcept ImportError:\n  pass\nelse:\n  import numpy", ["numpy"]),
    ],
)
def test_imports_that_run_on_load_are_needed(source: str, needed: list[str]) -> None:
    assert imported(source) == needed


@pytest.mark.parametrize(
    "source",
    [
        "import os, sys, json.decoder",
        "from . import version",
        "from ..runtime import x",
        "def f():\n  import numpy",
        "try:\n  import numpy\nexcept ImportError:\n  numpy = None",
        "try:\n  import numpy\nexcept (ModuleNotFoundError, OSError):\n  raise SystemExit",
        "try:\n  import numpy\nexcept:\n  pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  import numpy",
        "import iree.runtime",
        "from iree.runtime._runtime import hal",
        "import iree.tools.tf",
    ],
)
def test_imports_of_python_of_the_wheel_and_optional_ones_are_not_needed(source: str) -> None:
    assert imported(source) == []


def test_the_first_import_of_a_module_is_reported_with_its_line() -> None:
    read = {"a.py": modules.read(b"\n\nimport numpy"), "b.py": modules.read(b"import numpy")}
    (needed,) = modules.imports(read, frozenset())
    assert (needed.member, needed.line) == ("a.py", 3)


@pytest.mark.parametrize("source", [b"def f(:", b"\x00", b"\xff\xfe", b"(" * 300])
def test_invalid_python_is_found(source: bytes) -> None:
    """Catches: a damaged or truncated module that no smoke test imports."""
    (finding,) = modules.check_syntax("a.whl", {"a.py": modules.read(source)})
    assert (finding.check, finding.member) == (Check.SYNTAX, "a.py")


def test_valid_python_passes() -> None:
    assert not [*modules.check_syntax("a.whl", {"a.py": modules.read(b"x = 1\n")})]


def test_only_version_modules_declare_versions() -> None:
    read = {
        "iree/runtime/version.py": modules.read(b'PACKAGE = "x"\nVERSION = "3.13.0"\n'),
        "iree/a/_version.py": modules.read(b'__version__ = "1.0"\n'),
        "iree/a/other.py": modules.read(b'VERSION = "2.0"\n'),
    }
    assert modules.versions(read, ()) == (
        ("iree/runtime/version.py", "3.13.0"),
        ("iree/a/_version.py", "1.0"),
    )


DECLARED = (VersionModule("abacus/about.py", ("RELEASE", "__version__")),)


@pytest.mark.parametrize(
    ("source", "versions"),
    [
        ('RELEASE = "1.0"\n__version__ = "2.0"\n', ["1.0", "2.0"]),
        ('RELEASE = "1.0"\n__version__ = RELEASE\n', ["1.0"]),
        ('RELEASE: str = "1.0"\n__version__: str\n', ["1.0"]),
        ('RELEASE = __version__ = "1.0"\nVERSION = "2.0"\n', ["1.0"]),
        ('RELEASE = "1.0"\nRELEASE = compute()\n', []),
    ],
)
def test_every_declared_name_declares_a_version(source: str, versions: list[str]) -> None:
    """Catches: a declared module or name that nobody reads, because its name is unusual."""
    read = {"abacus/about.py": modules.read(source.encode())}
    assert [version for _, version in modules.versions(read, DECLARED)] == versions


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "missing, but the product declares it as a version module"),
        ('RELEASE = "1.0"\n', "does not define __version__, which the product declares"),
    ],
)
def test_a_declared_version_module_without_its_names_is_found(
    source: str | None, message: str
) -> None:
    """Catches: a wheel whose version nobody can look up."""
    read = {} if source is None else {"abacus/about.py": modules.read(source.encode())}
    (finding,) = modules.check_version_modules("a.whl", read, DECLARED)
    assert (finding.check, finding.member) == (Check.WHEEL_VERSION, "abacus/about.py")
    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    "source",
    [
        'RELEASE = "1.0"\n__version__ = version("abacus")\n',
        "from abacus._generated import *\n",
        "from abacus._generated import RELEASE, RELEASE as __version__\n",
    ],
)
def test_a_version_that_is_computed_is_left_to_the_smoke_test(source: str) -> None:
    read = {"abacus/about.py": modules.read(source.encode())}
    assert not [*modules.check_version_modules("a.whl", read, DECLARED)]


MODULES = {
    "iree/a/main.py": modules.read(
        b"import os.path\nfrom x import y as z\n"
        b"try:\n  import tomllib as t\nexcept ImportError:\n  t = None\n"
        b"def main(): ...\nclass App:\n  def run(self): ...\n"
    ),
    "iree/b/__init__.py": modules.read(b"from .impl import *\n"),
}


@pytest.mark.parametrize(
    "target",
    [
        "iree.a.main:main",
        "iree.a.main:App.run",
        "iree.a.main:z",
        "iree.a.main:t",
        "iree.b:anything",
        "iree.b",
    ],
)
def test_an_entry_point_whose_object_exists_passes(target: str) -> None:
    text = f"[console_scripts]\nit = {target}\n".encode()
    assert not [*modules.check_entry_points("a.whl", text, MODULES)]


@pytest.mark.parametrize(
    ("target", "cause"),
    [
        ("iree.a.main:absent", "iree.a.main does not define absent"),
        ("iree.absent:main", "the wheel has no module iree.absent"),
        ("iree/a/main.py", "is not of the form MODULE:OBJECT"),
    ],
)
def test_an_entry_point_whose_object_does_not_exist_is_found(target: str, cause: str) -> None:
    """Catches: upstream's iree-build, which names a function that its module does not define."""
    text = f"[console_scripts]\nit = {target}\n".encode()
    (finding,) = modules.check_entry_points("a.whl", text, MODULES)
    assert finding.check is Check.ENTRY_POINT
    assert cause in finding.message


@pytest.mark.parametrize("text", [b"it = a:b", b"[a]\n[a]\n", b"\xff"])
def test_entry_points_that_cannot_be_read_are_found(text: bytes) -> None:
    (finding,) = modules.check_entry_points("a.whl", text, MODULES)
    assert "cannot be read" in finding.message


def test_importlib_still_has_the_pattern_of_entry_points() -> None:
    # The check uses this undocumented attribute; if it disappears, this test fails first.
    assert EntryPoint.pattern.match("a.b:c")
