"""Tests of the installer: npm packages are installed once per lock, completely or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.github.install import install
from toolchains.debian.errors import UnavailableError

NPM = """\
#!/bin/sh
echo "$@" >> {calls}
[ -e {broken} ] && {{ echo "no network" >&2; exit 7; }}
mkdir -p node_modules/@octokit/openapi/generated
touch node_modules/@octokit/openapi/generated/api.github.com.json
touch node_modules/@octokit/openapi/generated/ghes-3.0.json
"""


class Scene:
    """A fake npm that records its calls, and a cache."""

    def __init__(self, directory: Path) -> None:
        self.calls, self.broken = directory / "calls", directory / "broken"
        self.cache = directory / "cache"
        self._npm, self._lock = directory / "npm", directory / "package-lock.json"
        self._manifest = directory / "package.json"
        self._npm.write_text(NPM.format(calls=self.calls, broken=self.broken))
        self._npm.chmod(0o755)
        self._manifest.write_text("{}")

    def install(self, lock: str = "a") -> Path:
        self._lock.write_text(lock)
        return install(self._npm, self._manifest, self._lock, self.cache)

    def calls_of_npm(self) -> int:
        return len(self.calls.read_text().splitlines())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_packages_are_installed_once_for_all_clones(scene: Scene) -> None:
    assert scene.install() == scene.install()
    assert scene.calls_of_npm() == 1


def test_each_lock_has_its_own_directory(scene: Scene) -> None:
    """Catches: packages of an outdated lock."""
    assert scene.install("a") != scene.install("b")
    assert scene.calls_of_npm() == 2


def test_only_the_description_of_github_is_kept(scene: Scene) -> None:
    generated = scene.install() / "node_modules/@octokit/openapi/generated"
    assert [path.name for path in generated.iterdir()] == ["api.github.com.json"]


def test_a_failure_is_reported_and_retried_on_the_next_run(scene: Scene) -> None:
    """Catches: half of the packages, treated as complete from then on."""
    scene.broken.touch()
    with pytest.raises(UnavailableError, match=r"`npm ci` exited with 7; .*: no network"):
        scene.install()
    scene.broken.unlink()
    assert scene.install().is_dir()
    assert scene.calls_of_npm() == 2


def test_scripts_of_packages_are_not_run(scene: Scene) -> None:
    """Catches: third-party code that runs while a repository is fetched."""
    scene.install()
    assert "--ignore-scripts" in scene.calls.read_text()
