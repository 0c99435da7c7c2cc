"""bazelw finds a Bazel that serves the version asked for, and becomes it."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WANTED = (ROOT / ".bazelversion").read_text().strip()

# What bazelw needs of a host besides the programs that it looks for.
NEEDED = ("dirname", "sed", "sh")


@dataclass(frozen=True, slots=True)
class Host:
    """A workspace, and a PATH that has next to nothing."""

    workspace: Path
    path: Path
    elsewhere: Path

    def add(self, name: str, script: str) -> Path:
        """Put a program on PATH."""
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def add_bazel(self, name: str, version: str) -> Path:
        """Put a Bazel on PATH that tells its name and arguments, and fails with 37."""
        return self.add(
            name,
            f'[ "$1" = --version ] && {{ echo "bazel {version}"; exit; }}\n'
            f'printf "%s\\n" "{name}" "$@"\nexit 37',
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.workspace / "bazelw", *arguments],
            cwd=self.elsewhere,
            env={"PATH": str(self.path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path / "a workspace", tmp_path / "bin", tmp_path / "elsewhere")
    for directory in (host.workspace, host.path, host.elsewhere):
        directory.mkdir()
    for name in ("bazelw", ".bazelversion"):
        shutil.copy(ROOT / name, host.workspace)
    for package in ("bazel", "cache", "debian"):
        shutil.copytree(ROOT / "toolchains" / package, host.workspace / "toolchains" / package)
    for program in NEEDED:
        found = shutil.which(program)
        assert found is not None
        (host.path / program).symlink_to(found)
    return host


def python_that_tells(host: Host) -> None:
    """Put a Python on PATH that is new enough, and tells its arguments when it runs a file."""
    host.add("python3", '[ "$1" = -c ] && exit 0\nprintf "%s\\n" "$@"\nexit 38')


def test_the_variable_goes_before_everything(host: Host) -> None:
    host.add_bazel("bazelisk", WANTED)
    chosen = host.add_bazel("chosen", WANTED)

    done = host.run("build", "a b", BAZEL=str(chosen))

    assert (done.returncode, done.stderr) == (37, "")
    assert done.stdout.splitlines() == ["chosen", "build", "a b"]


@pytest.mark.parametrize("version", ["7.7.2", "7.10.0", "8.4.2", "9.0.0rc1"])
def test_another_supported_version_runs_with_a_note(host: Host, version: str) -> None:
    """Catches: a user who names a Bazel and does not learn that nothing was tested with it."""
    chosen = host.add_bazel("chosen", version)

    done = host.run("build", BAZEL=str(chosen))

    assert done.returncode == 37
    assert done.stderr == (
        f"bazelw: BAZEL={chosen} is Bazel {version.removesuffix('rc1')}; this workspace is tested "
        f"with {WANTED}, and only reviewed for 8 and 9 (docs/modules.md).\n"
    )


@pytest.mark.parametrize("version", ["6.5.0", "7.6.1", "7.7.0", "10.0.0"])
def test_a_version_outside_the_range_is_refused(host: Host, version: str) -> None:
    """Catches: Bazel's own errors, pages later, about what the version lacks."""
    chosen = host.add_bazel("chosen", version)
    host.add_bazel("bazelisk", version)

    for done, cause in [
        (host.run("build", BAZEL=str(chosen)), f"BAZEL={chosen}"),
        (host.run("build", USE_BAZEL_VERSION=version), f"USE_BAZEL_VERSION={version}"),
    ]:
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"bazelw: {cause} is Bazel {version}, and this workspace supports 7.7.1 to 9: unset "
            f"{cause.partition('=')[0]} to run Bazel {WANTED}.\n"
        )


def test_what_is_no_bazel_is_refused(host: Host) -> None:
    """Catches: a path in BAZEL that leads nowhere, reported in the shell's own words."""
    done = host.run("build", BAZEL="/opt/absent")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "bazelw: BAZEL=/opt/absent is not a Bazel that starts: unset BAZEL to run Bazel "
        f"{WANTED}.\n"
    )


