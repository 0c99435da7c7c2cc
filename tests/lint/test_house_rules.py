"""Rules of this repository that no linter checks."""

import ast
import graphlib
import ipaddress
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

import pytest
from pip._internal.models.index import PyPI

from tests.lint import tree

MAX_LINES_OF_PYTHON = 500
MAX_LINES_OF_STARLARK = 400

# The brackets keep this line from breaking its own rule.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")

# Code that runs in build actions, and file metadata that it must not use: Bazel does not track it,
# so it differs between files that were built locally and files from a cache.
ACTIONS = ("packaging", "toolchains/python/development", "toolchains/zig")
UNTRACKED = re.compile(
    r"\b(st_mode|st_[acm]time\w*|get[acm]time|gettarinfo|chmod|copy2|copytree|copystat|copymode"
    r"|os\.access|shutil\.(?:copy|move))\b"
)
UNORDERED = frozenset({"glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk"})
ORDER_INDEPENDENT = frozenset({"any", "sorted"})

HOMES = r"/(?:home|Users)/\w"
COMMON_DIRECTORIES = ("/", "/home", "/mnt", "/opt", "/srv", "/tmp", "/usr", "/usr/src", "/var")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Returns the matches of a pattern in the source tree, as "path:line: match"."""
    return [
        f"{path}:{number}: {match.group()}"
        for path in tree.files()
        for number, line in enumerate((tree.text(path) or "").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def too_long(paths: list[Path], max_lines: int) -> list[str]:
    lengths = {path: len((tree.text(path) or "").splitlines()) for path in paths}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > max_lines]


def test_python_modules_are_short() -> None:
    assert not too_long(tree.python_files(), MAX_LINES_OF_PYTHON)


def test_starlark_files_are_short() -> None:
    assert not too_long(tree.starlark_files(), MAX_LINES_OF_STARLARK)


def test_no_file_has_to_do_comments() -> None:
    assert not found(UNFINISHED)


def test_the_directory_packaging_does_not_shadow_the_package_of_that_name() -> None:
    assert Path("packaging/__init__.py") not in tree.files()


def test_packaging_is_the_only_import_root_besides_the_repository() -> None:
    """Catches: a second import root, from which modules get short names that may collide."""
    roots = re.compile(r"^    imports = \[\"\.", re.MULTILINE)
    targets = [str(path) for path in tree.starlark_files() if roots.search(tree.text(path) or "")]
    assert targets == ["packaging/builder/BUILD.bazel"]


def test_no_two_classes_of_the_release_commands_share_a_name() -> None:
    """Catches: a name with two meanings. docs/reference/glossary.md has one for each term."""
    places: dict[str, list[str]] = {}
    for path in tree.python_files():
        if path.parts[0] == "release":
            for name in re.findall(r"^class (\w+)", tree.text(path) or "", re.MULTILINE):
                places.setdefault(name, []).append(str(path))
    assert not {name: paths for name, paths in places.items() if len(paths) > 1}


def test_imports_between_the_packages_of_release_run_one_way() -> None:
    """Catches: a package that imports one which builds on it."""
    imports: dict[str, set[str]] = {}
    for path in tree.python_files():
        if path.parts[0] == "release" and len(path.parts) > 2:
            found = re.findall(r"^\s*from release\.(\w+)", tree.text(path) or "", re.MULTILINE)
            imports.setdefault(path.parts[1], set()).update(set(found) - {path.parts[1]})
    order = list(graphlib.TopologicalSorter(imports).static_order())
    assert (order[0], order[-1]) == ("model", "cli")


def mentions_of_a_product(text: str) -> list[str]:
    """Returns the words of a text that name our product, and not this workspace or its caches."""
    return re.findall(r"[\w-]*iree(?![-_]release)[\w-]*", text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("IREE's iree-compile", ["IREE", "iree-compile"]),
        ("libIREECompiler.so", ["libIREECompiler"]),
        ("IREE_RELEASE_CACHE ~/.cache/iree-release @@iree_release//:x", []),
        ("iree-runtime of iree-release", ["iree-runtime"]),
    ],
)
def test_a_mention_of_a_product_is_found(text: str, found: list[str]) -> None:
    assert mentions_of_a_product(text) == found


def test_the_release_commands_and_rules_know_no_product() -> None:
    """Catches: something that is one product's alone, outside of its directory in products/."""
    files = [
        path
        for path in tree.files()
        if path.parts[0] == "release" or path.parts[:2] == ("packaging", "private")
    ]
    assert files
    mentions = {
        str(path): words
        for path in files
        if (words := mentions_of_a_product(f"{path}\n{tree.text(path) or ''}"))
    }
    assert not mentions


def modules_of_actions() -> list[Path]:
    """Returns the Python modules in directories with tools of build actions."""
    return [path for path in tree.python_files() if path.as_posix().startswith(ACTIONS)]


