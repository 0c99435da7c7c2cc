"""`verify_published` for the release of a product: what must not count as verified."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from release.cli import push, verify_published
from release.model.errors import Refused
from release.model.manifest import Manifest
from release.model.outcome import Outcome
from release.model.plan import Cell, Plan
from release.model.product import Package
from release.model.state import RunState
from release.registry.installation import PushedRelease, require_pass
from tests.release.products import make_product
from tests.release.registry.conftest import VERSION
from tests.servers.registry.servers import EmptyRegistry


def push_all(registry: EmptyRegistry, release: Path) -> None:
    """Pushes the wheels of a release directory."""
    places = ("--registry", registry.upload, "--index", registry.index)
    result = CliRunner().invoke(push.app, [*places, "--from", str(release), "--yes"])
    assert result.exit_code == 0, result.output


def verify(registry: EmptyRegistry, release: Path, *arguments: str) -> Result:
    """Verifies the release of a directory."""
    return CliRunner().invoke(
        verify_published.app, ["--index", registry.index, "--from", str(release), *arguments]
    )


def test_a_release_that_was_not_pushed_is_refused(registry: EmptyRegistry, release: Path) -> None:
    result = verify(registry, release)
    assert result.exit_code == 1
    assert f"iree_runtime-{VERSION}-" in result.stderr
    assert "is missing; push it again" in result.stderr


def test_a_file_that_does_not_belong_to_the_release_is_refused(
    registry: EmptyRegistry, release: Path, tmp_path: Path
) -> None:
    """Catches: a verification that only looks for its own wheels."""
    push_all(registry, release)
    other = tmp_path / "release"
    other.mkdir()
    for name in ("plan.json", "manifest.json"):
        text = (release / name).read_text()
        # The registry now has a wheel for Windows that this release does not list.
        (other / name).write_text(text.replace("win_amd64", "win_arm64"))
    result = verify(registry, other)
    assert result.exit_code == 1
    assert "win_arm64.whl is missing; push it again" in result.stderr


def test_a_release_that_runs_nowhere_is_not_verified(
    registry: EmptyRegistry, release: Path
) -> None:
    """Catches: a verification that passes since it has no Python to install on."""
    push_all(registry, release)
    result = verify(registry, release)
    assert result.exit_code == 1
    assert "not run: Python 3.14, iree_runtime" in result.stderr
    assert f"sample {VERSION} was not tested on any Python" in result.stderr


def test_a_package_that_is_declared_alone_is_installed_by_name_without_its_requirements(
    registry: EmptyRegistry, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a wheel that is installed from its file, so that the registry's is never used; a
    release that is verified although no package was imported."""
    push_all(registry, release)
    python = ".".join(platform.python_version_tuple()[:2])
    interpreter = tmp_path / "interpreter.json"
    found = {"version": python, "release": platform.python_version(), "executable": sys.executable}
    interpreter.write_text(json.dumps(found))
    monkeypatch.setenv("SMOKE_INTERPRETERS", str(interpreter))
    monkeypatch.setenv("SMOKE_UV", os.environ.get("SMOKE_UV") or str(shutil.which("uv")))
    other = tmp_path / "release"
    other.mkdir()
    shutil.copy(release / "manifest.json", other)
    plan = json.loads((release / "plan.json").read_text())
    plan["cells"] = [
        {**cell, "python": python}
        for cell in plan["cells"]
        if (cell["package"], cell["python"]) == ("iree-tools-tf", "3.14")
    ]
    for package in plan["product"]["packages"]:
        if package["name"] == "iree-tools-tf":
            package["alone"] = "it requires a framework"
    (other / "plan.json").write_text(json.dumps(plan))
    result = verify(registry, other)
    assert f"installed: Python {python}, iree_tools_tf: installed alone; " in result.stderr
    assert result.exit_code == 1
    assert f"sample {VERSION} was not tested on any Python" in result.stderr
    paths = [seen.path for seen in registry.proxy.seen if seen.method == "GET"]
    # Downloaded once to compare it, and once by the installer.
    assert sum(f"iree_tools_tf-{VERSION}-py3-none-any.whl" in path for path in paths) >= 2
    assert not any("iree_runtime-" in path for path in paths), "its requirement was installed"


