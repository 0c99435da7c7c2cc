"""Every public module of installed wheels is imported; those that fail are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from release.gate.smoke import imports, installed
from release.gate.smoke.errors import SmokeTestError
from release.gate.smoke.imports import ImportCount
from release.model.product import Product, VersionModule
from tests.release.gate.smoke.fake_wheels import (
    CORE,
    PRODUCT,
    VERSION,
    WORDS,
    core_files,
    unpack,
    words_files,
    write_wheel,
)


def check(
    directory: Path, product: Product = PRODUCT, extra: dict[str, str] | None = None
) -> ImportCount:
    """Imports the modules of both wheels, with other or more files in sample-core."""
    wheels = [
        write_wheel(directory, "sample-core", {**core_files(), **(extra or {})}),
        write_wheel(directory, "sample-words", words_files()),
    ]
    return imports.check_imports(unpack(directory / "site", *wheels), product, wheels)


def test_modules_are_counted(tmp_path: Path) -> None:
    """Catches: a count that includes modules that were not imported."""
    assert str(check(tmp_path)) == (
        "4 modules imported, 1 without the project of an extra, 1 known to be unimportable"
    )


FAULTS = {
    "a module that is missing": (
        "import absent.part",
        "ModuleNotFoundError: No module named 'absent'",
    ),
    "a name that its module lacks": ("from json import nonsense", "ImportError: cannot import"),
    "an exception": ("1 / 0", "ZeroDivisionError: division by zero"),
    "the end of the process": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "the end of the process at once": (
        "import os; os._exit(3)",
        "python exits with 3 while importing it",
    ),
    "a crash": (
        "import os; print('bye'); os.kill(os.getpid(), 11)",
        "python is killed by SIGSEGV while importing it",
    ),
    "a project of an extra that is hidden": (
        "try:\n    import sample_view\nexcept ImportError:\n    raise ValueError('no view')",
        "ValueError: no view",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_module_that_cannot_be_imported_is_named(tmp_path: Path, name: str) -> None:
    """Catches: a module that fails for every user; a process that ends before the last module."""
    text, reason = FAULTS[name]
    with pytest.raises(SmokeTestError) as caught:
        check(tmp_path, extra={"sample_core/broken.py": text})
    assert str(caught.value).startswith(f"sample_core.broken: {reason}")


@pytest.mark.parametrize(
    "text",
    [
        "import sample_view",
        "import sample_view.part",
        "try:\n    import sample_view\nexcept ImportError as e:\n    raise ImportError('x') from e",
        "try:\n    import sample_view\nexcept ImportError:\n    raise ModuleNotFoundError('x')",
    ],
)
def test_a_project_of_an_extra_may_be_missing(tmp_path: Path, text: str) -> None:
    """Catches: an optional feature reported as a fault."""
    count = check(tmp_path, extra={"sample_core/other.py": text})
    assert (count.imported, count.optional) == (4, 2)


def test_a_project_of_an_extra_that_is_installed_must_have_its_module(tmp_path: Path) -> None:
    """Catches: a module excused by an extra although its project is there."""
    info = tmp_path / "site/sample_view-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sample-view\nVersion: 1\n")
    with pytest.raises(SmokeTestError, match=r"^sample_core\.view: ImportError: "):
        check(tmp_path)


def test_a_declared_module_is_not_imported(tmp_path: Path) -> None:
    """Catches: a module that ends the gate although the product declares it as unimportable."""
    with pytest.raises(SmokeTestError, match="a_module_of_tomorrow"):
        check(tmp_path, replace(PRODUCT, packages=(replace(CORE, unimportable={}), WORDS)))


def test_a_declared_module_must_exist(tmp_path: Path) -> None:
    """Catches: an exception that outlives its module."""
    core = replace(CORE, unimportable={**CORE.unimportable, "sample_core.past": "old"})
    with pytest.raises(
        SmokeTestError,
        match=(
            r"^sample_core\.past: products/sample declares that sample-core cannot import it, "
            r"but it does not exist$"
        ),
    ):
        check(tmp_path, replace(PRODUCT, packages=(core, WORDS)))


def test_a_wheel_without_modules_has_none(tmp_path: Path) -> None:
    """Catches: a process started for nothing, whose missing output is a fault."""
    wheel = write_wheel(
        tmp_path,
        "sample-words",
        {path: text for path, text in words_files().items() if "dist-info" in path},
    )
    site = unpack(tmp_path / "site", wheel)
    assert str(imports.check_imports(site, PRODUCT, [wheel])) == "0 modules imported"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("VERSION = '1'", "sample_core.version has VERSION 1, not "),
        (f"VERSION = '{VERSION}'", "sample_core.version has no __version__"),
        (f"VERSION = '{VERSION}'; __version__ = 3", "sample_core.version has __version__ 3, not "),
        ("import os; os._exit(0)", "sample_core.version: importing it ends the process"),
        ("import absent", "python exits with 1: ModuleNotFoundError: No module named 'absent'"),
    ],
)
def test_each_name_of_a_version_module_is_checked(tmp_path: Path, text: str, message: str) -> None:
    """Catches: a version that only one of the names has; a module that hides it by exiting."""
    files = {**core_files(), "sample_core/version.py": text}
    site = unpack(tmp_path / "site", write_wheel(tmp_path, "sample-core", files))
    with pytest.raises(SmokeTestError) as caught:
        installed.check_version_modules(site, [CORE], VERSION)
    assert str(caught.value).startswith(message)


def test_version_modules_may_be_private_or_packages(tmp_path: Path) -> None:
    files = {
        **core_files(),
        "sample_core/_private/__init__.py": f"release = '{VERSION}'",
    }
    site = unpack(tmp_path / "site", write_wheel(tmp_path, "sample-core", files))
    modules = (
        *CORE.version_modules,
        VersionModule("sample_core/_private/__init__.py", ("release",)),
    )
    installed.check_version_modules(site, [replace(CORE, version_modules=modules)], VERSION)


def test_an_entry_point_that_ends_the_process_is_named(tmp_path: Path) -> None:
    """Catches: entry points that pass since the module of the first ends the process with 0."""
    files = {**core_files(), "sample_core/evaluate.py": "import os; os._exit(0)"}
    site = unpack(tmp_path / "site", write_wheel(tmp_path, "sample-core", files))
    with pytest.raises(
        SmokeTestError, match=r"^loading an entry point of sample-core ends the process$"
    ):
        installed.check_entry_points(site, [CORE], "linux")


def test_entry_points_load_or_fail_as_declared(tmp_path: Path) -> None:
    """Catches: the fault above reported for sound entry points, too."""
    site = unpack(tmp_path / "site", write_wheel(tmp_path, "sample-core", core_files()))
    installed.check_entry_points(site, [CORE], "linux")