def test_actions_do_not_read_modes_or_times() -> None:
    """Catches: output that depends on a file's origin. Modes come from builder's modes.py."""
    assert modules_of_actions()
    uses = [
        f"{path}: {match.group()}"
        for path in modules_of_actions()
        for match in UNTRACKED.finditer(tree.text(path) or "")
    ]
    assert not uses


def unordered_listings(source: str) -> list[int]:
    """Returns the lines that list a directory in the order of the file system."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    ordered: set[ast.AST] = set()
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in ORDER_INDEPENDENT:
            ordered.update(call.args)
            generators = (part for part in call.args if isinstance(part, ast.GeneratorExp))
            ordered.update(generator.generators[0].iter for generator in generators)
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in UNORDERED
        and call not in ordered
        and not _is_ours(call.func)
    ]


def _is_ours(function: ast.Attribute) -> bool:
    """Whether it is content.walk, which sorts."""
    return isinstance(function.value, ast.Name) and function.value.id == "content"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("for path in directory.iterdir():\n    pass\n", [1]),
        ("names = [path.name for path in directory.glob('*')]\n", [1]),
        ("import os\nfor parent, _, names in os.walk(directory):\n    pass\n", [2]),
        ("for path in sorted(directory.rglob('*')):\n    pass\n", []),
        ("names = sorted(path.name for path in directory.iterdir())\n", []),
        ("empty = not any(directory.iterdir())\n", []),
        ("for path in content.walk(directory):\n    pass\n", []),
    ],
)
def test_an_unordered_listing_is_found(source: str, lines: list[int]) -> None:
    assert unordered_listings(source) == lines


def test_actions_list_directories_in_order() -> None:
    """Catches: an archive with members in the order of the file system."""
    listings = {
        str(path): unordered_listings(tree.text(path) or "") for path in modules_of_actions()
    }
    assert not {path: lines for path, lines in listings.items() if lines}


def test_every_install_command_names_a_version() -> None:
    # Without one, pip and uv always select the highest version on the registry, 20241104.1068.
    unpinned = re.compile(r"pip install[^`\n]*\s(iree|shark)-[a-z-]+(?![a-z=-])")
    assert not found(unpinned)


def test_every_test_file_belongs_to_a_target() -> None:
    # A test that no target names would silently never run.
    forgotten = [
        str(path)
        for path in tree.files()
        if path.name.startswith("test_") and path.suffix == ".py" and not named_in_build(path)
    ]
    assert not forgotten


def named_in_build(path: Path) -> bool:
    build = next(
        directory / "BUILD.bazel"
        for directory in path.parents
        if (tree.root() / directory / "BUILD.bazel").is_file()
    )
    name = path.relative_to(build.parent).as_posix().removesuffix(".py")
    return re.search(rf'"(:?){re.escape(name)}(\.py)?"', tree.text(build) or "") is not None


def machine_paths() -> Iterator[str]:
    """Yields paths of the machine that runs this test, as patterns."""
    yield HOMES
    homes = {user.pw_dir for user in pwd.getpwall() if user.pw_uid == os.getuid()}
    for path in sorted(homes | {str(tree.root()), str(tree.root().parent)}):
        if path not in COMMON_DIRECTORIES:
            yield re.escape(path) + r"(?![\w-])"


def test_no_file_contains_a_path_of_this_machine() -> None:
    assert not found(re.compile(r"(?<![\w.~}])(" + "|".join(machine_paths()) + ")"))


def output(program: str, *arguments: str) -> str:
    if which(program) is None:
        pytest.skip(f"not run: {program} is not on PATH")
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def pip_configuration() -> str:
    # Includes the registry that pip uses by default.
    defaults = f"{PyPI.url}\nhttps://{PyPI.file_storage_domain}\n"
    return defaults + output(sys.executable, "-m", "pip", "config", "list")


def npm_configuration() -> str:
    return output("npm", "config", "get", "registry")


def apt_configuration() -> str:
    return output("apt-get", "indextargets", "--format", "$(SITE)")


def hosts(configuration: str) -> set[str]:
    """Returns the host names in URLs, except those of this machine."""
    urls = re.findall(r"https?://[^\s'\"]+", configuration)
    names = {name for url in urls if (name := urlsplit(url).hostname)}
    return {name for name in names if not is_local(name)}


def is_local(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def test_hosts_are_read_from_urls() -> None:
    configuration = "a='https://me@mirror.example:8080/x'\nhttp://127.0.0.1:3141/ file:///x\n"
    assert hosts(configuration) == {"mirror.example"}


@pytest.mark.parametrize("configuration", [pip_configuration, npm_configuration, apt_configuration])
def test_no_file_names_a_host_of_a_package_registry(configuration: Callable[[], str]) -> None:
    # Users configure their registries, and a fixed name would bypass their mirror.
    names = hosts(configuration())
    if not names:
        pytest.skip("not run: the host's configuration names no registry")
    pattern = "|".join(map(re.escape, sorted(names)))
    assert not found(re.compile(rf"(?<![\w-])({pattern})(?![\w-])", re.IGNORECASE))
