"""The prefix that Bazel runs from, created from small packages that resemble the real ones."""

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.toolchains import bazel_from
from tests.toolchains.debian_archive import (
    DebianArchive,
    Link,
    debian_archive,
    require_debian_tools,
)
from toolchains.bazel import bootstrap, debian_modules, offline
from toolchains.debian.machine import this_machine

VERSION = bootstrap.required_version()
MACHINE = this_machine()
SYSTEM = f"usr/lib/{MACHINE.multiarch}"
HELPERS = f"usr/libexec/{MACHINE.multiarch}/bazel"
JAVA = f"usr/lib/jvm/java-25-openjdk-{MACHINE.architecture}"

# Copies of the Bazel modules with the symbols that the workspace loads.
MODULES = {
    f"{offline.OVERRIDES[module]}/{file}": "".join(f"{symbol} = None\n" for symbol in symbols)
    for module, files in debian_modules.REQUIRED.items()
    for file, symbols in files.items()
}

FAKE_BAZEL = """\
#!/bin/sh
printf '%s\\n' "$@"
exit 37
"""

# Waits while the file exists, so that a test can check or kill the bootstrap meanwhile.
FAKE_PATCHELF = """\
#!/bin/sh
while [ -e "$HOLD" ]; do sleep 0.02; done
"""


