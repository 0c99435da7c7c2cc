"""Run Bazel from a private prefix of Debian packages, making the prefix first where it is absent.

    python3 bootstrap.py [STARTUP OPTIONS] COMMAND [OPTIONS]

`bazelw` comes here when no Bazel on PATH serves. All arguments go to Bazel, whose exit code is
the exit code. Before that: 2 when this machine cannot have the prefix, 75 when a download failed.

Modules are Debian's copies. With IREE_RELEASE_MODULES_FROM=registry they come from a registry, as
with any other Bazel.
"""

import os
import re
import sys
from pathlib import Path
from typing import NoReturn

_HERE = Path(__file__).absolute().parent
_WORKSPACE = _HERE.parents[1]
sys.path.insert(0, str(_WORKSPACE))

from toolchains.bazel import classpath, debian_modules, offline, truststore  # noqa: E402
from toolchains.debian import apt, prefix  # noqa: E402
from toolchains.debian.errors import UnavailableError  # noqa: E402
from toolchains.debian.machine import Machine, this_machine  # noqa: E402
from toolchains.debian.user_cache import user_cache  # noqa: E402

_PACKAGES = ("bazel-bootstrap", "openjdk-25-jre-headless", "patchelf")

# What Debian's packages ask for and no build here uses: compilers, a JDK, what only the packages'
# install scripts run (some of it set-uid), the scripts of HTML pages.
_ASSUMED = (
    "build-essential",
    "ca-certificates",
    "ca-certificates-java",
    "default-jdk-headless",
    "default-jre-headless",
    "java-common",
    "libjs-jquery",
    "node-core-js",
    "node-html5shiv",
    "protobuf-compiler-grpc-java-plugin",
    "python3",
    "unzip",
    "util-linux",
    "zlib1g-dev",
)

_DATA = "usr/share/bazel"
_CLASS_PATH = f"{_DATA}/bazel_classpath_debian_depends.txt"
_LABEL = f"{_DATA}/label"
_REGISTRY = f"{_DATA}/registry"
_RC = f"{_DATA}/offline.bazelrc"

_MODULES_FROM = "IREE_RELEASE_MODULES_FROM"


def main(arguments: list[str]) -> NoReturn:
    """Become Bazel, or end with the exit code that says why not."""
    version = wanted_version()
    modules_from = os.environ.get(_MODULES_FROM) or "debian"
    if modules_from not in ("debian", "registry"):
        _say(f"{_MODULES_FROM} is {modules_from!r}; expected one of: debian, registry.")
        sys.exit(2)
    try:
        command = startup(user_cache(), version, debian_modules=modules_from == "debian")
    except UnavailableError as error:
        _say(
            f"no Bazel {version} is on PATH, and none can be made from Debian's packages: {error}; "
            "a bazelisk on PATH would do."
        )
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    os.execv(command[0], [*command, *arguments])


def wanted_version() -> str:
    """The version in .bazelversion."""
    return (_WORKSPACE / ".bazelversion").read_text(encoding="ascii").strip()


def startup(cache: Path, version: str, *, debian_modules: bool = True) -> list[str]:
    """The program and its startup options, from a prefix below `cache`.

    Args:
        cache: the user's cache.
        version: Bazel's.
        debian_modules: whether Bazel takes Debian's copies of modules, and no registry's.

    Raises:
        UnavailableError: the prefix cannot be had on this machine.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    home = location(cache, version)

    def filled(staging: Path) -> None:
        _say(f"preparing Bazel {version} in {home}, once (about half a minute)")
        fill(staging, home, cache, machine, version, trusted=truststore.host_bundle())

    prefix.publish(home, filled, lambda: _say("waiting for another bazelw that prepares Bazel ..."))
    return [
        str(home / "usr/bin/bazel"),
        "--nosystem_rc",
        f"--install_base={home / _DATA}",
        "--trust_install_base",
        f"--server_javabase={home / _java(machine)}",
        f"--output_user_root={home.with_name('output')}",
        *([f"--bazelrc={home / _RC}"] if debian_modules else []),
    ]


def location(cache: Path, version: str) -> Path:
    """Where Bazel lies below `cache`."""
    return prefix.location(cache / "bazel", version, [_HERE, _HERE.with_name("debian")])


def _java(machine: Machine) -> str:
    return f"usr/lib/jvm/java-25-openjdk-{machine.architecture}"


def fill(
    staging: Path, home: Path, cache: Path, machine: Machine, version: str, *, trusted: str
) -> None:
    """Fill `staging` with what is going to lie, and run, at `home`.

    Args:
        staging: an empty directory.
        home: where it is going to lie, below `cache`.
        cache: the user's cache there.
        machine: what it runs on.
        version: Bazel's.
        trusted: the certificates that Bazel trusts, PEM.

    Raises:
        UnavailableError: Debian has no such Bazel for it.
        UnreachableError: the archive could not be read.
    """
    _say("1/4 reading the package lists ...")
    archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
    offered = archive.candidate(_PACKAGES[0])
    if re.split("[+-]", offered)[0] != version:
        raise UnavailableError(
            f"Debian's suite {archive.suite} at {archive.site} has moved on to Bazel {offered}"
        )
    _say(f"2/4 downloading 200 MB from {archive.site} ...")
    packages = archive.download(_PACKAGES)
    _say(f"3/4 unpacking {len(packages)} packages ...")
    prefix.unpack(packages, staging)
    _say("4/4 making them run from there ...")
    prefix.relink(staging)
    debian_modules.adapt(staging)
    java = _java(machine)
    java_programs = (f"{java}/bin/java", f"{java}/lib/jspawnhelper")
    java_libraries = (f"{java}/lib", f"{java}/lib/server")
    prefix.patch_programs(_bazel_programs(staging, machine), staging, home, machine)
    prefix.patch_programs(java_programs, staging, home, machine, java_libraries)
    _write_class_path(staging, home, version)
    key_store = staging / "etc/ssl/certs/java/cacerts"
    key_store.parent.mkdir(parents=True, exist_ok=True)
    key_store.write_bytes(truststore.java_key_store(trusted))
    offline.write_registry(staging / _REGISTRY)
    (staging / _RC).write_text(offline.rc(home, home / _REGISTRY, cache / "disk-cache"))


def _write_class_path(staging: Path, home: Path, version: str) -> None:
    # Debian's server does not know its version, and rules ask for it.
    label = staging / _LABEL
    label.mkdir()
    (label / "build-data.properties").write_text(f"build.label={version}\n")
    jars = (staging / _CLASS_PATH).read_text().split()
    entries = [f"{home / _LABEL}/", *(f"{home}{jar}" for jar in classpath.closure(jars, staging))]
    (staging / _CLASS_PATH).write_text("".join(f"{entry}\n" for entry in entries))


def _bazel_programs(staging: Path, machine: Machine) -> list[str]:
    helpers = staging / "usr/libexec" / machine.multiarch / "bazel"
    return ["usr/bin/bazel", *(str(helper.relative_to(staging)) for helper in helpers.iterdir())]


def _say(message: str) -> None:
    print(f"bazelw: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
