"""Every entry of docs/guides/operations.md: the fault, what `doctor` reports, and the fix."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from release.cli import doctor, nightly, promote
from release.hosting.directory_store import DirectoryStore
from release.model import document
from release.nightly import worktree
from release.site import site
from tests.git import git
from tests.release.doctor import runbook
from tests.release.products import declare
from tests.release.promote.samples import restamp_tool
from tests.release.publish.samples import LINUX, WINDOWS, sample_product
from tests.servers.github.server import GitHub
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER
from tests.servers.remote.proxy import RETRY_SETTINGS, Fault

COMMANDS = runbook.entries(Path(__file__).parents[3] / "docs" / "guides" / "operations.md")
TESTS: dict[str, Callable[[Scene], None]] = {}


@dataclass(slots=True)
class Scene:
    """A checkout with a directory store."""

    checkout: Path
    github: Callable[[], GitHub]
    """Starts a GitHub server."""
    scratch: Path
    monkeypatch: pytest.MonkeyPatch
    values: dict[str, str] = field(default_factory=dict)
    """Values of the variables $NAME in the document."""

    def __post_init__(self) -> None:
        self.values["STORE"] = self.store.address
        self.values["ROOT"] = str(self.store.root)

    @property
    def store(self) -> DirectoryStore:
        return DirectoryStore(self.checkout / "store")

    @property
    def page(self) -> str:
        return (
            self.checkout / "store" / "site" / "simple" / "iree-runtime" / "index.html"
        ).read_text()

    def nightly(self, *arguments: str) -> str:
        """Runs a nightly, and returns its tag."""
        result = CliRunner().invoke(nightly.app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return str(json.loads(result.stdout)["tag"])

    def commit(self, subject: str) -> None:
        git(self.checkout, "commit", "--quiet", "--allow-empty", "--all", "--message", subject)

    def findings(self, *arguments: str) -> list[dict[str, Any]]:
        """The findings of `doctor`."""
        options = ["--store", self.store.address, "--json", *arguments]
        result = CliRunner().invoke(doctor.app, options)
        found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
        assert result.exit_code == any(one["severity"] == "error" for one in found), result.output
        return found

    def finding(self, pattern: str, *arguments: str) -> dict[str, Any]:
        """The only finding of `doctor`."""
        (found,) = self.findings(*arguments)
        assert re.search(pattern, found["message"]), found
        return found

    def run(self, command: str) -> Result:
        """Runs a command of the document or of a finding."""
        return runbook.run(command, self.values, self.checkout)

    def fix(self, entry: str, finding: dict[str, Any] | None = None) -> None:
        """Runs the only command of an entry, which must also be the fix of the finding."""
        (command,) = COMMANDS[entry]
        if finding:
            for name, value in self.values.items():
                command = command.replace(f"${name}", value)
            assert finding["fix"] == command
        result = self.run(command)
        assert result.exit_code == 0, result.output


def entry(heading: str) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Registers a function as the test of an entry."""

    def register(function: Callable[[Scene], None]) -> Callable[[Scene], None]:
        TESTS[heading] = function
        return function

    return register


