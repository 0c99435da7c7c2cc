"""The rules of each system, applied to the facts of native files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from release.gate.binary.abi import Abi
from release.gate.binary.facts import Binary
from release.gate.binary.rules import check
from release.gate.target import Target
from release.model.finding import Check, Finding

ELF = Binary(
    system="linux",
    cpus=frozenset({"x86_64"}),
    needed=("libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"),
    symbol_versions=(("libc.so.6", "GLIBC_2.17"), ("libstdc++.so.6", "GLIBCXX_3.4.24")),
)
PE = Binary(
    system="windows",
    cpus=frozenset({"x86_64"}),
    needed=("KERNEL32.dll", "VCRUNTIME140_1.dll", "api-ms-win-crt-heap-l1-1-0.dll"),
)
MACHO = Binary(
    system="macos",
    cpus=frozenset({"aarch64"}),
    needed=("/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/Metal.framework/Metal"),
    minimum_os=(("aarch64", (13, 0)),),
)
BOTH = replace(
    MACHO,
    cpus=frozenset({"aarch64", "x86_64"}),
    minimum_os=(("aarch64", (11, 0)), ("x86_64", (10, 9))),
)
LINUX, WINDOWS, MAC = "manylinux_2_28_x86_64", "win_amd64", "macosx_13_0_arm64"
MEMBERS = (
    "iree/_libs/tool",
    "iree/_libs/libours.so",
    "iree.libs/libzstd.so.1",
    "iree/_libs/ours.dll",
    "iree/_libs/libours.dylib",
)


def found(
    binary: Binary,
    *tags: str,
    member: str = "iree/_libs/tool",
    members: Collection[str] = MEMBERS,
    abi: Abi | None = None,
) -> list[Finding]:
    targets = [target for tag in tags if (target := Target.from_tag(tag))]
    return [*check("a.whl", {member: binary}, members, targets, abi)]


def checks(binary: Binary, *tags: str, abi: Abi | None = None) -> list[Check]:
    return [finding.check for finding in found(binary, *tags, abi=abi)]


@pytest.mark.parametrize(("binary", "tag"), [(ELF, LINUX), (PE, WINDOWS), (MACHO, MAC)])
def test_a_valid_file_passes(binary: Binary, tag: str) -> None:
    assert checks(binary, tag) == []


@pytest.mark.parametrize(
    ("binary", "tag", "check_"),
    [
        (ELF, "manylinux_2_28_aarch64", Check.BINARY_CPU),
        (ELF, WINDOWS, Check.BINARY_SYSTEM),
        (PE, LINUX, Check.BINARY_SYSTEM),
        (PE, "win_arm64", Check.BINARY_CPU),
        (MACHO, "macosx_13_0_x86_64", Check.BINARY_CPU),
        (MACHO, "macosx_13_0_universal2", Check.BINARY_CPU),
    ],
)
def test_a_file_for_another_machine_is_found(binary: Binary, tag: str, check_: Check) -> None:
    assert checks(binary, tag) == [check_]


def test_universal_code_matches_every_tag_of_its_processors() -> None:
    assert checks(BOTH, "macosx_13_0_universal2") == []
    assert checks(BOTH, "macosx_13_0_x86_64", "macosx_13_0_arm64") == []


@pytest.mark.parametrize(
    ("tag", "found_checks"),
    [
        ("macosx_10_9_universal2", []),  # for arm64 this means macOS 11, the first to support it
        ("macosx_10_9_x86_64", []),
        ("macosx_10_8_universal2", [Check.MINIMUM_OS]),
        ("macosx_11_0_arm64", []),
    ],
)
def test_the_minimum_macos_is_checked_for_each_processor(
    tag: str, found_checks: list[Check]
) -> None:
    """Catches: a valid universal2 wheel refused for its newer half; an invalid half passed."""
    assert checks(BOTH, tag) == found_checks


def test_a_half_without_a_minimum_macos_is_found() -> None:
    half = replace(BOTH, minimum_os=(("aarch64", (11, 0)),))
    (finding,) = found(half, "macosx_13_0_universal2")
    assert finding.message == "its x86_64 code does not declare a minimum macOS"


def test_a_false_universal2_tag_is_found_with_the_correct_tag() -> None:
    (finding,) = found(MACHO, "macosx_13_0_universal2")
    assert "contains code only for aarch64" in finding.message
    assert "the correct tag is macosx_13_0_arm64" in finding.message


def test_a_native_file_in_a_pure_wheel_is_found() -> None:
    assert checks(ELF) == [Check.BINARY_SYSTEM]


def test_a_file_is_checked_against_every_tag_of_its_wheel() -> None:
    newer = replace(ELF, symbol_versions=(("libc.so.6", "GLIBC_2.28"),))
    assert checks(newer, "manylinux_2_28_x86_64", "manylinux_2_27_x86_64") == [Check.SYMBOL_VERSION]


@pytest.mark.parametrize(
    ("library", "version", "allowed"),
    [
        ("libc.so.6", "GLIBC_2.28", True),
        ("libc.so.6", "GLIBC_2.29", False),
        ("libc.so.6", "GLIBC_PRIVATE", False),
        ("libc.so.6", "GLIBC_ABI_DT_RELR", False),
        ("libstdc++.so.6", "GLIBCXX_3.4.25", False),
        ("libstdc++.so.6", "CXXABI_1.3.11", True),
        ("libstdc++.so.6", "CXXABI_1.3.15", False),
        ("libstdc++.so.6", "CXXABI_FLOAT128", True),
        ("libgcc_s.so.1", "GCC_7.0.0", True),
        ("libIREECompiler.so", "IREE_API_0.0", True),
    ],
)
def test_symbol_versions_are_checked_against_manylinux(
    library: str, version: str, allowed: bool
) -> None:
    binary = replace(ELF, symbol_versions=((library, version),))
    assert (checks(binary, LINUX) == []) is allowed


@pytest.mark.parametrize(
    "tag", ["manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux_2_29_x86_64"]
)
def test_every_manylinux_tag_has_a_policy(tag: str) -> None:
    assert checks(replace(ELF, symbol_versions=(("libc.so.6", "GLIBC_2.17"),)), tag) == []


@pytest.mark.parametrize(
    ("library", "search", "found_checks"),
    [
        ("libours.so", ("$ORIGIN",), []),
        ("libours.so", ("${ORIGIN}/.",), []),
        ("libzstd.so.1", ("$ORIGIN/../../iree.libs",), []),
        ("libzstd.so.1", ("$ORIGIN",), [Check.LIBRARY]),
        ("libours.so", (), [Check.LIBRARY]),
        ("libfoo.so.1", ("$ORIGIN",), [Check.LIBRARY]),
        ("libours.so", ("$ORIGIN", "/opt/me/lib"), [Check.RPATH]),
        ("libours.so", ("$ORIGIN", "$ORIGIN/../../../lib"), [Check.RPATH]),
        ("libours.so", ("$ORIGIN", "$ORIGIN/../gone"), [Check.RPATH]),
        ("libours.so", ("$ORIGIN", "lib"), [Check.RPATH]),
        ("libpython3.12.so.1.0", (), [Check.PYTHON_LINK]),
    ],
)
def test_elf_libraries_are_bundled_or_the_systems(
    library: str, search: tuple[str, ...], found_checks: list[Check]
) -> None:
    binary = replace(ELF, needed=(library,), symbol_versions=(), search_paths=search)
    assert checks(binary, LINUX) == found_checks


def test_symbol_versions_of_a_bundled_library_are_not_checked() -> None:
    """A bundled libstdc++ provides the versions that its users need."""
    members = (*MEMBERS, "iree/_libs/libstdc++.so.6")
    binary = replace(
        ELF,
        search_paths=("$ORIGIN",),
        needed=("libstdc++.so.6",),
        symbol_versions=(("libstdc++.so.6", "GLIBCXX_3.4.99"),),
    )
    assert found(binary, LINUX, members=members) == []


def test_an_executable_stack_is_found() -> None:
    assert checks(replace(ELF, executable_stack=True), LINUX) == [Check.EXECUTABLE_STACK]


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("ours.DLL", True),
        ("ADVAPI32.dll", True),
        ("msvcp140.dll", True),
        ("MSVCP140_ATOMIC_WAIT.dll", True),
        ("msvcp140d.dll", False),
        ("libwinpthread-1.dll", False),
        ("vcruntime140d.dll", False),
        ("python3.dll", False),
    ],
)
def test_windows_libraries_are_bundled_or_the_systems(library: str, allowed: bool) -> None:
    assert (checks(replace(PE, needed=(library,)), WINDOWS) == []) is allowed


@pytest.mark.parametrize(
    ("changes", "found_checks"),
    [
        ({"needed": ("@rpath/libours.dylib",), "search_paths": ("@loader_path",)}, []),
        ({"needed": ("@loader_path/libours.dylib",)}, []),
        ({"needed": ("@executable_path/libours.dylib",)}, []),
        ({"needed": ("@executable_path/libours.dylib",), "extension": True}, [Check.LIBRARY]),
        ({"needed": ("@rpath/../_libs/libours.dylib",), "search_paths": ("@loader_path",)}, []),
        ({"needed": ("@rpath/libours.dylib",)}, [Check.LIBRARY]),
        ({"needed": ("@rpath/libgone.dylib",), "search_paths": ("@loader_path",)}, [Check.LIBRARY]),
        ({"needed": ("libours.dylib",)}, [Check.LIBRARY]),
        ({"needed": ("/opt/homebrew/lib/libzstd.dylib",)}, [Check.INSTALL_NAME]),
        ({"link_name": "/opt/me/libours.dylib"}, [Check.INSTALL_NAME]),
        ({"link_name": "@rpath/libours.dylib"}, []),
        ({"search_paths": ("/usr/local/lib",)}, [Check.RPATH]),
        ({"search_paths": ("/usr/lib/swift",)}, []),
        ({"search_paths": ("@loader_path/../../..",)}, [Check.RPATH]),
        ({"minimum_os": (("aarch64", (14, 2)),)}, [Check.MINIMUM_OS]),
        ({"minimum_os": (("aarch64", (11, 0)),)}, []),
        ({"minimum_os": ()}, [Check.MINIMUM_OS]),
        ({"unsigned": frozenset({"aarch64"})}, [Check.SIGNATURE]),
        ({"unsigned": frozenset({"x86_64"})}, []),
    ],
)
def test_macho_files_are_checked_against_the_tag(
    changes: dict[str, object], found_checks: list[Check]
) -> None:
    assert checks(replace(MACHO, **changes), MAC) == found_checks  # type: ignore[arg-type]


STABLE = Abi((3, 12), stable=True)
ONE = Abi((3, 11), stable=False)
EXTENSION = replace(ELF, extension=True, python_symbols=frozenset({"PyErr_Clear", "Py_DecRef"}))


def abi_messages(binary: Binary, abi: Abi, member: str, tag: str = LINUX) -> Sequence[str]:
    return [f.message for f in found(binary, tag, member=member, abi=abi) if f.check is Check.ABI3]


@pytest.mark.parametrize(
    ("abi", "member"),
    [
        (STABLE, "iree/_libs/_runtime.abi3.so"),
        (STABLE, "iree/_libs/_runtime.so"),
        (ONE, "iree/_libs/_runtime.cpython-311-x86_64-linux-gnu.so"),
    ],
)
def test_an_extension_that_matches_its_abi_passes(abi: Abi, member: str) -> None:
    assert abi_messages(EXTENSION, abi, member) == []


@pytest.mark.parametrize(
    ("symbol", "abi", "member", "words"),
    [
        ("PyGen_New", STABLE, "iree/_libs/a.abi3.so", "not in the stable ABI"),
        ("_PyThreadState_Current", STABLE, "iree/_libs/a.abi3.so", "not in the stable ABI"),
        ("PyType_GetModuleByDef", STABLE, "iree/_libs/a.abi3.so", "in Python 3.13"),
        ("PyGen_New", ONE, "iree/_libs/a.abi3.so", "not in the stable ABI"),
    ],
)
def test_a_symbol_outside_the_stable_abi_is_found(
    symbol: str, abi: Abi, member: str, words: str
) -> None:
    """Catches: a module that crashes or does not load on the next Python."""
    binary = replace(EXTENSION, python_symbols=frozenset({symbol}))
    (message,) = abi_messages(binary, abi, member)
    assert words in message


def test_other_symbols_pass_in_an_extension_for_one_python() -> None:
    binary = replace(EXTENSION, python_symbols=frozenset({"PyGen_New"}))
    assert abi_messages(binary, ONE, "iree/_libs/a.cpython-311-x86_64-linux-gnu.so") == []


@pytest.mark.parametrize("abi", [STABLE, Abi((3, 13), stable=False)])
def test_an_extension_named_for_another_python_is_found(abi: Abi) -> None:
    """Catches: a module that the wheel's Pythons do not find."""
    (message,) = abi_messages(EXTENSION, abi, "iree/_libs/a.cpython-311-x86_64-linux-gnu.so")
    assert "named for Python 3.11 only" in message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.cpython-311-aarch64-linux-gnu.so", "named for aarch64-linux-gnu"),
        ("a.cp311-win_amd64.pyd", "named for win_amd64"),
        ("a.cpython-311t-x86_64-linux-gnu.so", "with the ABI flags t"),
    ],
)
def test_an_extension_named_for_another_machine_or_build_is_found(name: str, words: str) -> None:
    """Catches: a cross build that names its modules for the machine that builds them."""
    (message,) = abi_messages(EXTENSION, ONE, f"iree/_libs/{name}")
    assert words in message


