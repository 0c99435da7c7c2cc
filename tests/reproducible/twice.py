"""Builds the release twice, on two hosts in one, and compares every byte.

    ./bazelw run //tests/reproducible:twice -- [--targets TARGET...] [--keep]

The workspace is copied to two places, and built there by Bazel servers of their own, with other
output bases, umask, TZ, LANG and another minor version of Python, without any build cache. Only
the downloaded payload is shared, which is held by hashes. Takes about as long as two builds from
nothing. Exit codes: 0 all equal, 1 a file differs or a build fails, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.reproducible.difference import files_below, first_difference, sha256
from tests.reproducible.host import Host, two_hosts
from tests.workspace import copy_workspace
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

TARGETS = ("//packaging:all",)
WITHOUT_CACHES = ("--disk_cache=", "--remote_cache=")


class TwiceError(Exception):
    """There is nothing to compare; the message is one sentence for the user."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Keeps the message and the exit code it calls for."""
        super().__init__(message)
        self.exit_code = exit_code


def copy_to(workspace: Path, host: Host) -> None:
    """Copies the workspace to a host, with the host's umask.

    Raises:
      TwiceError: git cannot say what belongs to the workspace.
    """
    with umask(host.umask):
        try:
            copy_workspace(workspace, workspace_of(host))
        except RuntimeError as error:
            raise TwiceError(str(error), 2) from error


def workspace_of(host: Host) -> Path:
    """Where a host has its copy."""
    return host.folder / "workspace"


def bazel(host: Host, base: Mapping[str, str], command: str, *arguments: str) -> str:
    """Runs Bazel on a host and returns what it prints; its messages go to `HOST/bazel.log`.

    Raises:
      TwiceError: Bazel fails.
    """
    log = host.folder / "bazel.log"
    line = [
        str(workspace_of(host) / "bazelw"),
        f"--output_base={host.folder / 'output'}",
        "--max_idle_secs=60",
        *(command, *arguments),
    ]
    with log.open("ab") as messages:
        done = subprocess.run(
            line,
            cwd=workspace_of(host),
            env=host.environment(base),
            umask=host.umask,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            check=False,
        )
    if done.returncode:
        raise TwiceError(f"bazel {command} fails on host {host.name}; see {log}")
    return done.stdout.decode()


def build(host: Host, base: Mapping[str, str], targets: Sequence[str]) -> None:
    """Builds targets without caches; raises TwiceError if that fails."""
    bazel(host, base, "build", *WITHOUT_CACHES, "--", *targets)


def outputs(host: Host, base: Mapping[str, str], targets: Sequence[str]) -> dict[str, Path]:
    """All files of built targets, by their path below bazel-bin.

    Raises:
      TwiceError: there are none, and so nothing would be compared.
    """
    query = f"set({' '.join(targets)})"
    places = bazel(host, base, "cquery", *WITHOUT_CACHES, "--output=files", query).split()
    root = Path(bazel(host, base, "info", *WITHOUT_CACHES, "execution_root").strip())
    files = {
        str(Path(place.partition("/bin/")[2]).parent / name): path
        for place in places
        for name, path in files_below(root / place).items()
    }
    if not files:
        raise TwiceError(f"{' '.join(targets)}: nothing was built, so nothing can be compared.", 2)
    return files


def compare(one: Mapping[str, Path], other: Mapping[str, Path], say: Console) -> list[str]:
    """Prints a table of all files; returns a sentence for each that is not the same in both."""
    faults = []
    table = Table("file", "bytes", "sha256", "")
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            faults.append(f"{name} was built on one host only.")
            table.add_row(name, "", "", "MISSING")
            continue
        digest = sha256(one[name])
        same = digest == sha256(other[name])
        table.add_row(name, str(one[name].stat().st_size), digest, "same" if same else "DIFFERS")
        if not same:
            faults.append(f"{name} differs {first_difference(one[name], other[name])}.")
    say.print(table)
    return faults


def other_python(interpreters: Sequence[Path]) -> str:
    """The newest interpreter of another minor version that can run a build, which takes pip.

    Raises:
      TwiceError: this machine has none.
    """
    running = "{}.{}".format(*sys.version_info)
    for file in reversed(interpreters):
        found = json.loads(file.read_bytes())
        if found["executable"] and found["version"] != running:
            probe = [found["executable"], "-m", "pip", "--version"]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return str(found["executable"])
    raise TwiceError(f"no second Python with pip beside {running} is on this machine.", 2)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Sets the umask of this process for a while."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def run(targets: Sequence[str], interpreters: Sequence[Path], *, keep: bool) -> int:
    """Builds, compares and says what came of it.

    Raises:
      TwiceError: there is nothing to compare.
    """
    say = Console(width=200 if not sys.stdout.isatty() else None)
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if workspace is None:
        raise TwiceError("the workspace is unknown; start this with `./bazelw run`.", 2)
    cache = user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="reproducible-", dir=cache))
    hosts = two_hosts(folder, os.path.realpath(sys.executable), other_python(interpreters))
    # What `bazel run` sets is no part of a user's environment.
    base = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BUILD_", "PYTHON", "RUNFILES_"))
    } | {"IREE_RELEASE_CACHE": str(cache)}
    for host in hosts:
        # Both at once: whoever edits the workspace meanwhile changes neither.
        copy_to(Path(workspace), host)
    for host in hosts:
        say.print(
            f"Building on host {host.name}: {host.folder}, {host.python}, "
            f"umask {host.umask:03o}, TZ {host.zone}, LANG {host.language}",
            highlight=False,
        )
        build(host, base, targets)
    one, other = (outputs(host, base, targets) for host in hosts)
    faults = compare(one, other, say)
    for fault in faults:
        say.print(fault, style="red", highlight=False)
    if faults:
        say.print(f"NOT reproducible: {len(faults)} files. Both builds are kept in {folder}.")
        return 1
    say.print(f"Reproducible: all {len(one)} files are the same.")
    if keep:
        say.print(f"Both builds are kept in {folder}.")
        return 0
    for host in hosts:
        # Bazel takes write permission from its outputs, and gives it back to take them away.
        bazel(host, base, "clean", "--expunge")
    shutil.rmtree(folder)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all equal, 1 a file differs or a build fails, 2 bad usage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="TARGET")
    parser.add_argument("--keep", action="store_true", help="keep both builds")
    parser.add_argument("--interpreters", type=Path, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        return run(options.targets, options.interpreters, keep=options.keep)
    except TwiceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
