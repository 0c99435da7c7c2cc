"""apt downloads packages without touching the host's package database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolchains.debian_archive import DebianArchive, debian_archive, require_debian_tools
from toolchains.debian import apt
from toolchains.debian.apt import Archive
from toolchains.debian.errors import UnavailableError, UnreachableError

TRUSTED = "trusted=yes"


@pytest.fixture
def debian() -> Iterator[DebianArchive]:
    with debian_archive() as archive:
        yield archive


def opened(debian: DebianArchive, work: Path, *assumed: str, trust: str = TRUSTED) -> Archive:
    return apt.open_archive(work, debian.machine, assumed=assumed, sites=[debian.site], trust=trust)


def names(packages: list[Path]) -> list[str]:
    return [package.name.split("_")[0] for package in packages]


def test_a_package_is_downloaded_with_its_dependencies(
    debian: DebianArchive, tmp_path: Path
) -> None:
    debian.add("tool", "1.0", depends="library")
    debian.add("library", "2.0")
    debian.add("bystander", "3.0")
    debian.publish()

    packages = opened(debian, tmp_path / "work").download(["tool"])

    assert names(packages) == ["library", "tool"]


def test_the_size_of_a_download_is_announced_before_it(
    debian: DebianArchive, tmp_path: Path
) -> None:
    """Catches: a size without dependencies; a message after the wait that it explains."""
    files = [debian.add("tool", "1.0", depends="library"), debian.add("library", "2.0")]
    debian.publish()
    announced: list[tuple[str, int]] = []

    def announce(purpose: str, size: int) -> None:
        announced.append((purpose, size))
        assert not list((tmp_path / "work").rglob("*.deb"))

    packages = opened(debian, tmp_path / "work").download(["tool"], "a tool", announce)

    assert names(packages) == ["library", "tool"]
    assert announced == [("a tool", sum(file.stat().st_size for file in files))]


def test_assumed_packages_are_not_downloaded(debian: DebianArchive, tmp_path: Path) -> None:
    debian.add("tool", "1.0", depends="compiler (>= 12), library")
    debian.add("compiler", "16", depends="headers")
    debian.add("headers", "1")
    debian.add("library", "2.0")
    debian.publish()

    packages = opened(debian, tmp_path / "work", "compiler").download(["tool"])

    assert names(packages) == ["library", "tool"]


def test_the_candidate_is_the_version_in_the_suite(debian: DebianArchive, tmp_path: Path) -> None:
    debian.add("bazel-bootstrap", "7.7.1+ds-8+b1")
    debian.publish()

    assert opened(debian, tmp_path / "work").candidate("bazel-bootstrap") == "7.7.1+ds-8+b1"


def test_a_missing_package_is_named(debian: DebianArchive, tmp_path: Path) -> None:
    debian.add("tool", "1.0")
    debian.publish()
    archive = opened(debian, tmp_path / "work")

    with pytest.raises(UnavailableError, match=r"forky at \S+ has no package python3\.99$"):
        archive.candidate("python3.99")
    with pytest.raises(UnavailableError, match="Unable to locate package absent"):
        archive.download(["absent"])


def test_an_archive_without_a_trusted_signature_is_rejected(
    debian: DebianArchive, tmp_path: Path
) -> None:
    debian.add("tool", "1.0")
    debian.publish()
    keyring = tmp_path / "empty.gpg"
    keyring.touch()

    with pytest.raises(UnavailableError, match="not signed"):
        opened(debian, tmp_path / "work", trust=f"signed-by={keyring}")


def test_a_package_that_was_altered_in_transit_is_rejected(
    debian: DebianArchive, tmp_path: Path
) -> None:
    package = debian.add("tool", "1.0", {"usr/bin/tool": "good"})
    debian.publish()
    package.write_bytes(package.read_bytes().replace(b"good", b"evil"))

    with pytest.raises(UnavailableError, match="Hash Sum mismatch"):
        opened(debian, tmp_path / "work").download(["tool"])


def test_lists_that_were_altered_in_transit_are_rejected(
    debian: DebianArchive, tmp_path: Path
) -> None:
    debian.add("tool", "1.0")
    debian.publish()
    (lists,) = debian.directory.glob("dists/*/main/*/Packages")
    lists.write_text(lists.read_text().replace("Version: 1.0", "Version: 2.0"))

    with pytest.raises(UnavailableError):
        opened(debian, tmp_path / "work")


def test_a_mirror_without_the_suite_is_skipped(debian: DebianArchive, tmp_path: Path) -> None:
    debian.add("tool", "1.0")
    debian.publish()
    with debian_archive() as empty:
        archive = apt.open_archive(
            tmp_path / "work", debian.machine, sites=[empty.site, debian.site], trust=TRUSTED
        )

    assert archive.site == debian.site


def test_a_suite_that_no_mirror_has_is_reported_with_the_mirror(
    debian: DebianArchive, tmp_path: Path
) -> None:
    debian.publish()
    keyring = tmp_path / "empty.gpg"
    keyring.touch()

    with pytest.raises(UnavailableError, match=f"cannot fetch sid from {debian.site}") as caught:
        apt.open_archive(
            tmp_path / "work",
            debian.machine,
            suite="sid",
            sites=[debian.site],
            trust=f"signed-by={keyring}",
        )
    assert not isinstance(caught.value, UnreachableError)


def test_an_unreachable_mirror_asks_for_a_rerun(debian: DebianArchive, tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9/debian"

    with pytest.raises(UnreachableError, match="run the same command again"):
        apt.open_archive(tmp_path / "work", debian.machine, sites=[closed], trust=TRUSTED)


def test_the_mirrors_are_those_of_the_hosts_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a container image, this apt has never downloaded package lists.
    require_debian_tools()
    (tmp_path / "lists/partial").mkdir(parents=True)
    (tmp_path / "sources.list").write_text(
        "deb [trusted=yes] http://mirror.invalid/debian/ bookworm main\n"
        "deb [trusted=yes] http://mirror.invalid/debian bookworm-updates main\n"
        "deb [trusted=yes] file:/srv/debian bookworm main\n"
    )
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\n'
        'Dir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State::lists "{tmp_path}/lists";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))

    assert sorted(apt.configured_sites()) == ["copy:/srv/debian", "http://mirror.invalid/debian"]


def test_the_hosts_hooks_are_not_run(
    debian: DebianArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Container images clean the host's package cache with such a hook.
    debian.publish()
    hook = f'Post-Invoke {{ "touch {tmp_path}/hook-ran"; }};\n'
    (tmp_path / "apt.conf").write_text(f"APT::Update::{hook}")
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))

    opened(debian, tmp_path / "work")

    assert not (tmp_path / "hook-ran").exists()


def test_a_missing_apt_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UnavailableError, match=r"^apt-get is not on PATH$"):
        apt.open_archive(tmp_path / "work", DebianArchive(tmp_path).machine)
