"""bazelw finds a Bazel of the requested version, and replaces itself with it."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = (ROOT / ".bazelversion").read_text().strip()

# Programs that bazelw needs besides those that it looks for.
REQUIRED = ("dirname", "sed", "sh")


@dataclass(frozen=True, slots=True)
class Host:
    """A workspace, and a PATH with almost no programs."""

    workspace: Path
    path: Path
    elsewhere: Path

    def add(self, name: str, script: str) -> Path:
        """Add a program to PATH."""
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def add_bazel(self, name: str, version: str) -> Path:
        """Add a Bazel to PATH that prints its name and arguments, and exits with 37."""
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
    for program in REQUIRED:
        found = shutil.which(program)
        assert found is not None
        (host.path / program).symlink_to(found)
    return host


def add_python(host: Host) -> None:
    """Add a Python to PATH that is new enough, prints its arguments and exits with 38."""
    host.add("python3", '[ "$1" = -c ] && exit 0\nprintf "%s\\n" "$@"\nexit 38')


def test_the_variable_takes_precedence(host: Host) -> None:
    host.add_bazel("bazelisk", VERSION)
    chosen = host.add_bazel("chosen", VERSION)

    done = host.run("build", "a b", BAZEL=str(chosen))

    assert (done.returncode, done.stderr) == (37, "")
    assert done.stdout.splitlines() == ["chosen", "build", "a b"]


@pytest.mark.parametrize("version", ["7.7.2", "7.10.0", "8.4.2", "9.0.0rc1"])
def test_another_supported_version_runs_with_a_note(host: Host, version: str) -> None:
    """Catches: a Bazel that was not tested, without a note."""
    chosen = host.add_bazel("chosen", version)

    done = host.run("build", BAZEL=str(chosen))

    assert done.returncode == 37
    assert done.stderr == (
        f"bazelw: BAZEL={chosen} is Bazel {version.removesuffix('rc1')}; this workspace is tested "
        f"with {VERSION}, and only reviewed for 8 and 9 (docs/concepts/bazel-modules.md).\n"
    )


@pytest.mark.parametrize("version", ["6.5.0", "7.6.1", "7.7.0", "10.0.0"])
def test_an_unsupported_version_is_rejected(host: Host, version: str) -> None:
    """Catches: pages of Bazel's errors about features that the version lacks."""
    chosen = host.add_bazel("chosen", version)
    host.add_bazel("bazelisk", version)

    for done, cause in [
        (host.run("build", BAZEL=str(chosen)), f"BAZEL={chosen}"),
        (host.run("build", USE_BAZEL_VERSION=version), f"USE_BAZEL_VERSION={version}"),
    ]:
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"bazelw: {cause} is Bazel {version}, but this workspace supports 7.7.1 to 9: unset "
            f"{cause.partition('=')[0]} to run Bazel {VERSION}.\n"
        )


def test_a_path_that_is_not_a_bazel_is_rejected(host: Host) -> None:
    """Catches: an invalid path in BAZEL, reported by the shell."""
    done = host.run("build", BAZEL="/opt/absent")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bazelw: BAZEL=/opt/absent is not a working Bazel: unset BAZEL to run Bazel {VERSION}.\n"
    )


@pytest.mark.parametrize("requested", ["8.4.2", "8.x", "latest"])
def test_bazelisk_runs_the_requested_version(host: Host, requested: str) -> None:
    """Catches: USE_BAZEL_VERSION ignored, and another Bazel bootstrapped silently."""
    host.add_bazel("bazelisk", "8.4.2")

    done = host.run("build", USE_BAZEL_VERSION=requested)

    assert (done.returncode, done.stdout.splitlines()) == (37, ["bazelisk", "build"])
    assert f"USE_BAZEL_VERSION={requested} is Bazel 8.4.2; this workspace is tested" in done.stderr


def test_a_requested_version_that_is_missing_is_an_error(host: Host) -> None:
    """Catches: a bootstrap of the default version instead of the requested one."""
    bazel = host.add_bazel("bazel", VERSION)
    add_python(host)

    done = host.run("build", USE_BAZEL_VERSION="8.4.2")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bazelw: skipping {bazel}, which is Bazel {VERSION}, not 8.4.2.\n"
        "bazelw: Bazel 8.4.2 (USE_BAZEL_VERSION) is not on PATH: install bazelisk, or unset "
        f"USE_BAZEL_VERSION to run Bazel {VERSION}.\n"
    )


def test_the_supported_versions_are_those_of_the_module() -> None:
    """Catches: a version that bazelw accepts and MODULE.bazel rejects."""
    module = (ROOT / "MODULE.bazel").read_text()
    assert re.findall(r'"([<>]=?[0-9.]+)"', module) == [">=7.7.1", "<10.0.0"]


@pytest.mark.parametrize("name", ["bazel", "bazelisk"])
def test_a_bazel_of_the_right_version_is_run(host: Host, name: str) -> None:
    host.add_bazel(name, VERSION)

    done = host.run("--output_base=x", "test", "//a b:c", "--", "", "*")

    assert (done.returncode, done.stderr) == (37, "")
    assert done.stdout.splitlines() == [name, "--output_base=x", "test", "//a b:c", "--", "", "*"]


def test_bazelisk_is_preferred_to_bazel(host: Host) -> None:
    host.add_bazel("bazel", VERSION)
    host.add_bazel("bazelisk", VERSION)

    assert host.run().stdout.splitlines() == ["bazelisk"]


