"""Packages of one Debian suite through the host's apt, with a state of its own.

The host lends its mirror, its proxies and its keyring; nothing of the host's package database is
read or written, and no privilege is needed. apt checks the archive's signature and every digest.
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
"""The Debian suite that carries Bazel 7.7.1 and the newest Pythons."""

Announce = Callable[[str, int], None]
"""Is called before a download, with what it is for and its size in bytes."""

_KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)

# Post-Invoke hooks belong to the host (they clean the host's own cache, tell desktop services).
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
    """An apt program failed; the message is the first thing it complained about."""

    def as_refusal(self, wanted: str) -> UnavailableError:
        """The error to raise when this is why something wanted cannot be had."""
        why = f"apt cannot get {wanted}: {self}"
        if "etch" in str(self) and "404" not in str(self):  # "Failed to fetch", "Unable to fetch"
            return UnreachableError(f"{why}; run the same command again")
        return UnavailableError(why)


@dataclass(frozen=True, slots=True)
class Archive:
    """One suite of one mirror, its package lists read and verified."""

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
        except _AptError as failure:
            raise UnavailableError(f"apt-cache cannot look up {package}: {failure}") from failure
        match = re.search(r"^  Candidate: (?!\(none\))(\S+)$", policy, re.MULTILINE)
        if match is None:
            raise UnavailableError(
                f"Debian's suite {self.suite} at {self.site} has no package {package}"
            )
        return match[1]

    def download(
        self, packages: Sequence[str], purpose: str = "", announce: Announce | None = None
    ) -> list[Path]:
        """Download packages and all they depend on.

        Args:
            packages: their names.
            purpose: what they are for, as `announce` gets it.
            announce: called before the download.

        Raises:
            UnavailableError: the suite does not hold all of them.
            UnreachableError: a package could not be fetched whole.
        """
        install = ("apt-get", "-c", str(self.configuration), "install", "--yes", "--download-only")
        try:
            if announce:
                uris = _run(*install, "--print-uris", *packages)
                sizes = re.findall(r"^'[^']+' \S+ (\d+)", uris, re.MULTILINE)
                announce(purpose, sum(map(int, sizes)))
            _run(*install, *packages)
        except _AptError as failure:
            raise failure.as_refusal(f"{' '.join(packages)} from {self.site}") from failure
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
        machine: whose packages are asked for.
        assumed: packages to treat as installed, so that neither they nor what only they need
            is downloaded.
        suite: the code name of the suite.
        sites: the mirrors to try; by default those of the host's own sources.
        trust: the option of the source line that settles trust; by default `signed-by` with
            Debian's keyring.

    Raises:
        UnavailableError: a program or the keyring is missing, or no mirror carries the suite.
        UnreachableError: a mirror could not be read.
    """
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise UnavailableError(f"there is no {program} on PATH")
    if sites is None:
        sites = configured_sites()
    if trust is None:
        trust = f"signed-by={_keyring()}"
    configuration = _lay_out(work, machine, assumed)
    refusals = []
    for site in sites:
        # A mirror that is frozen on purpose outlives the validity date of its index.
        options = f"arch={machine.architecture} check-valid-until=no {trust}"
        (work / "sources.list").write_text(f"deb [{options}] {site} {suite} main\n")
        try:
            _run("apt-get", "-c", str(configuration), "update")
        except _AptError as failure:
            refusals.append(failure.as_refusal(f"{suite} from {site}"))
        else:
            return Archive(configuration, site, suite)
    # A mirror that may have the suite and could not be read tells more than one that lacks it.
    raise min(refusals, key=lambda refusal: not isinstance(refusal, UnreachableError))


def configured_sites() -> list[str]:
    """The mirrors of the host's own apt sources, each once.

    Raises:
        UnavailableError: the host's apt names none.
    """
    # `indextargets` names a site only after the host's lists were fetched once, which container
    # images undo; the addresses that an update would read are known at all times.
    try:
        uris = _run("apt-get", "-o", "Debug::NoLocking=true", "update", "--print-uris")
    except _AptError as failure:
        raise UnavailableError(f"apt's own sources cannot be read: {failure}") from failure
    sites = re.findall(r"^'(\S+?)/+dists/\S+/(?:In)?Release'", uris, re.MULTILINE)
    if not sites:
        raise UnavailableError("apt-get is here, but its sources name no archive")
    # Of a `file:` archive apt would use the packages where they lie; `copy:` is the same otherwise.
    return list(dict.fromkeys(re.sub("^file:", "copy:", site) for site in sites))


def _keyring() -> Path:
    for keyring in _KEYRINGS:
        if keyring.exists():
            return keyring
    raise UnavailableError(
        f"Debian's keys are not at {_KEYRINGS[0]}: install the package debian-archive-keyring"
    )


def _lay_out(work: Path, machine: Machine, assumed: Iterable[str]) -> Path:
    """Write apt's private state and return its configuration file."""
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
    """The output of an apt program, in the language that its messages are matched in.

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
        complaints = re.findall(r"^[EW]: (.+)$", done.stderr, re.MULTILINE)
        fallback = f"{command[0]} ended with {done.returncode}"
        raise _AptError(" ".join(complaints[0].split()).rstrip(".") if complaints else fallback)
    return done.stdout
