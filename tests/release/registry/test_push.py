"""Tests of `push` on real registries: what may be uploaded, in which order, and only once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from release.cli import publish
from release.cli import push as push_command
from release.hosting.directory_store import DirectoryStore
from release.registry.file import RegistryFile
from release.registry.registry import Registry
from tests.release.publish.samples import make_release, make_wheel, write_verdicts
from tests.release.registry.conftest import VERSION, ProjectTable, digests, expected
from tests.servers.registry.servers import PASSWORD, EmptyRegistry

RUNTIME = f"iree_runtime-{VERSION}-cp312-abi3-"
TOOLS = f"iree_tools_tf-{VERSION}-py3-none-any.whl"


def push(
    registry: EmptyRegistry, *arguments: str | Path, code: int = 0, typed: str | None = None
) -> Result:
    """Runs `push`, and checks its exit code."""
    fixed = ["--registry", registry.upload, "--index", registry.index]
    result = CliRunner().invoke(push_command.app, [*fixed, *map(str, arguments)], input=typed)
    assert result.exit_code == code, result.output
    assert PASSWORD not in result.output
    return result


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes registries on this machine look like remote ones."""
    monkeypatch.setattr(Registry, "local", False)


def test_all_wheels_are_uploaded_dependencies_first(registry: EmptyRegistry, release: Path) -> None:
    result = push(registry, "--from", release)
    assert digests(registry) == expected(release)
    lines = [line.split()[1] for line in result.stderr.splitlines() if line.startswith("uploaded")]
    assert lines == [f"{RUNTIME}manylinux_2_28_x86_64.whl", f"{RUNTIME}win_amd64.whl", TOOLS]
    assert "3 wheels are on 127.0.0.1" in result.stdout


def test_a_version_below_an_existing_one_gets_a_warning(
    registry: EmptyRegistry, release: Path, tmp_path: Path
) -> None:
    """Catches: 3.14.0 after years of 20240828.999, which installers still select."""
    push(registry, "--from", release)
    stable = make_release(tmp_path / "stable", "3.14.0")
    result = push(registry, "--from", stable)
    warning = f"unpinned installs of iree-runtime will still select {VERSION}, which is newer"
    assert warning in result.stderr


def test_a_second_push_uploads_nothing(
    registry: EmptyRegistry, release: Path, uploads: Callable[[], int]
) -> None:
    push(registry, "--from", release)
    assert uploads() == 3
    again = push(registry, "--from", release, "--json")
    assert uploads() == 3
    assert set(json.loads(again.stdout)["placed"].values()) == {"present"}


def test_only_missing_wheels_are_uploaded(
    registry: EmptyRegistry, release: Path, uploads: Callable[[], int]
) -> None:
    """Catches: a push that must be complete or starts over."""
    part = make_release(release.parent / "part", VERSION, missing=["windows_x86_64"])
    push(registry, "--from", part)
    shutil.rmtree(part)
    before = uploads()
    result = push(registry, "--from", release)
    assert uploads() - before == 1
    assert "2 present, 1 uploaded" in result.stdout
    assert digests(registry) == expected(release)


def test_a_dry_run_lists_what_it_would_upload(
    registry: EmptyRegistry, release: Path, uploads: Callable[[], int]
) -> None:
    result = push(registry, "--from", release, "--dry-run")
    assert f"would upload {TOOLS}" in result.stdout
    assert uploads() == 0


def test_a_different_file_with_the_same_name_is_refused_before_any_upload(
    registry: EmptyRegistry, release: Path, tmp_path: Path, uploads: Callable[[], int]
) -> None:
    """Catches: half of one release next to half of another."""
    other = make_release(tmp_path / "other", VERSION, salt="other", missing=["windows_x86_64"])
    push(registry, "--from", other)
    before = uploads()
    result = push(registry, "--from", release, code=1)
    assert uploads() == before
    assert f"already has a different {RUNTIME}manylinux_2_28_x86_64.whl" in result.stderr
    assert "release another version" in result.stderr
    assert digests(registry) == expected(other)


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ("iree-tools-xla", "iree-tools-xla is deprecated and must not be released; use iree-comp"),
        ("iree-runtime-instrumented", "deprecated and must not be released; use iree-runtime inst"),
        ("iree-helper", "iree-helper is not a project of products/sample"),
    ],
)
def test_deprecated_and_unknown_projects_are_refused_without_any_request(
    registry: EmptyRegistry, tmp_path: Path, project: str, message: str
) -> None:
    directory = make_release(tmp_path / "made", VERSION, native=["iree-runtime", project])
    result = push(registry, "--from", directory, code=1)
    assert message in result.stderr
    assert not registry.proxy.seen


