"""Downloads packages of one Debian suite through the host's apt, with private state.

The mirror, the proxies and the keyring are the host's; its package database is neither read nor
written, and no privileges are needed. apt checks the archive's signature and every digest.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchains.debian.errors import UnavailableError, UnreachableError
from toolchains.debian.machine import Machine

SUITE = "forky"
"""The Debian suite that has Bazel 7.7.1 and the newest Pythons."""

Announce = Callable[[str, int], None]
"""Called before a download, with its purpose and its size in bytes."""

_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)

# Post-Invoke hooks are the host's: they clean its package cache and notify desktop services.
_CONFIGURATION = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Dir::Etc::sourceparts;
APT::Architecture "{architecture}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
Dir::Cache "{work}/cache";
Dir::Etc::sourcelist "{work}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{work}/state";
Dir::State::status "{work}/status";
"""

_ASSUMED_PACKAGE = """\
Package: {name}
Status: install ok installed
Version: 99:0
Architecture: {architecture}
Maintainer: nobody <nobody@localhost>
Description: assumed to be installed, to keep it out of the download

"""


class _AptError(Exception):
    """An apt program failed; the message is the first one that it printed."""

    def fetching(self, what: str) -> UnavailableError:
        """The error to raise when this one kept apt from fetching something."""
        message = f"apt cannot fetch {what}: {self}"
        if "etch" in str(self) and "404" not in str(self):  # "Failed to fetch", "Unable to fetch"
            return UnreachableError(f"{message}; run the same command again")
        return UnavailableError(message)


@dataclass(frozen=True, slots=True)
class Archive:
    """One suite of one mirror, whose package lists were read and verified."""

    configuration: Path
    site: str
    suite: str

    def candidate(self, package: str) -> str:
        """The version of a package that the suite offers.

        Raises:
            UnavailableError: the suite has no such package.
        """
        try:
            policy = _run("apt-cache", "-c", str(self.configuration), "policy", package)
        except _AptError as error:
            raise UnavailableError(f"apt-cache cannot look up {package}: {error}") from error
        match = re.search(r"^  Candidate: (?!\(none\))(\S+)$", policy, re.MULTILINE)
        if match is None:
            raise UnavailableError(
                f"Debian's suite {self.suite} at {self.site} has no package {package}"
            )
        return match[1]

    def download(
        self, packages: Sequence[str], purpose: str = "", announce: Announce | None = None
    ) -> list[Path]:
        """Download packages and their dependencies.

        Args:
            packages: their names.
            purpose: what they are for; passed to `announce`.
            announce: called before the download.

        Raises:
            UnavailableError: the suite lacks one of them.
            UnreachableError: a package could not be downloaded completely.
        """
        install = ("apt-get", "-c", str(self.configuration), "install", "--yes", "--download-only")
        try:
            if announce:
                uris = _run(*install, "--print-uris", *packages)
                sizes = re.findall(r"^'[^']+' \S+ (\d+)", uris, re.MULTILINE)
                announce(purpose, sum(map(int, sizes)))
            _run(*install, *packages)
        except _AptError as error:
            raise error.fetching(f"{' '.join(packages)} from {self.site}") from error
        return sorted((self.configuration.parent / "cache" / "archives").glob("*.deb"))


def open_archive(
    work: Path,
    machine: Machine,
    *,
    assumed: Iterable[str] = (),
    suite: str = SUITE,
    sites: Sequence[str] | None = None,
    trust: str | None = None,
) -> Archive:
    """Read and verify the package lists of a suite.

    Args:
        work: an empty directory for apt's state and downloads.
        machine: the machine to get packages for.
        assumed: packages to treat as installed, so that neither they nor dependencies that only
            they have are downloaded.
        suite: the code name of the suite.
        sites: the mirrors to try; by default those of the host's apt sources.
        trust: the option of the source line that decides trust; by default `signed-by` with
            Debian's keyring.

    Raises:
        UnavailableError: a program or the keyring is missing, or no mirror has the suite.
        UnreachableError: a mirror could not be read.
    """
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not on PATH")
    if sites is None:
        sites = configured_sites()
    if trust is None:
        trust = f"signed-by={_keyring()}"
    configuration = _prepare(work, machine, assumed)
    errors = []
    for site in sites:
        # A mirror that was frozen on purpose outlives the validity date of its index.
        options = f"arch={machine.architecture} check-valid-until=no {trust}"
        (work / "sources.list").write_text(f"deb [{options}] {site} {suite} main\n")
        try:
            _run("apt-get", "-c", str(configuration), "update")
        except _AptError as error:
            errors.append(error.fetching(f"{suite} from {site}"))
        else:
            return Archive(configuration, site, suite)
    # A mirror that could not be read may still have the suite, so report it first.
    raise min(errors, key=lambda error: not isinstance(error, UnreachableError))


def configured_sites() -> list[str]:
    """The mirrors of the host's apt sources, each once.

    Raises:
        UnavailableError: the host's apt sources list no mirror.
    """
    # `indextargets` lists a site only after the host's lists were fetched once, and container
    # images delete these; the addresses that an update would read are always known.
    try:
        uris = _run("apt-get", "-o", "Debug::NoLocking=true", "update", "--print-uris")
    except _AptError as error:
        raise UnavailableError(f"this machine's apt sources cannot be read: {error}") from error
    sites = re.findall(r"^'(\S+?)/+dists/\S+/(?:In)?Release'", uris, re.MULTILINE)
    if not sites:
        raise UnavailableError("apt has no sources: add a Debian mirror to /etc/apt/sources.list")
    # apt would use the packages of a `file:` archive in place; `copy:` is otherwise the same.
    return list(dict.fromkeys(re.sub("^file:", "copy:", site) for site in sites))


def _keyring() -> Path:
    for keyring in _KEYRINGS:
        if keyring.exists():
            return keyring
    raise UnavailableError(
        f"{_KEYRINGS[0]} does not exist: install the package debian-archive-keyring"
    )


def _prepare(work: Path, machine: Machine, assumed: Iterable[str]) -> Path:
    """Write apt's private state; return its configuration file."""
    for directory in ("state/lists/partial", "cache/archives/partial"):
        (work / directory).mkdir(parents=True)
    (work / "status").write_text(
        "".join(
            _ASSUMED_PACKAGE.format(name=name, architecture=machine.architecture)
            for name in assumed
        )
    )
    configuration = work / "apt.conf"
    configuration.write_text(_CONFIGURATION.format(architecture=machine.architecture, work=work))
    return configuration


def _run(*command: str) -> str:
    """The output of an apt program, in English, since its messages are matched.

    Raises:
        _AptError: the program failed.
    """
    done = subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        messages = re.findall(r"^[EW]: (.+)$", done.stderr, re.MULTILINE)
        fallback = f"{command[0]} exited with {done.returncode}"
        raise _AptError(" ".join(messages[0].split()).rstrip(".") if messages else fallback)
    return done.stdout