RUNTIME, TOOLS = "runtime-1.0-py3-none-any.whl", "tools-1.0-py3-none-any.whl"


def pushed(*, smoke: bool = True) -> PushedRelease:
    """A release of a package, and of one that is installed alone."""
    product = make_product(
        Package("runtime", ("runtime",)),
        Package("tools", ("tools",), alone="it requires a framework"),
        smoke=smoke,
    )
    cells = tuple(
        Cell(name, "linux_x86_64", "3.14", True, wheel)
        for name, wheel in (("runtime", RUNTIME), ("tools", TOOLS))
    )
    plan = Plan(product=product, version="1.0", platforms=(), cells=cells, dists=())
    return PushedRelease(plan, Manifest("1.0", {}))


def outcome(wheel: str, status: RunState) -> Outcome:
    return Outcome("linux_x86_64", "python", "3.14", "CPython", status, "why", (wheel,))


@pytest.mark.parametrize(
    ("smoke", "status"),
    [
        pytest.param(True, RunState.NOT_RUN, id="the others were not run"),
        pytest.param(True, RunState.INSTALLED, id="the others were only installed"),
        pytest.param(False, RunState.NOT_RUN, id="the others were not installed"),
    ],
)
def test_packages_that_are_installed_alone_do_not_verify_a_release(
    smoke: bool, status: RunState
) -> None:
    """Catches: a release that counts as tested though nothing of it was imported or run."""
    outcomes = [outcome(RUNTIME, status), outcome(TOOLS, RunState.INSTALLED)]
    with pytest.raises(Refused, match=r"^sample 1\.0 was not tested on any Python"):
        require_pass(pushed(smoke=smoke), outcomes)


@pytest.mark.parametrize(("smoke", "status"), [(True, "passed"), (False, "installed")])
def test_a_release_is_verified_on_one_python(smoke: bool, status: str) -> None:
    """Catches: a product without a smoke program that can never be verified."""
    tested = [outcome(RUNTIME, RunState(status)), outcome(RUNTIME, RunState.NOT_RUN)]
    require_pass(pushed(smoke=smoke), tested)
    with pytest.raises(Refused, match=r"^sample 1\.0 on Python 3\.14: why$"):
        require_pass(pushed(smoke=smoke), [*tested, outcome(TOOLS, RunState.FAILED)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--python", "3.9"],
            f"--python 3.9: sample {VERSION} has no wheels for it on linux_x86_64; expected one of "
            "3.14, 3.15",
            id="a Python that the plan does not have",
        ),
        pytest.param(
            ["--store", "directory:x"],
            "pass --store and --tag together, or --from DIR",
            id="a store without a tag",
        ),
        pytest.param(
            ["--suite", "tests"],
            "is a release, which the smoke program of its product tests; omit the option, or name "
            "a wheelhouse with --from",
            id="a suite, which only a wheelhouse has",
        ),
        pytest.param(
            ["--product", "other"],
            "--product other",
            id="another product",
        ),
    ],
)
def test_unsuitable_options_are_explained(
    registry: EmptyRegistry, release: Path, arguments: list[str], message: str
) -> None:
    result = verify(registry, release, *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr


def test_a_suite_for_a_release_in_a_store_is_refused_without_any_request(
    registry: EmptyRegistry, tmp_path: Path
) -> None:
    """Catches: a suite that the user named, and that nothing ran."""
    store = f"directory:{tmp_path / 'store'}"
    arguments = ["--store", store, "--tag", "v3.14.0", "--suite", "tests"]
    result = CliRunner().invoke(verify_published.app, ["--index", registry.index, *arguments])
    assert result.exit_code == 2, result.output
    assert "--suite tests: v3.14.0 is a release, which the smoke program" in result.stderr
    assert not registry.proxy.seen


def test_a_dry_run_installs_nothing(registry: EmptyRegistry, release: Path) -> None:
    push_all(registry, release)
    seen = len(registry.proxy.seen)
    result = verify(registry, release, "--dry-run")
    assert result.exit_code == 0, result.output
    assert f"would install sample {VERSION} from {registry.index}" in result.stdout
    assert "on Python 3.14, 3.15" in result.stdout
    assert len(registry.proxy.seen) == seen
