"""A registry or source trees that differ from what other users get are rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.modules import outside, registry, sources, table
from tests.modules.environment import Environment
from tests.modules.errors import ModulesError

MODULE = 'module(name = "{name}", version = "{version}")\n'


def add(directory: Path, name: str, version: str, declared: str | None = None) -> Path:
    entry = directory / "modules" / name / version
    entry.mkdir(parents=True)
    (entry / "MODULE.bazel").write_text(MODULE.format(name=name, version=declared or version))
    (entry / "source.json").write_text('{"url": "https://nowhere.invalid/x.tar.gz"}')
    return entry


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    directory = tmp_path / "registry"
    directory.mkdir()
    (directory / "bazel_registry.json").write_text("{}")
    add(directory, "rules", "1.2")
    add(directory, "more", "0.1")
    return directory


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    for name, version in (("rules", "1.2"), ("more", "0.1")):
        tree = tmp_path / "modules" / name
        tree.mkdir(parents=True)
        (tree / "MODULE.bazel").write_text(MODULE.format(name=name, version=version))
        (tree / "BUILD").write_text("")
        (tree / "defs.bzl").write_text("symbol = 1\n")
    return tmp_path / "modules"


@pytest.fixture
def workspace(tmp_path: Path, modules: Path) -> Path:
    root = tmp_path / "workspace"
    (root / sources.TABLES).mkdir(parents=True)
    (root / "MODULE.bazel").write_text(
        'module(name = "ours")\nbazel_dep(name = "rules", version = "1.2")\n'
    )
    exports = table.of_tree(modules / "rules", "rules", "1.2")
    (root / sources.TABLES / "rules.json").write_text(table.write(exports))
    return root


def prepare(workspace: Path, checkout: Path, modules: Path, **others: Path) -> outside.Modules:
    directory = workspace.with_name("written")
    return outside.prepare(workspace, directory, checkout, modules, others)


def test_the_overlay_has_the_original_entries_and_the_local_sources(
    workspace: Path, checkout: Path, modules: Path
) -> None:
    """Catches: a version or a dependency that the registry lacks."""
    prepared = prepare(workspace, checkout, modules)
    assert prepared.overlaid == [("more", "0.1"), ("rules", "1.2")]
    for name, version in prepared.overlaid:
        entry = prepared.overlay / "modules" / name / version
        original = checkout / "modules" / name / version
        assert (entry / "MODULE.bazel").read_bytes() == (original / "MODULE.bazel").read_bytes()
        assert json.loads((entry / "source.json").read_text()) == {
            "type": "local_path",
            "path": str(modules / name),
        }


def test_bazel_uses_the_overlay_first_and_rejects_changed_pins(
    workspace: Path, checkout: Path, modules: Path
) -> None:
    """Catches: other sources, and a pin that dependencies override silently."""
    other = modules / "more"
    prepared = prepare(workspace, checkout, modules, toml=other)
    assert prepared.rc().splitlines() == [
        f'common "--registry={prepared.overlay.as_uri()}"',
        f'common "--registry={checkout.as_uri()}"',
        'common "--check_direct_dependencies=error"',
        'common "--lockfile_mode=off"',
        f'common "--override_module=toml={other}"',
    ]


def test_a_directory_that_is_not_a_registry(workspace: Path, checkout: Path, modules: Path) -> None:
    (checkout / "bazel_registry.json").unlink()
    with pytest.raises(ModulesError, match="is not a checkout of a module registry"):
        prepare(workspace, checkout, modules)


def test_a_registry_without_the_pinned_version(
    workspace: Path, checkout: Path, modules: Path
) -> None:
    """Catches: a checkout that is older than the pins."""
    (checkout / "modules/rules/1.2/source.json").unlink()
    with pytest.raises(ModulesError, match=r"lacks rules 1\.2, which MODULE\.bazel pins; update"):
        prepare(workspace, checkout, modules)


@pytest.mark.parametrize("module", [MODULE.format(name="rules", version="1.3"), 'module(name="x")'])
def test_a_registry_entry_of_another_version(
    workspace: Path, checkout: Path, modules: Path, module: str
) -> None:
    """Catches: a mirror that serves another version than the requested one."""
    (checkout / "modules/rules/1.2/MODULE.bazel").write_text(module)
    with pytest.raises(ModulesError, match=r"is for .*, not for rules 1\.2; restore"):
        prepare(workspace, checkout, modules)


def test_a_tree_that_is_missing_or_of_another_version(
    workspace: Path, checkout: Path, modules: Path
) -> None:
    file = modules / "rules/MODULE.bazel"
    file.write_text(MODULE.format(name="rules", version="1.3"))
    with pytest.raises(ModulesError, match=r"is rules 1\.3 according to its MODULE\.bazel"):
        prepare(workspace, checkout, modules)
    file.unlink()
    with pytest.raises(ModulesError, match="the source tree of rules is missing"):
        prepare(workspace, checkout, modules)


def test_a_tree_that_lacks_a_symbol(workspace: Path, checkout: Path, modules: Path) -> None:
    (modules / "rules/defs.bzl").write_text("another = 1\n")
    with pytest.raises(ModulesError, match=r"lacks symbol in //:defs\.bzl"):
        prepare(workspace, checkout, modules)


def test_a_tree_of_a_version_that_the_registry_lacks(
    workspace: Path, checkout: Path, modules: Path
) -> None:
    """Catches: a tree that is never used."""
    (modules / "more/MODULE.bazel").write_text(MODULE.format(name="more", version="0.2"))
    with pytest.raises(ModulesError, match=r"is more 0\.2, which .* lacks"):
        prepare(workspace, checkout, modules)


def test_a_pinned_module_is_not_replaced(workspace: Path, checkout: Path, modules: Path) -> None:
    """Catches: --other that circumvents the check of the version."""
    with pytest.raises(ModulesError, match="rules is pinned; add its tree to"):
        prepare(workspace, checkout, modules, rules=modules / "rules")
    with pytest.raises(ModulesError, match="is not a source tree of toml"):
        prepare(workspace, checkout, modules, toml=checkout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--registry", "absent", "--modules", "absent"], "not a checkout of a module registry"),
        (["--modules", "absent"], "required: --registry"),
        (["--registry", "x", "--modules", "x", "--other", "toml"], "expected NAME=DIR, not 'toml'"),
    ],
)
def test_bad_input_is_exit_code_2(
    workspace: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(workspace))
    monkeypatch.setattr(outside, "user_cache", lambda: workspace.with_name("cache"))
    monkeypatch.delenv("BUILD_WORKING_DIRECTORY", raising=False)
    try:
        code = outside.main(arguments)
    except SystemExit as end:  # argparse's
        code = int(str(end.code))
    assert code == 2
    assert message in capsys.readouterr().err
    assert not list(workspace.parent.glob("cache/*"))


def test_a_file_that_differs_or_is_missing_is_named(tmp_path: Path) -> None:
    """Catches: a comparison of common files only, which a build with fewer files would pass."""
    files = {name: tmp_path / name for name in ("a", "b", "c")}
    for name, path in files.items():
        path.write_text(name)
    inside = {"x": files["a"], "y": files["b"]}
    assert outside.compare(inside, {"x": files["c"], "z": files["b"]}) == [
        "x differs: at byte 0.",
        "y was built inside only.",
        "z was built outside only.",
    ]
    assert outside.compare(inside, inside) == []


def test_an_unexpected_source_is_named(
    tmp_path: Path, workspace: Path, checkout: Path, modules: Path
) -> None:
    """Catches: a user's override or Debian's copy in the build that represents other users."""
    prepared = prepare(workspace, checkout, modules)
    environment = Environment("outside", workspace, tmp_path / "output", tmp_path / "log")
    link = environment.output_base / "external" / "rules~"
    link.parent.mkdir(parents=True)
    link.symlink_to(modules / "more")
    assert outside.unexpected_sources(prepared, environment) == [
        f"rules was built from {modules / 'more'}, not from {modules / 'rules'}."
    ]
    link.unlink()
    assert outside.unexpected_sources(prepared, environment)
    link.symlink_to(modules / "rules")
    assert outside.unexpected_sources(prepared, environment) == []


def test_a_test_that_did_not_pass_is_named() -> None:
    """Catches: a test that was not built, timed out or has no status, counted as passed."""
    statuses = {"//a": "PASSED", "//b": "FAILED", "//c": "NO_STATUS", "//d": "FLAKY"}
    assert outside.failures(statuses) == ["//b: FAILED", "//c: NO_STATUS"]


def test_an_entry_that_declares_another_version_is_rejected(checkout: Path) -> None:
    add(checkout, "rules", "1.3", declared="1.3-rc1")
    with pytest.raises(ModulesError, match=r"is for rules 1\.3-rc1"):
        registry.require(registry.read(checkout), "rules", "1.3")
