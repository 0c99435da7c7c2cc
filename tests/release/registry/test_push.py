"""Pushing to real registries: what may go, in which order, and never twice."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from release.cli import publish
from release.cli import push as push_command
from release.hosting.directory_store import DirectoryStore
from release.registry import projects, pushing
from release.registry.file import RegistryFile
from release.registry.projects import Project
from release.registry.registry import Registry
from tests.release.publish.samples import make_release, make_wheel, write_verdicts
from tests.release.registry.conftest import VERSION, digests, stated
from tests.servers.registry.servers import PASSWORD, Place

RUNTIME = f"iree_runtime-{VERSION}-cp312-abi3-"
TOOLS = f"iree_tools_tf-{VERSION}-py3-none-any.whl"


def push(place: Place, *arguments: str | Path, code: int = 0, typed: str | None = None) -> Result:
    """Runs `push`, which ends with a code."""
    where = ["--registry", place.upload, "--index", place.index]
    result = CliRunner().invoke(push_command.app, [*where, *map(str, arguments)], input=typed)
    assert result.exit_code == code, result.output
    assert PASSWORD not in result.output
    return result


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this machine one that is far away."""
    monkeypatch.setattr(Registry, "local", False)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Project]]:
    """The table of projects, which may be changed."""
    changed = dict(projects.read())
    monkeypatch.setattr(projects, "read", lambda: changed)
    yield changed


def test_a_release_goes_there_whole_and_what_others_require_first(
    place: Place, release: Path
) -> None:
    result = push(place, "--from", release)
    assert digests(place) == stated(release)
    lines = [line.split()[1] for line in result.stderr.splitlines() if line.startswith("uploaded")]
    assert lines == [f"{RUNTIME}manylinux_2_28_x86_64.whl", f"{RUNTIME}win_amd64.whl", TOOLS]
    assert "3 wheels are on 127.0.0.1" in result.stdout


def test_a_version_that_an_older_one_stands_above_is_told(
    place: Place, release: Path, tmp_path: Path
) -> None:
    """Catches: 3.14.0 after years of 20240828.999, which installers go on to take."""
    push(place, "--from", release)
    stable = make_release(tmp_path / "stable", "3.14.0")
    result = push(place, "--from", stable)
    assert (
        f"whoever names no version of iree-runtime goes on to get {VERSION}, which is on 127.0.0.1"
    ) in result.stderr


def test_a_second_push_sends_nothing(
    place: Place, release: Path, uploads: Callable[[], int]
) -> None:
    push(place, "--from", release)
    assert uploads() == 3
    again = push(place, "--from", release, "--json")
    assert uploads() == 3
    assert set(json.loads(again.stdout)["placed"].values()) == {"present"}


def test_what_is_missing_is_sent_and_nothing_else(
    place: Place, release: Path, uploads: Callable[[], int]
) -> None:
    """Catches: a push that has to be whole or begins anew."""
    part = make_release(release.parent / "part", VERSION, missing=["windows_x86_64"])
    push(place, "--from", part)
    shutil.rmtree(part)
    before = uploads()
    result = push(place, "--from", release)
    assert uploads() - before == 1
    assert "2 present, 1 uploaded" in result.stdout
    assert digests(place) == stated(release)


def test_a_dry_run_says_what_it_would_send(
    place: Place, release: Path, uploads: Callable[[], int]
) -> None:
    result = push(place, "--from", release, "--dry-run")
    assert f"would upload {TOOLS}" in result.stdout
    assert uploads() == 0


def test_other_bytes_under_a_name_are_refused_before_anything_is_sent(
    place: Place, release: Path, tmp_path: Path, uploads: Callable[[], int]
) -> None:
    """Catches: half a release beside the half of another."""
    other = make_release(tmp_path / "other", VERSION, salt="other", missing=["windows_x86_64"])
    push(place, "--from", other)
    before = uploads()
    result = push(place, "--from", release, code=1)
    assert uploads() == before
    assert f"{RUNTIME}manylinux_2_28_x86_64.whl is there with other bytes" in result.stderr
    assert "release under another version" in result.stderr
    assert digests(place) == stated(other)


