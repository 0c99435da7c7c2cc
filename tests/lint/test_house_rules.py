"""Rules of this repository that no linter knows."""

import ast
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

MOST_LINES_OF_PYTHON = 500
MOST_LINES_OF_STARLARK = 400

# With brackets, or this line would break its own rule.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")

# Code that runs in build actions, and what of a file system it must not read: Bazel does not track
# it, so it differs between what was built here and what came from a cache.
ACTIONS = ("packaging", "toolchains/python/development", "toolchains/zig")
UNTRACKED = re.compile(
    r"\b(st_mode|st_[acm]time\w*|get[acm]time|gettarinfo|chmod|copy2|copytree|copystat|copymode"
    r"|os\.access|shutil\.(?:copy|move))\b"
)
IN_NO_ORDER = frozenset({"glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk"})
ORDER_DOES_NOT_MATTER = frozenset({"any", "sorted"})

HOMES = r"/(?:home|Users)/\w"
COMMON_DIRECTORIES = ("/", "/home", "/mnt", "/opt", "/srv", "/tmp", "/usr", "/usr/src", "/var")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Returns where a pattern occurs in the source tree, as "path:line: what"."""
    return [
        f"{path}:{number}: {match.group()}"
        for path in tree.files()
        for number, line in enumerate((tree.text(path) or "").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def too_long(paths: list[Path], most: int) -> list[str]:
    lengths = {path: len((tree.text(path) or "").splitlines()) for path in paths}
    return [f"{path}: {length} lines" for path, length in lengths.items() if length > most]


def test_python_modules_are_short() -> None:
    assert not too_long(tree.python_files(), MOST_LINES_OF_PYTHON)


def test_starlark_files_are_short() -> None:
    assert not too_long(tree.starlark_files(), MOST_LINES_OF_STARLARK)


def test_nothing_is_left_for_later() -> None:
    assert not found(UNFINISHED)


def test_the_directory_packaging_does_not_hide_the_package_of_that_name() -> None:
    assert Path("packaging/__init__.py") not in tree.files()


def modules_of_actions() -> list[Path]:
    """Returns the Python modules that build actions run, and those beside them."""
    return [path for path in tree.python_files() if path.as_posix().startswith(ACTIONS)]


def test_actions_do_not_read_modes_or_times() -> None:
    """Catches: bytes that depend on where a file came from. Modes come from assembly/modes.py."""
    assert modules_of_actions()
    read = [
        f"{path}: {match.group()}"
        for path in modules_of_actions()
        for match in UNTRACKED.finditer(tree.text(path) or "")
    ]
    assert not read


def in_no_order(source: str) -> list[int]:
    """Returns the lines that list a directory in the order in which the file system has it."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    ordered: set[ast.AST] = set()
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in ORDER_DOES_NOT_MATTER:
            ordered.update(call.args)
            of_generators = (part for part in call.args if isinstance(part, ast.GeneratorExp))
            ordered.update(generator.generators[0].iter for generator in of_generators)
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in IN_NO_ORDER
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
def test_a_listing_without_order_is_found(source: str, lines: list[int]) -> None:
    assert in_no_order(source) == lines


def test_actions_list_directories_in_order() -> None:
    """Catches: an archive whose members lie as the file system had them."""
    listed = {str(path): in_no_order(tree.text(path) or "") for path in modules_of_actions()}
    assert not {path: lines for path, lines in listed.items() if lines}


def test_every_install_line_names_a_version() -> None:
    # Without one, pip and uv take the highest of the public registry: 20241104.1068, for ever.
    unpinned = re.compile(r"pip install[^`\n]*\s(iree|shark)-[a-z-]+(?![a-z=-])")
    assert not found(unpinned)


def test_every_test_file_belongs_to_a_target() -> None:
    # A test that no target names is never run, and nobody misses it.
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


def test_no_file_holds_a_path_of_this_machine() -> None:
    assert not found(re.compile(r"(?<![\w.~}])(" + "|".join(machine_paths()) + ")"))


def output(program: str, *arguments: str) -> str:
    if which(program) is None:
        pytest.skip(f"not run: {program} is not on PATH")
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def pip_configuration() -> str:
    # What pip asks when nothing is configured is part of it.
    defaults = f"{PyPI.url}\nhttps://{PyPI.file_storage_domain}\n"
    return defaults + output(sys.executable, "-m", "pip", "config", "list")


def npm_configuration() -> str:
    return output("npm", "config", "get", "registry")


def apt_configuration() -> str:
    return output("apt-get", "indextargets", "--format", "$(SITE)")


def hosts(configuration: str) -> set[str]:
    """Returns the names of hosts in URLs, without those that mean this machine."""
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
    # Registries are the host's choice: a name of ours would go around its mirror.
    names = hosts(configuration())
    if not names:
        pytest.skip("not run: the host's configuration names no registry")
    pattern = "|".join(map(re.escape, sorted(names)))
    assert not found(re.compile(rf"(?<![\w-])({pattern})(?![\w-])", re.IGNORECASE))