def test_modules_of_a_free_threaded_wheel_have_its_abi_flags() -> None:
    abi = Abi.from_tags(frozenset({"cp314-cp314t-manylinux_2_28_x86_64"}))
    assert abi is not None
    assert str(abi) == "cp314-cp314t"
    assert abi_messages(EXTENSION, abi, "iree/_libs/a.cpython-314t-x86_64-linux-gnu.so") == []
    (message,) = abi_messages(EXTENSION, abi, "iree/_libs/a.cpython-314-x86_64-linux-gnu.so")
    assert "with no ABI flags" in message


@pytest.mark.parametrize(
    ("library", "abi", "allowed"),
    [
        ("python3.dll", STABLE, True),
        ("python312.dll", STABLE, False),
        ("python311.dll", ONE, True),
        ("python3.dll", ONE, True),
        ("python312.dll", ONE, False),
    ],
)
def test_windows_modules_link_to_the_python_of_their_tags(
    library: str, abi: Abi, allowed: bool
) -> None:
    binary = replace(PE, needed=(library,), extension=True)
    assert (abi_messages(binary, abi, "iree/_libs/a.pyd", WINDOWS) == []) is allowed


def test_the_abi_is_parsed_from_tags() -> None:
    assert Abi.from_tags(frozenset({"cp312-abi3-win_amd64"})) == STABLE
    assert Abi.from_tags(frozenset({"cp311-cp311-manylinux_2_28_x86_64"})) == ONE
    assert Abi.from_tags(frozenset({"py3-none-any"})) is None