@pytest.mark.parametrize("asked", ["8.4.2", "8.x", "latest"])
def test_bazelisk_serves_the_version_that_is_asked_for(host: Host, asked: str) -> None:
    """Catches: USE_BAZEL_VERSION ignored, and another Bazel bootstrapped without a word."""
    host.add_bazel("bazelisk", "8.4.2")

    done = host.run("build", USE_BAZEL_VERSION=asked)

    assert (done.returncode, done.stdout.splitlines()) == (37, ["bazelisk", "build"])
    assert f"USE_BAZEL_VERSION={asked} is Bazel 8.4.2; this workspace is tested" in done.stderr


def test_a_version_that_nothing_serves_is_refused(host: Host) -> None:
    """Catches: a request for another version that ends in the bootstrap of this one."""
    bazel = host.add_bazel("bazel", WANTED)
    python_that_tells(host)

    done = host.run("build", USE_BAZEL_VERSION="8.4.2")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bazelw: passing over {bazel}, which does not serve Bazel 8.4.2 but {WANTED}.\n"
        "bazelw: USE_BAZEL_VERSION=8.4.2, and no bazelisk on PATH serves it: install bazelisk, or "
        f"unset USE_BAZEL_VERSION to run Bazel {WANTED}.\n"
    )


def test_the_range_is_that_of_the_module() -> None:
    """Catches: bazelw that lets through what MODULE.bazel refuses."""
    module = (ROOT / "MODULE.bazel").read_text()
    assert re.findall(r'"([<>]=?[0-9.]+)"', module) == [">=7.7.1", "<10.0.0"]


@pytest.mark.parametrize("name", ["bazel", "bazelisk"])
def test_a_program_that_serves_the_version_becomes_bazelw(host: Host, name: str) -> None:
    host.add_bazel(name, WANTED)

    done = host.run("--output_base=x", "test", "//a b:c", "--", "", "*")

    assert (done.returncode, done.stderr) == (37, "")
    assert done.stdout.splitlines() == [name, "--output_base=x", "test", "//a b:c", "--", "", "*"]


def test_bazelisk_goes_before_bazel(host: Host) -> None:
    host.add_bazel("bazel", WANTED)
    host.add_bazel("bazelisk", WANTED)

    assert host.run().stdout.splitlines() == ["bazelisk"]


def test_the_version_is_asked_for_in_the_workspace_and_without_a_server(host: Host) -> None:
    # A bazelisk reads .bazelversion from where it stands; only --version starts no server.
    log = host.elsewhere / "log"
    host.add("bazelisk", f'echo "$PWD: $*" >>"{log}"; echo "bazel {WANTED}"')

    host.run("build")

    assert log.read_text().splitlines() == [
        f"{host.workspace}: --version",
        f"{host.elsewhere}: build",
    ]


@pytest.mark.parametrize("served", ["8.4.2", f"{WANTED}0", f"1{WANTED}", f"{WANTED}.1"])
def test_another_version_is_passed_over_in_a_sentence(host: Host, served: str) -> None:
    bazel = host.add_bazel("bazel", served)
    python_that_tells(host)

    done = host.run("build")

    assert done.returncode == 38
    assert done.stderr == (
        f"bazelw: passing over {bazel}, which does not serve Bazel {WANTED} but {served}.\n"
    )


@pytest.mark.parametrize("suffix", ["", "- (@non-git)", " (from a distribution)"])
def test_what_a_distribution_adds_to_the_version_does_not_matter(host: Host, suffix: str) -> None:
    host.add_bazel("bazel", WANTED + suffix)

    assert host.run().stdout.splitlines() == ["bazel"]


def test_a_bazelisk_that_cannot_download_is_passed_over(host: Host) -> None:
    bazelisk = host.add("bazelisk", "echo could not download Bazel >&2; exit 1")
    host.add_bazel("bazel", WANTED)

    done = host.run()

    assert done.stdout.splitlines() == ["bazel"]
    assert done.stderr == (
        f"bazelw: passing over {bazelisk}, which does not serve Bazel {WANTED}.\n"
    )


def test_without_any_the_bootstrap_gets_the_arguments(host: Host) -> None:
    python_that_tells(host)

    done = host.run("build", "//a b:c")

    assert (done.returncode, done.stderr) == (38, "")
    bootstrap = host.workspace / "toolchains/bazel/bootstrap.py"
    assert done.stdout.splitlines() == ["-IBS", str(bootstrap), "build", "//a b:c"]


