"""The lock satisfies its input files, and all of its lines have hashes."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.lint import lock, tree


def lines(name: str) -> list[str]:
    """The requirements of a file, with continuation lines joined and without comments."""
    text = tree.root().joinpath(name).read_text().replace("\\\n", " ")
    bare = (line.partition("#")[0].strip() for line in text.split("\n"))
    return [line for line in bare if line]


def locked() -> dict[str, Version]:
    pins = (line.split()[0].partition("==") for line in lines("requirements_lock.txt"))
    return {canonicalize_name(name): Version(version) for name, _, version in pins}


def test_the_lock_satisfies_the_input_files() -> None:
    requirements = [Requirement(line) for file in lock.INPUTS for line in lines(file)]
    missing = [
        str(requirement)
        for requirement in requirements
        if not (version := locked().get(canonicalize_name(requirement.name)))
        or version not in requirement.specifier
    ]
    assert not missing, "Lock them with: ./bazelw run //:lock"


def test_every_line_has_hashes_and_no_line_names_an_index() -> None:
    for line in lines("requirements_lock.txt"):
        assert re.fullmatch(r"\S+==\S+(\s+--hash=sha256:[0-9a-f]{64})+", line), line