@pytest.mark.parametrize(
    ("project", "told"),
    [
        ("iree-tools-xla", "iree-tools-xla is deprecated, and never released again; iree-compiler"),
        ("iree-runtime-instrumented", "deprecated, and never released again; iree-runtime took"),
        ("iree-helper", "iree-helper is no project of ours (release/registry/projects.toml)"),
    ],
)
def test_deprecated_and_unknown_projects_are_refused_without_asking_anybody(
    place: Place, tmp_path: Path, project: str, told: str
) -> None:
    made = make_release(tmp_path / "made", VERSION, native=["iree-runtime", project])
    result = push(place, "--from", made, code=1)
    assert told in result.stderr
    assert not place.front.seen


def test_a_development_version_of_one_machine_stays_there(
    place: Place, tmp_path: Path, far: None, uploads: Callable[[], int]
) -> None:
    """Catches: the 0.dev0 of a plain `bazel build`, on a registry for ever."""
    made = make_release(tmp_path / "made", "0.dev0")
    result = push(place, "--from", made, "--yes", code=1)
    assert "0.dev0" in result.stderr
    assert "is a development version, for one machine alone" in result.stderr
    assert uploads() == 0


def test_a_file_over_its_projects_limit_is_refused_before_anything_is_sent(
    place: Place, release: Path, table: dict[str, Project], uploads: Callable[[], int]
) -> None:
    table["iree-tools-tf"] = replace(table["iree-tools-tf"], file_limit=1)
    result = push(place, "--from", release, code=1)
    assert f"{TOOLS} has 0.0 MiB, and a file of iree-tools-tf may have 0" in result.stderr
    assert uploads() == 0


def test_files_over_their_projects_total_are_refused_before_anything_is_sent(
    place: Place, release: Path, table: dict[str, Project], uploads: Callable[[], int]
) -> None:
    size = sum(path.stat().st_size for path in release.glob(f"wheelhouse/{RUNTIME}*"))
    table["iree-runtime"] = replace(table["iree-runtime"], total_limit=size - 1)
    result = push(place, "--from", release, code=1)
    assert "iree-runtime would have 0.0 GiB" in result.stderr
    assert "ask for more" in result.stderr
    assert uploads() == 0