def test_a_product_that_is_not_that_of_the_release_is_refused_without_any_request(
    registry: EmptyRegistry, release: Path
) -> None:
    result = push(registry, "--from", release, "--product", "abacus", code=2)
    assert f"--product abacus: {VERSION} is a release of sample" in result.stderr
    assert not registry.proxy.seen


def test_the_projects_of_a_product_that_is_no_longer_declared_are_those_of_its_plan(
    registry: EmptyRegistry, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PRODUCTS")
    push(registry, "--from", release)
    assert digests(registry) == expected(release)


def test_a_local_development_version_is_not_uploaded(
    registry: EmptyRegistry, tmp_path: Path, remote: None, uploads: Callable[[], int]
) -> None:
    """Catches: the 0.dev0 of a plain `bazel build`, permanently on a registry."""
    directory = make_release(tmp_path / "made", "0.dev0")
    result = push(registry, "--from", directory, "--yes", code=1)
    assert "0.dev0" in result.stderr
    assert "has a development version, which must stay on this machine" in result.stderr
    assert uploads() == 0


def test_a_file_over_the_limit_of_its_project_is_refused_before_any_upload(
    registry: EmptyRegistry, release: Path, table: ProjectTable, uploads: Callable[[], int]
) -> None:
    table.change("iree-tools-tf", file_limit_mib=0)
    result = push(registry, "--from", release, code=1)
    assert f"{TOOLS} has 0.0 MiB; the limit for a file of iree-tools-tf is 0 MiB" in result.stderr
    assert uploads() == 0


def test_files_over_the_total_limit_of_their_project_are_refused_before_any_upload(
    registry: EmptyRegistry, release: Path, table: ProjectTable, uploads: Callable[[], int]
) -> None:
    table.change("iree-runtime", total_limit_gib=0)
    result = push(registry, "--from", release, code=1)
    assert "iree-runtime would use 0.0 GiB" in result.stderr
    assert "request more space" in result.stderr
    assert uploads() == 0


def test_a_wrong_password_is_reported_but_not_printed(
    registry: EmptyRegistry, release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINE_PASSWORD", "pypi-wrongSecret")
    result = push(registry, "--from", release, code=2)
    assert "TWINE_USERNAME and TWINE_PASSWORD" in result.stderr
    assert "wrongSecret" not in result.output


def test_missing_credentials_are_reported(
    registry: EmptyRegistry, release: Path, remote: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a prompt in CI, and credentials from the user's key ring."""
    monkeypatch.delenv("TWINE_USERNAME")
    monkeypatch.delenv("TWINE_PASSWORD")
    result = push(registry, "--from", release, "--yes", code=2)
    assert "TWINE_PASSWORD" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_uploads_to_a_remote_registry_need_confirmation(
    registry: EmptyRegistry, release: Path, remote: None, uploads: Callable[[], int]
) -> None:
    result = push(registry, "--from", release, code=2)
    assert "confirm with --yes" in result.stderr
    assert uploads() == 0
    push(registry, "--from", release, "--yes")
    assert uploads() == 3


@pytest.mark.parametrize(("typed", "code", "count"), [(VERSION, 0, 3), ("yes", 1, 0), ("", 1, 0)])
def test_the_user_confirms_by_typing_the_version(
    registry: EmptyRegistry,
    release: Path,
    remote: None,
    monkeypatch: pytest.MonkeyPatch,
    uploads: Callable[[], int],
    typed: str,
    code: int,
    count: int,
) -> None:
    """Catches: a habit of answering y."""
    monkeypatch.setattr(push_command, "interactive", lambda: True)
    result = push(registry, "--from", release, code=code, typed=f"{typed}\n")
    assert "3 wheels (0.0 MiB) will be uploaded permanently to 127.0.0.1" in result.output
    assert uploads() == count


def test_a_published_release_is_pushed_from_its_store(
    registry: EmptyRegistry, release: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    verdicts = write_verdicts(release, tmp_path / "verdicts")
    at_store = ["--store", f"directory:{store}"]
    published = CliRunner().invoke(
        publish.app,
        [*at_store, "--from", str(release), "--verdicts", str(verdicts), "--commit", "c" * 40],
    )
    assert published.exit_code == 0, published.output
    push(registry, *at_store, "--tag", f"candidate-{VERSION}")
    assert digests(registry) == expected(release)
    # Wheels that the registry already has are not read from the store.
    for wheel in (store / "releases" / f"candidate-{VERSION}").rglob("*.whl"):
        wheel.unlink()
    assert "3 present" in push(registry, *at_store, "--tag", f"candidate-{VERSION}").stdout


def test_a_draft_is_not_pushed(registry: EmptyRegistry, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    store.draft("candidate-20261122.1", commit="c" * 40, title="", notes="")
    result = push(registry, "--store", store.address, "--tag", "candidate-20261122.1", code=1)
    assert "candidate-20261122.1 is not published" in result.stderr


def test_a_wheel_that_does_not_match_its_digest_is_not_pushed(
    registry: EmptyRegistry, release: Path, tmp_path: Path, uploads: Callable[[], int]
) -> None:
    changed = shutil.copytree(release, tmp_path / "changed")
    make_wheel(changed / "wheelhouse" / TOOLS, "iree-tools-tf", VERSION, salt="changed")
    result = push(registry, "--from", changed, code=1)
    assert f"{TOOLS}: does not match its recorded digest" in result.stderr
    assert uploads() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--registry", "pypi"], "--registry pypi: write a URL, such as https://HOST/"),
        (
            ["--registry", "https://me:secret@registry.example/"],
            "--registry: the URL must not contain a password; set TWINE_PASSWORD instead",
        ),
        ([], "Missing option '--registry'"),
    ],
)
def test_an_invalid_url_is_reported(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(push_command.app, arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "secret" not in result.output


@pytest.mark.parametrize("more", [[], ["--from", "DIR", "--store", "directory:STORE"]])
def test_either_a_directory_or_a_release_of_a_store_must_be_named(
    registry: EmptyRegistry, release: Path, more: list[str]
) -> None:
    result = push(registry, *more, code=2)
    assert "name the wheels to push with --from DIR" in result.stderr


def test_a_directory_without_wheelhouse_or_release_is_reported(
    registry: EmptyRegistry, tmp_path: Path
) -> None:
    result = push(registry, "--from", tmp_path, code=2)
    assert "neither a wheelhouse nor a release" in result.stderr


def test_the_index_is_found_below_the_upload_url(registry: EmptyRegistry, release: Path) -> None:
    result = CliRunner().invoke(
        push_command.app, ["--registry", registry.upload, "--from", str(release)]
    )
    assert result.exit_code == 0, result.output
    assert digests(registry) == expected(release)


def test_an_index_that_is_not_found_is_reported(registry: EmptyRegistry, release: Path) -> None:
    result = CliRunner().invoke(
        push_command.app, ["--registry", f"{registry.upload}nowhere/", "--from", str(release)]
    )
    assert result.exit_code == 2, result.output
    assert "no simple index found below it; name it with --index URL" in result.stderr


def test_a_downloaded_wheel_is_the_one_that_was_pushed(
    registry: EmptyRegistry, release: Path
) -> None:
    """Compares the files themselves, not reported digests."""
    push(registry, "--from", release)
    target = release.parent / "downloaded.whl"
    Registry.open(registry.index).download("iree-tools-tf", TOOLS, target)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == expected(release)[TOOLS]
    page = httpx.get(f"{registry.index}iree-tools-tf/", headers={"accept": "text/html"}).text
    assert TOOLS in page


def test_an_index_that_lags_behind_is_read_again_without_a_second_upload(
    registry: EmptyRegistry,
    release: Path,
    uploads: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Catches: 80 MB that are uploaded twice because a cache was slow."""
    files = Registry.files
    reads: list[str] = []

    def lagging(registry: Registry, project: str) -> Mapping[str, RegistryFile]:
        reads.append(project)
        # The first two responses after an upload are outdated.
        return files(registry, project) if len(reads) not in (3, 4) else {}

    monkeypatch.setattr(Registry, "files", lagging)
    result = push(registry, "--from", release)
    assert "does not show" in result.stderr
    assert uploads() == 3
    assert digests(registry) == expected(release)
