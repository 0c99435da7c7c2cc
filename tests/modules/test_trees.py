"""The version of a source tree is determined from the tree, or the tree is rejected."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.modules import sources, table, trees
from tests.modules.errors import ModulesError
from tests.modules.update import update

DEFS = 'load(":x.bzl", "x")\n\ndef rule():\n    pass\n'


def tree(directory: Path, version: str, module: str = "rules") -> Path:
    for name, content in {
        "MODULE.bazel": f'module(name = "{module}", version = "{version}")\n',
        "lib/BUILD": "",
        "lib/defs.bzl": DEFS,
        "lib/deep/more.bzl": "MORE = 1\n",
        "lib/private/BUILD": "",
        "lib/private/own.bzl": "own = 1\n",
        "other/MODULE.bazel": 'module(name = "other")\n',
        "other/BUILD": "",
        "other/other.bzl": "other = 1\n",
        "nowhere/x.bzl": "x = 1\n",
    }.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def checkout(directory: Path, version: str, tag: str | None) -> Path:
    if which("git") is None:
        pytest.skip("not run: git is not on PATH")
    tree(directory, version)
    author = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        [*author, "commit", "--quiet", "--message=x"],
        *([["tag", tag]] if tag else []),
    ):
        subprocess.run(["git", *command], cwd=directory, check=True)
    return directory


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / sources.TABLES).mkdir(parents=True)
    (root / "MODULE.bazel").write_text(
        'module(name = "ours")\nbazel_dep(name = "rules", version = "1.2")\n'
    )
    return root


def test_the_public_files_are_listed_by_label(tmp_path: Path) -> None:
    """Catches: private files, files of other modules, and files outside of packages."""
    found = table.of_tree(tree(tmp_path, "1.2"), "rules", "1.2")
    assert found.files == {
        "//lib:deep/more.bzl": frozenset({"MORE"}),
        "//lib:defs.bzl": frozenset({"rule"}),
    }


@pytest.mark.parametrize("tag", ["1.2", "v1.2", "rules-1.2"])
@pytest.mark.parametrize("declared", ["0.0.0", "1.2"])
def test_the_tag_of_a_checkout_is_its_version(tmp_path: Path, tag: str, declared: str) -> None:
    assert trees.read(checkout(tmp_path, declared, tag)).versions == {"1.2"}


def test_the_declared_version_is_its_version(tmp_path: Path) -> None:
    assert trees.read(tree(tmp_path, "1.2")).versions == {"1.2"}


def test_the_directory_name_of_an_archive_has_its_version(tmp_path: Path) -> None:
    unpacked = tree(tmp_path / "rules-1.2", "0.0.0")
    link = tmp_path / "rules"
    link.symlink_to(unpacked.name)
    assert trees.read(unpacked).versions == trees.read(link).versions == {"1.2"}


def test_a_tree_without_a_version_is_rejected(tmp_path: Path) -> None:
    """Catches: a tree that is assumed to have the pinned version."""
    with pytest.raises(ModulesError, match="cannot be determined"):
        trees.read(tree(tmp_path / "rules", "0.0.0"))


@pytest.mark.parametrize(
    ("declared", "tag", "reason"),
    [
        ("0.0.0", None, "at a commit without a version tag"),
        ("1.2", None, "says 1.2, but its commit has no tag of that version"),
        ("1.2", "1.3", "says 1.2, but its commit has no tag of that version"),
        ("0.0.0", "latest", "at a commit without a version tag"),
    ],
)
def test_a_checkout_that_is_not_at_its_tag_is_rejected(
    tmp_path: Path, declared: str, tag: str | None, reason: str
) -> None:
    """Catches: commits after a release, whose MODULE.bazel still has the version of the release."""
    with pytest.raises(ModulesError, match=reason):
        trees.read(checkout(tmp_path, declared, tag))


def test_a_changed_checkout_is_rejected(tmp_path: Path) -> None:
    directory = checkout(tmp_path, "0.0.0", "1.2")
    (directory / "lib/defs.bzl").write_text("more = 1\n")
    with pytest.raises(ModulesError, match=r"git checkout with changes \(M lib/defs.bzl\)"):
        trees.read(directory)


def test_the_table_is_written_for_the_pinned_version(tmp_path: Path, workspace: Path) -> None:
    file = update(workspace, "rules", tree(tmp_path / "rules", "1.2"))
    assert json.loads(file.read_text()) == {
        "module": "rules",
        "version": "1.2",
        "exports": {"//lib:deep/more.bzl": ["MORE"], "//lib:defs.bzl": ["rule"]},
    }
    assert sources.our_tables(workspace)["rules"].version == "1.2"


def test_the_table_is_not_written_from_another_version(tmp_path: Path, workspace: Path) -> None:
    """Catches: a table for one version with the symbols of another."""
    message = r"is rules 1\.3 according to its MODULE.bazel, but .* pins 1\.2"
    with pytest.raises(ModulesError, match=message):
        update(workspace, "rules", tree(tmp_path / "rules", "1.3"))
    with pytest.raises(ModulesError, match="is the source of other, not of rules"):
        update(workspace, "rules", tree(tmp_path / "other", "1.2", "other"))
    with pytest.raises(ModulesError, match="does not pin other; it pins rules"):
        update(workspace, "other", tree(tmp_path / "other", "1.2", "other"))
    with pytest.raises(ModulesError, match="is not a source tree of a module"):
        update(workspace, "rules", tmp_path)
    assert not list((workspace / sources.TABLES).iterdir())


def test_every_pinned_module_requires_its_tree(tmp_path: Path) -> None:
    """Catches: a build that silently uses another source or version of a module."""
    good = table.of_tree(tree(tmp_path / "rules", "1.2"), "rules", "1.2")
    found = trees.all_below(tmp_path)
    trees.require_pinned(found, {"rules": "1.2"}, {"rules": good})
    with pytest.raises(ModulesError, match="the source tree of missing is missing"):
        trees.require_pinned(found, {"missing": "1.0"}, {})
    with pytest.raises(ModulesError, match=r"pins 1\.3"):
        trees.require_pinned(found, {"rules": "1.3"}, {"rules": good})


def test_a_tree_that_lacks_a_symbol_of_the_table_is_rejected(tmp_path: Path) -> None:
    """Catches: a tree that declares a wrong version, or is incomplete."""
    good = table.of_tree(tree(tmp_path / "rules", "1.2"), "rules", "1.2")
    (tmp_path / "rules/lib/defs.bzl").write_text("def other():\n    pass\n")
    with pytest.raises(ModulesError, match=r"lacks rule in //lib:defs\.bzl, which the table"):
        trees.require_pinned(trees.all_below(tmp_path), {"rules": "1.2"}, {"rules": good})


def test_two_trees_of_a_module_are_rejected(tmp_path: Path) -> None:
    tree(tmp_path / "rules-1.2", "1.2")
    tree(tmp_path / "rules-1.3", "1.3")
    with pytest.raises(ModulesError, match="are both trees of rules"):
        trees.all_below(tmp_path)
    with pytest.raises(ModulesError, match="is not a directory"):
        trees.all_below(tmp_path / "absent")