def test_a_wrong_password_is_told_with_the_variables_and_not_shown(
    place: Place, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINE_PASSWORD", "pypi-wrongSecret")
    result = push(place, "--from", release, code=2)
    assert "TWINE_USERNAME and TWINE_PASSWORD" in result.stderr
    assert "wrongSecret" not in result.output


def test_without_a_name_the_environment_is_asked_for_one(
    place: Place, release: Path, far: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a question that nobody answers in CI, and a key ring of whoever runs it."""
    monkeypatch.delenv("TWINE_USERNAME")
    monkeypatch.delenv("TWINE_PASSWORD")
    result = push(place, "--from", release, "--yes", code=2)
    assert "TWINE_PASSWORD" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_registry_elsewhere_is_not_written_to_without_a_word(
    place: Place, release: Path, far: None, uploads: Callable[[], int]
) -> None:
    result = push(place, "--from", release, code=2)
    assert "confirm it with --yes" in result.stderr
    assert uploads() == 0
    push(place, "--from", release, "--yes")
    assert uploads() == 3


@pytest.mark.parametrize(("typed", "code", "sent"), [(VERSION, 0, 3), ("yes", 1, 0), ("", 1, 0)])
def test_a_person_confirms_it_by_typing_the_version(
    place: Place,
    release: Path,
    far: None,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Callable[[], int],
    typed: str,
    code: int,
    sent: int,
) -> None:
    """Catches: a habit of answering y."""
    monkeypatch.setattr(pushing, "attended", lambda: True)
    result = push(place, "--from", release, code=code, typed=f"{typed}\n")
    assert "3 wheels (0.0 MiB) go to 127.0.0.1" in result.output
    assert uploads() == sent


def test_a_published_release_is_pushed_from_its_store(
    place: Place, release: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    verdicts = write_verdicts(release, tmp_path / "verdicts")
    words = ["--store", f"directory:{store}"]
    published = CliRunner().invoke(
        publish.app,
        [*words, "--from", str(release), "--verdicts", str(verdicts), "--commit", "c" * 40],
    )
    assert published.exit_code == 0, published.output
    push(place, *words, "--tag", f"candidate-{VERSION}")
    assert digests(place) == stated(release)
    # What the registry has is not even fetched.
    for wheel in (store / "releases" / f"candidate-{VERSION}").rglob("*.whl"):
        wheel.unlink()
    assert "3 present" in push(place, *words, "--tag", f"candidate-{VERSION}").stdout


def test_a_draft_is_not_pushed(place: Place, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    store.draft("candidate-20261122.1", commit="c" * 40, title="", notes="")
    result = push(place, "--store", store.address, "--tag", "candidate-20261122.1", code=1)
    assert "candidate-20261122.1 is not published" in result.stderr


def test_a_file_that_was_changed_since_is_not_pushed(
    place: Place, release: Path, tmp_path: Path, uploads: Callable[[], int]
) -> None:
    changed = shutil.copytree(release, tmp_path / "changed")
    make_wheel(changed / "wheelhouse" / TOOLS, "iree-tools-tf", VERSION, salt="changed")
    result = push(place, "--from", changed, code=1)
    assert f"{TOOLS}: it has not the bytes that were stated" in result.stderr
    assert uploads() == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--registry", "pypi"], "--registry pypi: write a URL, such as https://HOST/"),
        (
            ["--registry", "https://me:secret@registry.example/"],
            "--registry: it must not hold a password; give it in TWINE_PASSWORD",
        ),
        ([], "Missing option '--registry'"),
    ],
)
def test_an_address_that_is_none_is_told(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(push_command.app, arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "secret" not in result.output


@pytest.mark.parametrize("more", [[], ["--from", "DIR", "--store", "directory:STORE"]])
def test_it_takes_a_directory_or_a_release_of_a_store(
    place: Place, release: Path, more: list[str]
) -> None:
    result = push(place, *more, code=2)
    assert "takes the wheels of a directory (--from DIR" in result.stderr


def test_a_directory_that_is_neither_is_told(place: Place, tmp_path: Path) -> None:
    result = push(place, "--from", tmp_path, code=2)
    assert "neither a wheelhouse nor a release" in result.stderr


def test_the_index_is_found_below_where_uploads_go(place: Place, release: Path) -> None:
    result = CliRunner().invoke(
        push_command.app, ["--registry", place.upload, "--from", str(release)]
    )
    assert result.exit_code == 0, result.output
    assert digests(place) == stated(release)


def test_of_a_registry_that_is_none_the_index_is_not_found(place: Place, release: Path) -> None:
    result = CliRunner().invoke(
        push_command.app, ["--registry", f"{place.upload}nowhere/", "--from", str(release)]
    )
    assert result.exit_code == 2, result.output
    assert "no simple index is below it; name it with --index URL" in result.stderr


def test_what_a_registry_sends_is_what_was_pushed(place: Place, release: Path) -> None:
    """Held by hand: the bytes that a user gets."""
    push(place, "--from", release)
    registry = Registry.open(place.index)
    target = release.parent / "got.whl"
    registry.download("iree-tools-tf", TOOLS, target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == stated(release)[TOOLS]
    page = httpx.get(f"{place.index}iree-tools-tf/", headers={"accept": "text/html"}).text
    assert TOOLS in page


def test_an_index_that_is_behind_is_asked_again_and_nothing_sent_twice(
    place: Place, release: Path, uploads: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: 80 MB that go over the line once more, because a cache was slow."""
    files = Registry.files
    asked: list[str] = []

    def behind(registry: Registry, project: str) -> Mapping[str, RegistryFile]:
        asked.append(project)
        # The first two answers after an upload are of before it.
        return files(registry, project) if len(asked) not in (3, 4) else {}

    monkeypatch.setattr(Registry, "files", behind)
    result = push(place, "--from", release)
    assert "does not show" in result.stderr
    assert uploads() == 3
    assert digests(place) == stated(release)