def later(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


@entry("A tag without a release")
def tag_without_release(scene: Scene) -> None:
    scene.nightly()
    scene.commit("Compile faster")
    commit = git(scene.checkout, "rev-parse", "HEAD")
    scene.values["COMMIT"] = commit
    tag = f"candidate-{datetime.now(UTC):%Y%m%d}.2"
    scene.store.create_tag(tag, commit)
    scene.fix("A tag without a release", scene.finding("is a tag without a release"))
    release = scene.store.release(tag)
    assert release
    assert not release.draft


@entry("A half-uploaded draft")
def half_uploaded_draft(scene: Scene) -> None:
    """On GitHub, where an interrupted upload leaves an incomplete asset."""
    github = scene.github()
    repository = github.repository()
    address = f"github:{repository}"
    commit = github.head(repository)
    scene.monkeypatch.setenv("GITHUB_API_URL", github.url)
    scene.values |= {"STORE": address, "COMMIT": commit}
    arguments = ["--store", address, "--commit", commit]
    # The replacement for Bazel builds the same release for any commit.
    scene.monkeypatch.setattr(worktree, "at", lambda workspace, _: workspace)
    github.proxy.inject(Fault("truncated upload"), method="POST", path=r"dist.*linux")
    scene.monkeypatch.setenv("IREE_RELEASE_PATIENCE", "1:0.01:600")
    killed = CliRunner().invoke(nightly.app, arguments)
    assert killed.exit_code == 75, killed.output
    scene.monkeypatch.setenv("IREE_RELEASE_PATIENCE", RETRY_SETTINGS)
    options = ["--store", address, "--date", later(2), "--json"]
    result = CliRunner().invoke(doctor.app, options)
    (found,) = json.loads(result.stdout)["findings"]
    assert re.search("has been a draft for .* with [0-9]+ files", found["message"])
    scene.fix("A half-uploaded draft", found)
    assert (
        json.loads(CliRunner().invoke(doctor.app, [*options[:2], "--json"]).stdout)["findings"]
        == []
    )


@entry("A platform that is red for a week")
def red_platform(scene: Scene) -> None:
    (scene.checkout / "unfetchable").write_text(WINDOWS)
    scene.commit("lose Windows")
    scene.nightly()
    assert scene.findings() == []
    scene.values["OTHERS"] = LINUX
    found = next(one for one in scene.findings("--date", later(7)) if one["subject"] == WINDOWS)
    assert re.search("2 of its files have been missing for 7 days", found["message"])
    (command,) = COMMANDS["A platform that is red for a week"]
    command = command.replace("//products/iree:", "//products/sample:")
    assert found["fix"] == command.replace("$OTHERS", LINUX)
    result = scene.run(f"{command} --//packaging:version=20261126.9")
    assert (result.exit_code, WINDOWS in result.output) == (1, True)
    (scene.checkout / "unfetchable").write_text("")
    scene.commit("find Windows again")
    scene.nightly()
    assert not any(one["subject"] == WINDOWS for one in scene.findings("--date", later(8)))


@entry("A bad index")
def bad_index(scene: Scene) -> None:
    scene.nightly()
    page = scene.checkout / "store" / "site" / "simple" / "iree-runtime" / "index.html"
    page.write_text(page.read_text().replace("win_amd64", "win_arm64"))
    found = scene.finding("the page of iree-runtime does not list iree_runtime.*win_amd64")
    scene.fix("A bad index", found)
    assert scene.findings() == []
    scene.commit("Compile faster")
    tag = scene.nightly()
    site.write(
        scene.store,
        scene.checkout / "store" / "site",
        sample_product(),
        now=datetime.now(UTC),
        without=frozenset([tag]),
    )
    scene.fix("A bad index", scene.finding("is not in the index"))
    assert scene.findings() == []


@entry("A bad nightly")
def bad_nightly(scene: Scene) -> None:
    tag = scene.nightly()
    yank(scene, tag)
    scene.fix("A bad nightly", scene.finding("has changed since the index was written"))
    assert 'data-yanked="it crashes"' in scene.page
    assert scene.findings() == []


def yank(scene: Scene, tag: str) -> None:
    release = scene.store.release(tag)
    assert release
    scene.store.describe(tag, title=release.title, notes=f"{release.notes}\nYanked: it crashes\n")


@entry("A release that lost a file")
def lost_file(scene: Scene) -> None:
    tag = scene.nightly()
    name = next(name for name in scene.store.assets(tag) if name.endswith(".whl"))
    scene.store.discard(tag, name)
    messages = {one["message"] for one in scene.findings()}
    assert f"lacks {name}, which its manifest lists" in messages
    yank(scene, tag)
    scene.fix("A bad nightly")
    assert "data-yanked" in scene.page


@entry("A tag that was moved")
def moved_tag(scene: Scene) -> None:
    tag = scene.nightly()
    scene.values |= {"COMMIT": scene.store.tags()[tag], "TAG": tag}
    (scene.checkout / "store" / "refs" / "tags" / tag).write_text("d" * 40 + "\n")
    scene.fix("A tag that was moved", scene.finding("its tag is at dddddddddddd, but it was built"))
    assert scene.findings() == []


@entry("A wrong promotion")
def wrong_promotion(scene: Scene) -> None:
    scene.monkeypatch.setenv("RESTAMP", str(restamp_tool(scene.scratch / "restamp")))
    wrong = scene.nightly()
    scene.commit("Fix the crash")
    right = scene.nightly()
    override = ["--override", "age=made a minute ago, for this test"]
    options = ["--store", scene.store.address, "--candidate", wrong, "--version", "3.14.0"]
    assert CliRunner().invoke(promote.app, [*options, *override]).exit_code == 0
    yank(scene, "v3.14.0")
    scene.values |= {"TAG": right, "NEXT": "3.14.1"}
    (command,) = COMMANDS["A wrong promotion"]
    result = scene.run(f"{command} --override 'age=made a minute ago, for this test'")
    assert result.exit_code == 0, result.output
    assert scene.page.count('data-yanked="it crashes"') == 2, "both wheels of 3.14.0"
    assert "iree_runtime-3.14.1" in scene.page
    assert scene.findings() == []


@entry("A full registry")
def full_registry(scene: Scene) -> None:
    scene.monkeypatch.setenv("RESTAMP", str(restamp_tool(scene.scratch / "restamp")))
    tag = scene.nightly()
    override = ["--override", "age=made a minute ago, for this test"]
    options = ["--store", scene.store.address, "--candidate", tag, "--version", "3.14.0"]
    assert CliRunner().invoke(promote.app, [*options, *override]).exit_code == 0
    scene.monkeypatch.setenv("TWINE_USERNAME", USER)
    scene.monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    (scene.scratch / "registry").mkdir()
    with servers.serve("pypiserver", scene.scratch / "registry") as server:
        place = server.empty_registry()
        scene.values["INDEX"] = place.index
        on_it = ["--registry", place.upload, "--index", place.index]
        own = [one for one in scene.findings(*on_it) if one["subject"] == "v3.14.0"]
        assert [one["message"].partition(" are ")[0] for one in own] == ["3 of its 3 wheels"]
        product = sample_product()
        limited = tuple(replace(one, total_limit_gib=0) for one in product.projects)
        with scene.monkeypatch.context() as patched:
            changed = declare(scene.scratch / "limited", replace(product, projects=limited))
            patched.setenv("PRODUCTS", changed)
            refused = scene.run(own[0]["fix"])
            assert refused.exit_code == 1
            assert re.search("would use .* on 127.0.0.1", refused.output)
            assert not any(seen.method == "POST" for seen in place.proxy.seen)
        pushed = scene.run(own[0]["fix"])
        assert pushed.exit_code == 0, pushed.output
        assert not [one for one in scene.findings(*on_it) if one["subject"] == "v3.14.0"]
        # The exit code is that of the other projects in the table, which have no files there.
        assert "iree-runtime" in scene.run(COMMANDS["A full registry"][0]).output


@entry("A revoked token")
def revoked_token(scene: Scene) -> None:
    github = scene.github()
    repository = github.repository()
    scene.monkeypatch.setenv("GITHUB_API_URL", github.url)
    scene.values |= {"STORE": f"github:{repository}", "SITE": str(scene.scratch / "site")}
    (command,) = COMMANDS["A revoked token"]
    with scene.monkeypatch.context() as patched:
        patched.setenv("GITHUB_TOKEN", "ghp_revoked")
        result = scene.run(command)
        assert result.exit_code == 2, result.output
        assert "GitHub rejects the token" in result.output
        assert "ghp_revoked" not in result.output
        assert not (scene.scratch / "site").exists()
    assert scene.run(command).exit_code == 0


@entry("Releases older than the policy keeps")
def overdue(scene: Scene) -> None:
    old = scene.nightly("--version", "20260101.1")
    path = scene.checkout / "store" / "releases" / old / "release.json"
    date = "2026-01-01T00:00:00+00:00"
    record = document.read(path, "release", dict)
    path.write_bytes(document.dumps({**record, "created": date, "published": date}))
    directory = scene.checkout / "store" / "site"
    site.write(scene.store, directory, sample_product(), now=datetime.now(UTC))
    scene.commit("Compile faster")
    new = scene.nightly()
    product = sample_product()
    settings = replace(product.settings, purge=replace(product.settings.purge, keep_last=1))
    changed = declare(scene.scratch / "changed", replace(product, settings=settings))
    scene.monkeypatch.setenv("PRODUCTS", changed)
    found = scene.finding(rf"1 releases and tags \(0 MiB\) are older .*, such as {old}")
    assert found["severity"] == "note"
    scene.fix("Releases older than the policy keeps", found)
    assert scene.findings() == []
    assert set(scene.store.tags()) == {new}


@pytest.mark.parametrize("heading", COMMANDS)
def test_each_entry_of_the_document(
    heading: str,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    TESTS[heading](
        Scene(checkout, lambda: request.getfixturevalue("github"), tmp_path, monkeypatch)
    )


def test_a_consistent_store_has_no_findings(checkout: Path) -> None:
    assert CliRunner().invoke(nightly.app, []).exit_code == 0
    result = CliRunner().invoke(doctor.app, ["--store", f"directory:{checkout / 'store'}"])
    assert result.exit_code == 0, result.output
    assert ": no errors." in result.stdout
