"""Run Bazel from a private prefix of Debian packages, creating the prefix if necessary.

    python3 bootstrap.py [STARTUP OPTIONS] COMMAND [OPTIONS]

`bazelw` runs this when PATH has no suitable Bazel. All arguments are passed to Bazel, and its exit
code is passed on. Other exit codes: 2 if this machine cannot have the prefix, 75 if a download
failed.

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

# Dependencies that no build here uses: compilers, a JDK, programs for the packages' install scripts
# (some of them set-uid), scripts for HTML pages.
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
    """Replace this process with Bazel, or exit with a code that says why not."""
    version = required_version()
    modules_from = os.environ.get(_MODULES_FROM) or "debian"
    if modules_from not in ("debian", "registry"):
        _say(f"{_MODULES_FROM} is {modules_from!r}; expected one of: debian, registry.")
        sys.exit(2)
    try:
        command = startup(user_cache(), version, debian_modules=modules_from == "debian")
    except UnavailableError as error:
        _say(
            f"Bazel {version} is not on PATH and cannot be bootstrapped from Debian packages: "
            f"{error}. Fix this, or install bazelisk."
        )
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    os.execv(command[0], [*command, *arguments])


def required_version() -> str:
    """The version in .bazelversion."""
    return (_WORKSPACE / ".bazelversion").read_text(encoding="ascii").strip()


def startup(cache: Path, version: str, *, debian_modules: bool = True) -> list[str]:
    """The program and its startup options, from a prefix below `cache`.

    Args:
        cache: the user's cache.
        version: Bazel's version.
        debian_modules: whether Bazel uses Debian's copies of modules instead of a registry.

    Raises:
        UnavailableError: the prefix cannot be created on this machine.
        UnreachableError: the archive could not be read.
    """
    machine = this_machine()
    home = location(cache, version)

    def fill_staging(staging: Path) -> None:
        _say(f"preparing Bazel {version} in {home}; this happens once and takes half a minute")
        fill(staging, home, cache, machine, version, trusted=truststore.host_bundle())

    prefix.publish(
        home, fill_staging, lambda: _say("waiting for another bazelw that is preparing Bazel ...")
    )
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
    """The prefix of Bazel below `cache`."""
    return prefix.location(cache / "bazel", version, [_HERE, _HERE.with_name("debian")])


def _java(machine: Machine) -> str:
    return f"usr/lib/jvm/java-25-openjdk-{machine.architecture}"


def fill(
    staging: Path, home: Path, cache: Path, machine: Machine, version: str, *, trusted: str
) -> None:
    """Fill `staging` with a prefix that will run from `home`.

    Args:
        staging: an empty directory.
        home: the final path of the prefix, below `cache`.
        cache: the user's cache on the machine that will run Bazel.
        machine: the machine that will run Bazel.
        version: Bazel's version.
        trusted: the certificates that Bazel trusts, PEM.

    Raises:
        UnavailableError: Debian lacks this Bazel for this machine.
        UnreachableError: the archive could not be read.
    """
    _say("1/4 reading the package lists ...")
    archive = apt.open_archive(staging.with_name("apt"), machine, assumed=_ASSUMED)
    candidate = archive.candidate(_PACKAGES[0])
    if re.split("[+-]", candidate)[0] != version:
        raise UnavailableError(
            f"Debian's suite {archive.suite} at {archive.site} has Bazel {candidate} instead"
        )
    _say(f"2/4 downloading 200 MB from {archive.site} ...")
    packages = archive.download(_PACKAGES)
    _say(f"3/4 unpacking {len(packages)} packages ...")
    prefix.unpack(packages, staging)
    _say("4/4 patching programs and writing the configuration ...")
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
    # Debian's server does not know its version, which rules check.
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
