"""Every entry of docs/operations.md: the trouble, what `doctor` says of it, and what mends it."""

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
from release.model import document, settings
from release.nightly import worktree
from release.registry import projects
from release.site import site
from tests.git import git
from tests.release.doctor import runbook
from tests.release.promote.samples import restamp_tool
from tests.release.publish.samples import LINUX, WINDOWS
from tests.servers.github.server import GitHub
from tests.servers.registry import servers
from tests.servers.registry.servers import PASSWORD, USER
from tests.servers.remote.front import PATIENCE, Fault

COMMANDS = runbook.entries(Path(__file__).parents[2] / "docs" / "operations.md")
TRIED: dict[str, Callable[[Scene], None]] = {}


@dataclass(slots=True)
class Scene:
    """A checkout, and the store of its rehearsals."""

    checkout: Path
    github: Callable[[], GitHub]
    """Starts one."""
    scratch: Path
    monkeypatch: pytest.MonkeyPatch
    values: dict[str, str] = field(default_factory=dict)
    """What stands for the document's $NAME."""

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

    def night(self, *arguments: str) -> str:
        """Runs a night, and returns its tag."""
        result = CliRunner().invoke(nightly.app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return str(json.loads(result.stdout)["tag"])

    def commit(self, what: str) -> None:
        git(self.checkout, "commit", "--quiet", "--allow-empty", "--all", "--message", what)

    def findings(self, *arguments: str) -> list[dict[str, Any]]:
        """What `doctor` finds."""
        fixed = ["--store", self.store.address, "--json", *arguments]
        result = CliRunner().invoke(doctor.app, fixed)
        found: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
        assert result.exit_code == any(one["severity"] == "wrong" for one in found), result.output
        return found

    def finding(self, pattern: str, *arguments: str) -> dict[str, Any]:
        """The only thing that `doctor` finds."""
        (found,) = self.findings(*arguments)
        assert re.search(pattern, found["what"]), found
        return found

    def run(self, command: str) -> Result:
        """Runs a command of the document, or of a finding."""
        return runbook.run(command, self.values, self.checkout)

    def mend(self, entry: str, finding: dict[str, Any] | None = None) -> None:
        """Runs the only command of an entry, which is also that of the finding."""
        (command,) = COMMANDS[entry]
        if finding:
            for name, value in self.values.items():
                command = command.replace(f"${name}", value)
            assert finding["mend"] == command
        result = self.run(command)
        assert result.exit_code == 0, result.output


def entry(heading: str) -> Callable[[Callable[[Scene], None]], Callable[[Scene], None]]:
    """Says which entry of the document a function tries."""

    def remembered(function: Callable[[Scene], None]) -> Callable[[Scene], None]:
        TRIED[heading] = function
        return function

    return remembered


def later(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


@entry("A tag without a release")
def tag_without_release(scene: Scene) -> None:
    scene.night()
    scene.commit("Compile faster")
    commit = git(scene.checkout, "rev-parse", "HEAD")
    scene.values["COMMIT"] = commit
    tag = f"candidate-{datetime.now(UTC):%Y%m%d}.2"
    scene.store.create_tag(tag, commit)
    scene.mend("A tag without a release", scene.finding("it is a tag, and has no release"))
    release = scene.store.release(tag)
    assert release
    assert not release.draft


@entry("A half-uploaded draft")
def half_uploaded_draft(scene: Scene) -> None:
    """On GitHub, where an upload that is cut off leaves something behind."""
    github = scene.github()
    repository = github.repository()
    address = f"github:{repository}"
    commit = github.head(repository)
    scene.monkeypatch.setenv("GITHUB_API_URL", github.url)
    scene.values |= {"STORE": address, "COMMIT": commit}
    arguments = ["--store", address, "--commit", commit]
    # The builder of the night stands for any commit.
    scene.monkeypatch.setattr(worktree, "at", lambda workspace, _: workspace)
    github.front.inject(Fault("truncated upload"), method="POST", path=r"dist.*linux")
    scene.monkeypatch.setenv("IREE_RELEASE_PATIENCE", "1:0.01:600")
    killed = CliRunner().invoke(nightly.app, arguments)
    assert killed.exit_code == 75, killed.output
    scene.monkeypatch.setenv("IREE_RELEASE_PATIENCE", PATIENCE)
    fixed = ["--store", address, "--date", later(2), "--json"]
    result = CliRunner().invoke(doctor.app, fixed)
    (found,) = json.loads(result.stdout)["findings"]
    assert re.search("it is a draft since .* with [0-9]+ files", found["what"])
    scene.mend("A half-uploaded draft", found)
    assert (
        json.loads(CliRunner().invoke(doctor.app, [*fixed[:2], "--json"]).stdout)["findings"] == []
    )


@entry("A platform that is red for a week")
def red_platform(scene: Scene) -> None:
    (scene.checkout / "unfetchable").write_text(WINDOWS)
    scene.commit("lose Windows")
    scene.night()
    assert scene.findings() == []
    scene.values["OTHERS"] = LINUX
    found = next(one for one in scene.findings("--date", later(7)) if one["subject"] == WINDOWS)
    assert re.search("2 of its files are missing since .*, 7 days ago", found["what"])
    (command,) = COMMANDS["A platform that is red for a week"]
    assert found["mend"] == command.replace("$OTHERS", LINUX)
    told = scene.run(f"{command} --//packaging:version=20261126.9")
    assert (told.exit_code, WINDOWS in told.output) == (1, True)
    (scene.checkout / "unfetchable").write_text("")
    scene.commit("find Windows again")
    scene.night()
    assert not any(one["subject"] == WINDOWS for one in scene.findings("--date", later(8)))


@entry("A bad index")
def bad_index(scene: Scene) -> None:
    scene.night()
    page = scene.checkout / "store" / "site" / "simple" / "iree-runtime" / "index.html"
    page.write_text(page.read_text().replace("win_amd64", "win_arm64"))
    found = scene.finding("the page of iree-runtime does not show iree_runtime.*win_amd64")
    scene.mend("A bad index", found)
    assert scene.findings() == []
    scene.commit("Compile faster")
    tag = scene.night()
    site.write(
        scene.store,
        scene.checkout / "store" / "site",
        now=datetime.now(UTC),
        without=frozenset([tag]),
    )
    scene.mend("A bad index", scene.finding("the index does not show it"))
    assert scene.findings() == []


@entry("A bad nightly")
def bad_nightly(scene: Scene) -> None:
    tag = scene.night()
    yank(scene, tag)
    scene.mend("A bad nightly", scene.finding("it changed, and the index shows what it was"))
    assert 'data-yanked="it crashes"' in scene.page
    assert scene.findings() == []


def yank(scene: Scene, tag: str) -> None:
    release = scene.store.release(tag)
    assert release
    scene.store.describe(tag, title=release.title, notes=f"{release.notes}\nYanked: it crashes\n")


@entry("A release that lost a file")
def lost_file(scene: Scene) -> None:
    tag = scene.night()
    name = next(name for name in scene.store.assets(tag) if name.endswith(".whl"))
    scene.store.discard(tag, name)
    lost = scene.findings()
    assert f"{name}, which it states, is not there" in {one["what"] for one in lost}
    yank(scene, tag)
    scene.mend("A bad nightly")
    assert "data-yanked" in scene.page


@entry("A tag that was moved")
def moved_tag(scene: Scene) -> None:
    tag = scene.night()
    scene.values |= {"COMMIT": scene.store.tags()[tag], "TAG": tag}
    (scene.checkout / "store" / "refs" / "tags" / tag).write_text("d" * 40 + "\n")
    scene.mend(
        "A tag that was moved", scene.finding("its tag is at dddddddddddd, and it was built")
    )
    assert scene.findings() == []


@entry("A wrong promotion")
def wrong_promotion(scene: Scene) -> None:
    scene.monkeypatch.setenv("RESTAMP", str(restamp_tool(scene.scratch / "restamp")))
    wrong = scene.night()
    scene.commit("Mend what crashes")
    right = scene.night()
    young = ["--override", "age=made a minute ago, for this test"]
    fixed = ["--store", scene.store.address, "--candidate", wrong, "--version", "3.14.0"]
    assert CliRunner().invoke(promote.app, [*fixed, *young]).exit_code == 0
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
    tag = scene.night()
    young = ["--override", "age=made a minute ago, for this test"]
    fixed = ["--store", scene.store.address, "--candidate", tag, "--version", "3.14.0"]
    assert CliRunner().invoke(promote.app, [*fixed, *young]).exit_code == 0
    scene.monkeypatch.setenv("TWINE_USERNAME", USER)
    scene.monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    (scene.scratch / "registry").mkdir()
    with servers.serve("pypiserver", scene.scratch / "registry") as server:
        place = server.place()
        scene.values["INDEX"] = place.index
        on_it = ["--registry", place.upload, "--index", place.index]
        own = [one for one in scene.findings(*on_it) if one["subject"] == "v3.14.0"]
        assert [one["what"].partition(" are ")[0] for one in own] == ["3 of its 3 wheels"]
        limited = {
            name: replace(project, total_limit=100) for name, project in projects.read().items()
        }
        with scene.monkeypatch.context() as patched:
            patched.setattr(projects, "read", lambda: limited)
            refused = scene.run(own[0]["mend"])
            assert refused.exit_code == 1
            assert re.search("would have .* on 127.0.0.1", refused.output)
            assert not any(seen.method == "POST" for seen in place.front.seen)
        pushed = scene.run(own[0]["mend"])
        assert pushed.exit_code == 0, pushed.output
        assert not [one for one in scene.findings(*on_it) if one["subject"] == "v3.14.0"]
        # This command's verdict is on the table's other projects, which are not there.
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
        assert "GitHub does not know the token" in result.output
        assert "ghp_revoked" not in result.output
        assert not (scene.scratch / "site").exists()
    assert scene.run(command).exit_code == 0


@entry("What the policy keeps no longer")
def overdue(scene: Scene) -> None:
    old = scene.night("--version", "20260101.1")
    path = scene.checkout / "store" / "releases" / old / "release.json"
    date = "2026-01-01T00:00:00+00:00"
    record = document.read(path, "release", dict)
    path.write_bytes(document.dumps({**record, "created": date, "published": date}))
    site.write(scene.store, scene.checkout / "store" / "site", now=datetime.now(UTC))
    scene.commit("Compile faster")
    new = scene.night()
    kept = scene.scratch / "settings.toml"
    kept.write_text(re.sub("keep_last = .*", "keep_last = 1", settings.DEFAULT.read_text()))
    scene.monkeypatch.setattr(settings, "DEFAULT", kept)
    found = scene.finding(f"1 releases and tags, 0 MiB, are older .*, such as {old}")
    assert found["severity"] == "note"
    scene.mend("What the policy keeps no longer", found)
    assert scene.findings() == []
    assert set(scene.store.tags()) == {new}


@pytest.mark.parametrize("heading", COMMANDS)
def test_what_the_document_says_mends_it(
    heading: str,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    TRIED[heading](
        Scene(checkout, lambda: request.getfixturevalue("github"), tmp_path, monkeypatch)
    )


def test_a_healthy_store_is_said_to_be_so(checkout: Path) -> None:
    assert CliRunner().invoke(nightly.app, []).exit_code == 0
    result = CliRunner().invoke(doctor.app, ["--store", f"directory:{checkout / 'store'}"])
    assert result.exit_code == 0, result.output
    assert "nothing wrong." in result.stdout