@dataclass(frozen=True, slots=True)
class Site:
    """An archive with Bazel, and a cache for prefixes."""

    debian: DebianArchive
    cache: Path

    @property
    def hold(self) -> Path:
        return self.cache.with_name("hold")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, bazel_from.__file__, self.debian.site, str(self.cache), *arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "HOLD": str(self.hold), "PYTHONPATH": os.pathsep.join(sys.path)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def started(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            self.command(), env=self.environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            yield process

    def prefix(self) -> Path:
        (prefix,) = (self.cache / "bazel").glob(f"{VERSION}-*")
        return prefix

    def staging(self) -> list[Path]:
        return list((self.cache / "bazel").glob(".staging-*"))


def jar(class_path: str = "") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{class_path}\r\n")
    return content.getvalue()


def add_packages(debian: DebianArchive, bazel_version: str) -> None:
    debian.add(
        "bazel-bootstrap",
        bazel_version,
        {
            "usr/bin/bazel": FAKE_BAZEL,
            f"{HELPERS}/linux-sandbox": "",
            "usr/share/bazel/bazel_classpath_debian_depends.txt": "/usr/share/java/grpc.jar\n",
            "usr/share/java/grpc.jar": jar("Class-Path: /usr/share/java/perfmark.jar\r\n"),
            "usr/share/java/perfmark.jar": jar(),
            **MODULES,
        },
        depends="libc6, default-jdk-headless",
    )
    debian.add("default-jdk-headless", "2:1.25")
    debian.add("libc6", "2.43", {f"{SYSTEM}/{MACHINE.loader}": '#!/bin/sh\nshift 2\nexec "$@"\n'})
    debian.add("patchelf", "0.18", {"usr/bin/patchelf": FAKE_PATCHELF})
    debian.add(
        "openjdk-25-jre-headless",
        "25.0.5",
        {
            f"{JAVA}/bin/java": "",
            f"{JAVA}/lib/jspawnhelper": "",
            f"{JAVA}/lib/security/cacerts": Link("/etc/ssl/certs/java/cacerts"),
        },
    )
    debian.publish()


@pytest.fixture
def debian() -> Iterator[DebianArchive]:
    with debian_archive() as archive:
        yield archive


@pytest.fixture
def site(debian: DebianArchive, tmp_path: Path) -> Site:
    add_packages(debian, f"{VERSION}+ds-8+b1")
    return Site(debian, tmp_path / "cache")


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the process exited without printing {text!r}")


def test_arguments_and_the_exit_code_are_passed_through(site: Site) -> None:
    done = site.run("--nohome_rc", "build", "//a b:c", "--", "-x")

    prefix = site.prefix()
    assert done.returncode == 37, done.stderr
    assert done.stdout.splitlines() == [
        "--nosystem_rc",
        f"--install_base={prefix}/usr/share/bazel",
        "--trust_install_base",
        f"--server_javabase={prefix}/{JAVA}",
        f"--output_user_root={site.cache}/bazel/output",
        f"--bazelrc={prefix}/usr/share/bazel/offline.bazelrc",
        "--nohome_rc",
        "build",
        "//a b:c",
        "--",
        "-x",
    ]


def test_modules_come_from_a_registry_on_demand(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: Debian's copies in a build that is meant to test the registry's modules."""
    site.run()
    prefix = site.prefix()

    monkeypatch.setenv("IREE_RELEASE_MODULES_FROM", "registry")
    done = site.run("build")
    assert done.returncode == 37, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        f"--output_user_root={site.cache}/bazel/output",
        "build",
    ]
    assert site.prefix() == prefix

    monkeypatch.setenv("IREE_RELEASE_MODULES_FROM", "elsewhere")
    failed = site.run("build")
    assert (failed.returncode, failed.stderr) == (
        2,
        "bazelw: IREE_RELEASE_MODULES_FROM is 'elsewhere'; expected one of: debian, registry.\n",
    )


def test_each_step_is_reported_only_when_the_prefix_is_created(site: Site) -> None:
    first, second = site.run(), site.run()

    assert [line.split()[1] for line in first.stderr.splitlines()] == [
        "preparing",
        "1/4",
        "2/4",
        "3/4",
        "4/4",
    ]
    assert second.stderr == ""
    assert second.stdout == first.stdout


def test_the_server_finds_its_classes_in_the_prefix(site: Site) -> None:
    site.run()

    data = site.prefix() / "usr/share/bazel"
    label, *jars = (data / "bazel_classpath_debian_depends.txt").read_text().splitlines()
    assert Path(label, "build-data.properties").read_text() == f"build.label={VERSION}\n"
    assert jars == [f"{site.prefix()}/usr/share/java/{name}.jar" for name in ("grpc", "perfmark")]


def test_java_trusts_the_hosts_certificates(site: Site) -> None:
    site.run()

    magic = bytes.fromhex("feedfeed")
    assert (site.prefix() / JAVA / "lib/security/cacerts").read_bytes().startswith(magic)


def test_modules_come_from_the_prefix_and_the_disk_cache_is_in_the_users_cache(site: Site) -> None:
    site.run()

    rc = (site.prefix() / "usr/share/bazel/offline.bazelrc").read_text().splitlines()
    rules = f"{site.prefix()}/usr/share/bazel/rules"
    assert f'common "--override_module=rules_python={rules}/python"' in rc
    # For the same command as the line of .bazelrc that it overrides.
    assert f'build "--disk_cache={site.cache}/disk-cache"' in rc


def test_a_compiler_and_a_jdk_are_not_downloaded(site: Site) -> None:
    assert "3/4 unpacking 4 packages" in site.run().stderr


@pytest.mark.parametrize("version", ["8.0.0+ds-1", "7.7.10-1"])
def test_a_suite_with_another_bazel_is_reported_in_one_line(
    debian: DebianArchive, tmp_path: Path, version: str
) -> None:
    add_packages(debian, version)
    site = Site(debian, tmp_path / "cache")

    done = site.run("build")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        f"bazelw: Bazel {VERSION} is not on PATH and cannot be bootstrapped from Debian packages: "
        f"Debian's suite forky at {site.debian.site} has Bazel {version} instead. "
        "Fix this, or install bazelisk."
    )
    assert list((site.cache / "bazel").iterdir()) == []


def test_an_unreachable_archive_asks_for_a_rerun(tmp_path: Path) -> None:
    require_debian_tools()
    arguments = ["http://127.0.0.1:9/debian", str(tmp_path / "cache"), "build"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run(
        [sys.executable, bazel_from.__file__, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 75
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_processes_create_one_prefix(site: Site) -> None:
    site.cache.mkdir()
    site.hold.touch()
    with site.started() as first:
        wait_for(first, "4/4")
        with site.started() as second:
            wait_for(second, "waiting for another bazelw")
            site.hold.unlink()
            assert (first.wait(), second.wait()) == (37, 37)
    assert site.prefix().is_dir()
    assert site.staging() == []


def test_a_killed_bootstrap_is_repeated(site: Site) -> None:
    site.cache.mkdir()
    site.hold.touch()
    with site.started() as killed:
        wait_for(killed, "4/4")
        killed.kill()
    assert list((site.cache / "bazel").glob(f"{VERSION}-*")) == []
    assert len(site.staging()) == 1

    site.hold.unlink()
    done = site.run()

    assert done.returncode == 37, done.stderr
    assert site.staging() == []