def test_a_python_that_is_too_old_is_passed_over(host: Host) -> None:
    host.add("python3", "exit 1")
    host.add("python3.13", '[ "$1" = -c ] && exit 0\necho 3.13')

    assert host.run().stdout == "3.13\n"


def test_a_host_with_neither_bazel_nor_python_is_told_what_to_install(host: Host) -> None:
    done = host.run("build")

    assert done.returncode == 2
    assert done.stderr == (
        f"bazelw: no Bazel {WANTED} is on PATH, and no Python 3.11 or newer to make one with: "
        "install bazelisk, or a newer python3.\n"
    )


def test_a_host_without_a_place_for_the_cache_is_told_so(host: Host) -> None:
    host.add("python3", f'exec "{sys.executable}" "$@"')

    done = host.run("build")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"bazelw: no Bazel {WANTED} is on PATH, and none can be made from Debian's packages: "
        "no place for the cache: set HOME, or IREE_RELEASE_CACHE to a directory; "
        "a bazelisk on PATH would do.\n"
    )


def test_presets_for_a_remote_get_the_endpoint_of_the_environment(host: Host) -> None:
    bazel = host.add_bazel("own-bazel", WANTED)
    done = host.run(
        *("build", "--config=remote_cache", "//a b", "--config=remote_exec", "--config=ci"),
        *("--", "--config=remote_cache_push"),
        BAZEL=str(bazel),
        IREE_RELEASE_REMOTE="grpcs://cache.example",
    )
    assert done.stdout.splitlines()[1:] == [
        *("build", "--config=remote_cache", "--remote_cache=grpcs://cache.example", "//a b"),
        *("--config=remote_exec", "--remote_executor=grpcs://cache.example", "--config=ci"),
        *("--", "--config=remote_cache_push"),
    ]


def test_without_an_endpoint_arguments_pass_as_they_are(host: Host) -> None:
    bazel = host.add_bazel("own-bazel", WANTED)
    done = host.run("build", "--config=remote_cache", BAZEL=str(bazel))
    assert done.stdout.splitlines() == ["own-bazel", "build", "--config=remote_cache"]


def test_a_shutdown_trims_the_disk_cache_first(host: Host) -> None:
    """Catches: a Bazel that is stopped before it has trimmed it."""
    bazel = host.add_bazel("bazel", WANTED)
    python_that_tells(host)
    done = host.run("--output_base=x", "shutdown")
    assert done.returncode == 37
    assert done.stderr.splitlines() == [
        *("-IBS", str(host.workspace / "toolchains/cache/trim.py"), "--quiet"),
    ]
    assert done.stdout.splitlines() == [bazel.name, "--output_base=x", "shutdown"]


@pytest.mark.parametrize("arguments", [("build", "shutdown"), ("--x", "run", "//:shutdown"), ()])
def test_no_other_command_trims_it(host: Host, arguments: tuple[str, ...]) -> None:
    host.add_bazel("bazel", WANTED)
    python_that_tells(host)
    assert host.run(*arguments).stderr == ""


def test_without_a_python_a_shutdown_is_a_shutdown(host: Host) -> None:
    host.add_bazel("bazel", WANTED)
    assert host.run("shutdown").returncode == 37


@pytest.mark.parametrize("option", ["", "=1", "=true", "=yes"])
def test_compression_wants_the_preset_for_it(host: Host, option: str) -> None:
    """Catches: an engine that does not compress, and so a full build without a cache."""
    host.add_bazel("bazel", WANTED)
    option = f"--remote_cache_compression{option}"

    done = host.run("build", "--config=remote_cache", option)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bazelw: {option} makes Bazel build everything without the cache if the engine does not "
        "compress: use --config=remote_compressed if yours does (docs/remote.md).\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--remote_cache_compression=false"),
        ("build", "--noremote_cache_compression"),
        ("build", "--config=remote_cache", "--config=remote_compressed"),
        ("run", "//:x", "--", "--remote_cache_compression"),
    ],
)
def test_what_does_not_compress_or_says_so_passes(host: Host, arguments: tuple[str, ...]) -> None:
    """Catches: a guard in the way of those who know their engine."""
    host.add_bazel("bazel", WANTED)

    assert host.run(*arguments).stdout.splitlines() == ["bazel", *arguments]