def test_the_version_is_queried_in_the_workspace_and_without_a_server(host: Host) -> None:
    # bazelisk reads .bazelversion from the working directory; only --version starts no server.
    log = host.elsewhere / "log"
    host.add("bazelisk", f'echo "$PWD: $*" >>"{log}"; echo "bazel {VERSION}"')

    host.run("build")

    assert log.read_text().splitlines() == [
        f"{host.workspace}: --version",
        f"{host.elsewhere}: build",
    ]


@pytest.mark.parametrize("version", ["8.4.2", f"{VERSION}0", f"1{VERSION}", f"{VERSION}.1"])
def test_another_version_is_skipped_with_a_message(host: Host, version: str) -> None:
    bazel = host.add_bazel("bazel", version)
    add_python(host)

    done = host.run("build")

    assert done.returncode == 38
    assert done.stderr == (f"bazelw: skipping {bazel}, which is Bazel {version}, not {VERSION}.\n")


@pytest.mark.parametrize("suffix", ["", "- (@non-git)", " (from a distribution)"])
def test_suffixes_of_distributions_are_ignored(host: Host, suffix: str) -> None:
    host.add_bazel("bazel", VERSION + suffix)

    assert host.run().stdout.splitlines() == ["bazel"]


def test_a_bazelisk_that_cannot_download_is_skipped(host: Host) -> None:
    bazelisk = host.add("bazelisk", "echo could not download Bazel >&2; exit 1")
    host.add_bazel("bazel", VERSION)

    done = host.run()

    assert done.stdout.splitlines() == ["bazel"]
    assert done.stderr == (f"bazelw: skipping {bazelisk}, which does not run Bazel {VERSION}.\n")


def test_without_a_bazel_the_bootstrap_gets_the_arguments(host: Host) -> None:
    add_python(host)

    done = host.run("build", "//a b:c")

    assert (done.returncode, done.stderr) == (38, "")
    bootstrap = host.workspace / "toolchains/bazel/bootstrap.py"
    assert done.stdout.splitlines() == ["-IBS", str(bootstrap), "build", "//a b:c"]


def test_a_python_that_is_too_old_is_skipped(host: Host) -> None:
    host.add("python3", "exit 1")
    host.add("python3.13", '[ "$1" = -c ] && exit 0\necho 3.13')

    assert host.run().stdout == "3.13\n"


def test_without_bazel_and_python_the_message_says_what_to_install(host: Host) -> None:
    done = host.run("build")

    assert done.returncode == 2
    assert done.stderr == (
        f"bazelw: Bazel {VERSION} is not on PATH, and bootstrapping it needs Python 3.11 or newer: "
        "install bazelisk or a newer python3.\n"
    )


def test_a_missing_cache_directory_is_reported(host: Host) -> None:
    host.add("python3", f'exec "{sys.executable}" "$@"')

    done = host.run("build")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"bazelw: Bazel {VERSION} is not on PATH and cannot be bootstrapped from Debian packages: "
        "no cache directory: set HOME, or set IREE_RELEASE_CACHE to a directory. "
        "Fix this, or install bazelisk.\n"
    )


def test_remote_presets_use_the_endpoint_of_the_environment(host: Host) -> None:
    bazel = host.add_bazel("own-bazel", VERSION)
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


def test_without_an_endpoint_arguments_are_unchanged(host: Host) -> None:
    bazel = host.add_bazel("own-bazel", VERSION)
    done = host.run("build", "--config=remote_cache", BAZEL=str(bazel))
    assert done.stdout.splitlines() == ["own-bazel", "build", "--config=remote_cache"]


def test_a_shutdown_trims_the_disk_cache_first(host: Host) -> None:
    """Catches: a Bazel that is stopped before it trims the cache."""
    bazel = host.add_bazel("bazel", VERSION)
    add_python(host)
    done = host.run("--output_base=x", "shutdown")
    assert done.returncode == 37
    assert done.stderr.splitlines() == [
        *("-IBS", str(host.workspace / "toolchains/cache/trim.py"), "--quiet"),
    ]
    assert done.stdout.splitlines() == [bazel.name, "--output_base=x", "shutdown"]


@pytest.mark.parametrize("arguments", [("build", "shutdown"), ("--x", "run", "//:shutdown"), ()])
def test_no_other_command_trims_it(host: Host, arguments: tuple[str, ...]) -> None:
    host.add_bazel("bazel", VERSION)
    add_python(host)
    assert host.run(*arguments).stderr == ""


def test_without_a_python_a_shutdown_only_shuts_down(host: Host) -> None:
    host.add_bazel("bazel", VERSION)
    assert host.run("shutdown").returncode == 37


@pytest.mark.parametrize("option", ["", "=1", "=true", "=yes"])
def test_compression_requires_the_preset(host: Host, option: str) -> None:
    """Catches: a remote without compression, and so a full build without a cache."""
    host.add_bazel("bazel", VERSION)
    option = f"--remote_cache_compression{option}"

    done = host.run("build", "--config=remote_cache", option)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bazelw: {option} disables the cache if the remote does not support compression: use "
        "--config=remote_compressed if yours does (docs/guides/remote-builds.md).\n"
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
def test_other_uses_of_compression_are_accepted(host: Host, arguments: tuple[str, ...]) -> None:
    """Catches: a check that rejects valid options."""
    host.add_bazel("bazel", VERSION)

    assert host.run(*arguments).stdout.splitlines() == ["bazel", *arguments]
