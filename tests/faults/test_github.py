"""Verbs on GitHub: killed at every call, failed in every way, and run again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults.report import tell
from tests.faults.victim import Ended, Running, Verb
from tests.github import server
from tests.github.front import FAULTS, Fault
from tests.github.server import TOKEN, GitHub
from tests.publish.samples import WINDOWS, make_release, write_verdicts

TAG = "candidate-20261122.2"
VERBS = ("tag", "publish", "purge")

# What a fault may end with; 0 stands for having been asked again.
CODES: Mapping[str, Sequence[int]] = {
    "401": (2,),
    "403": (0, 2),
    "404": (0, 1, 2),
    "409": (0, 1),
    "422": (0, 1),
    "429": (0,),
    "500": (0,),
    "502": (0,),
    "timeout": (0,),
    "cut before": (0,),
    "cut after": (0,),
    "short": (0,),
    "wrong digest": (0, 1),
    "truncated upload": (0,),
}


class Scene:
    """Repositories in a known state, and verbs that work on them."""

    def __init__(self, folder: Path, github: GitHub) -> None:
        """Makes the release that is published."""
        self.folder = folder
        self.github = github
        made = make_release(folder / "release", "20261122.2", missing=[WINDOWS])
        verdicts = write_verdicts(made, folder / "verdicts")
        self._publish = ["--from", str(made), "--verdicts", str(verdicts), "--uploads", "1"]
        self._count = 0

    def fresh(self, name: str) -> str:
        """A repository that a verb has work in."""
        github = self.github
        repository = github.repository()
        head = github.head(repository)
        if name == "tag":
            github.check_run(repository, head, "ci", "success", at="2026-11-22T10:00:00Z")
            github.require(repository, ["ci"])
        if name == "purge":
            for number in (1, 2, 3):
                tag = f"candidate-2026010{number}.1"
                github.release(repository, tag, {"a.whl": b"bytes"}, draft=number == 3)
        return repository

    def verb(self, name: str, repository: str) -> Verb:
        """A verb on a repository."""
        more = {
            "tag": ["--date", "2026-11-22", "--maximum-age-days", "9999"],
            "publish": [*self._publish, "--commit", self.github.head(repository)],
            "purge": ["--yes", "--keep-last", "1", "--date", "2027-11-25"],
        }[name]
        store = ["--store", f"github:{repository}", "--github-api", self.github.url]
        environment = {"GITHUB_TOKEN": TOKEN, "IREE_RELEASE_PATIENCE": "5:0.01:1"}
        return Verb(name, [*store, *more], environment)

    def start(self, verb: Verb) -> Running:
        """Starts a verb."""
        self._count += 1
        return Running(verb, self.folder / f"log{self._count}")

    def state(self, repository: str) -> dict[str, Any]:
        """What a repository has, with names that are the same in all of them."""
        names = {repository: "OWNER/REPO", self.github.head(repository): "HEAD"}
        found = self.github.snapshot(repository)
        for release in found["releases"]:
            manifest = release["assets"].get("manifest.json", ("", b""))[1]
            names[hashlib.sha256(manifest).hexdigest()] = "DIGEST OF MANIFEST"
        return {
            "refs": {ref: names.get(sha, sha) for ref, sha in found["refs"].items()},
            "releases": [_named(release, names) for release in found["releases"]],
        }

    def finish(self, name: str, repository: str) -> dict[str, Any]:
        """Runs a verb that nobody disturbs, and says what there is then."""
        self.github.front.calm()
        ended = self.start(self.verb(name, repository)).wait()
        assert ended.code == 0, ended.output
        return self.state(repository)


def _named(release: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    def named(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    assets = {
        # When it was chosen is another time in each run.
        name: (state, named(data.decode(errors="replace")) if name != "evidence.json" else "")
        for name, (state, data) in release["assets"].items()
    }
    return {**release, "notes": named(release["notes"]), "assets": assets}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    try:
        with server.serve(described=False) as github:
            yield Scene(tmp_path_factory.mktemp("scene"), github)
    except server.NotRun as why:
        pytest.skip(f"not run: {why}")


@pytest.fixture(scope="module")
def expected(scene: Scene) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """Of each verb the state that it leaves undisturbed, and the shapes of its requests."""
    found = {}
    for name in VERBS:
        repository = scene.fresh(name)
        verb = scene.verb(name, repository)
        scene.github.front.calm()
        ended = scene.start(verb).wait()
        assert ended.code == 0, ended.output
        shapes = [seen.shape for seen in scene.github.front.seen]
        found[name] = (scene.state(repository), shapes)
    return found


def harmless(ended: Ended) -> None:
    """Holds what a person sees against what nobody should see."""
    assert TOKEN not in ended.output
    assert "Traceback" not in ended.output, ended.output


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_and_run_again_it_ends_the_same(
    scene: Scene, expected: Any, name: str, when: str
) -> None:
    """Catches: two drafts of one tag, an upload that is taken for whole, a lease of the dead."""
    state, shapes = expected[name]
    for nth, shape in enumerate(shapes, start=1):
        repository = scene.fresh(name)
        verb = scene.verb(name, repository)
        scene.github.front.calm()
        victims: list[Running] = []

        def kill(victims: list[Running] = victims) -> None:
            victims[0].kill()

        scene.github.front.at(nth, **{when: kill})
        victims.append(scene.start(verb))
        ended = victims[0].wait()
        assert ended.killed, ended.output
        assert scene.finish(name, repository) == state, f"killed {when} call {nth}, {shape}"
    tell(f"{name} on GitHub: killed {when} each of {len(shapes)} calls, all resumed")


@pytest.mark.parametrize("name", VERBS)
@pytest.mark.parametrize("fault", FAULTS, ids=[f"{n} {fault}" for n, fault in enumerate(FAULTS)])
def test_each_kind_of_call_may_fail_in_each_way(
    scene: Scene, expected: Any, name: str, fault: Fault
) -> None:
    """Catches: a failure that may pass and is not tried again, or one that never will and is."""
    state, shapes = expected[name]
    first = {shape: nth for nth, shape in reversed(list(enumerate(shapes, start=1)))}
    for shape, nth in first.items():
        repository = scene.fresh(name)
        verb = scene.verb(name, repository)
        scene.github.front.calm()
        scene.github.front.inject(fault, nth=nth)
        ended = scene.start(verb).wait()
        harmless(ended)
        assert ended.code in CODES[str(fault)], f"{shape}: {ended.code}: {ended.output}"
        if ended.code:
            errors = [line for line in ended.output.splitlines() if line.startswith("error: ")]
            assert len(errors) == 1, ended.output
        assert scene.finish(name, repository) == state, f"{fault} at call {nth}, {shape}"
    tell(f"{name} on GitHub: {fault} at each of {len(first)} kinds of calls, all resumed")


def test_a_remote_that_stays_away_ends_with_75_and_says_that_a_rerun_goes_on(
    scene: Scene, expected: Any
) -> None:
    repository = scene.fresh("publish")
    verb = scene.verb("publish", repository)
    scene.github.front.calm()
    for nth in range(5):
        scene.github.front.inject(Fault("status", 502), method="POST", path="/assets", nth=nth + 3)
    ended = scene.start(verb).wait()
    harmless(ended)
    assert ended.code == 75, ended.output
    assert "GitHub answers 502, when uploading" in ended.output
    assert "run this again, and it goes on" in ended.output
    assert scene.finish("publish", repository) == expected["publish"][0]


def test_of_several_publishers_at_once_one_wins_and_the_others_say_so(
    scene: Scene, expected: Any
) -> None:
    tries = 8
    for _ in range(tries):
        repository = scene.fresh("publish")
        scene.github.front.calm()
        verb = scene.verb("publish", repository)
        running = [scene.start(verb) for _ in range(3)]
        ended = [one.wait() for one in running]
        assert any(one.code == 0 for one in ended), [one.output for one in ended]
        for one in ended:
            harmless(one)
            assert one.code == 0 or (one.code == 75 and "at work on it" in one.output), one.output
        assert scene.finish("publish", repository) == expected["publish"][0]
    tell(f"on GitHub: {tries} times 3 publishers at once, one release each")


def test_no_token_is_in_the_command_line_of_a_process(scene: Scene) -> None:
    """Catches: a token that everybody on the machine can read with `ps`."""
    repository = scene.fresh("publish")
    scene.github.front.calm()
    lines: list[str] = []

    def look() -> None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(path.read_text(errors="replace"))
            except OSError:
                continue

    scene.github.front.at(5, before=look)
    assert scene.start(scene.verb("publish", repository)).wait().code == 0
    assert lines
    assert not any(TOKEN in line for line in lines)
