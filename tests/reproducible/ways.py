"""Builds the release in five ways, and compares every byte.

    ./bazelw run //tests/reproducible:ways -- [--ways WAY...] [--targets TARGET...] [--seed N]

    empty      from nothing; this fills a disk cache and a remote cache
    disk       from that disk cache, which another clone filled
    half       from a random half of it: results without files, and files without results
    remote     from the remote cache, over HTTP
    execution  on workers that have nothing of this machine

Each way is a clone of its own with a Bazel of its own, on a host that differs from the first in
umask, TZ and LANG, and the workers' actions run on another minor version of Python. Downloads are
shared, which are checked by hashes. Takes as long as two builds from nothing, and that of the half.
Exit codes: 0 all equal, 1 a file differs or a build fails, 2 bad usage, or a way that cannot be
taken on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.clone import Build, Clone, clone
from tests.output_base import remove
from tests.reproducible.caches import random_half
from tests.reproducible.difference import first_difference, sha256
from tests.reproducible.host import Host, two_hosts
from tests.servers.remote import engines
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

TARGETS = ("//packaging:all", "//examples/native_project:all_wheels")
SEED = 17


class WaysError(Exception):
    """There is nothing to compare; the message is one sentence for the user."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Keeps the message and the exit code it calls for."""
        super().__init__(message)
        self.exit_code = exit_code


class NotRunError(Exception):
    """A way cannot be taken on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Caches:
    """What the ways build from, below one directory."""

    directory: Path
    seed: int

    @property
    def disk(self) -> Path:
        """The disk cache that the first way fills."""
        return self.directory / "disk"

    @contextmanager
    def http(self) -> Iterator[str]:
        """Serves the remote cache; gives its address."""
        served = self.directory / "http"
        served.mkdir(exist_ok=True)
        with ExitStack() as stack, _not_run():
            scratch = stack.enter_context(tempfile.TemporaryDirectory(dir=self.directory))
            programs = engines.engines()
            yield stack.enter_context(engines.http_cache(programs, Path(scratch), cache=served))

    @contextmanager
    def workers(self) -> Iterator[str]:
        """Serves remote execution, without anything in its cache; gives its address."""
        with ExitStack() as stack, _not_run():
            programs = engines.engines()
            engines.require_sandboxes(programs)
            directories = []
            for name in ("database", "buildgrid", "worker"):
                directories.append(self.directory / name)
                directories[-1].mkdir()
            database = stack.enter_context(engines.database(programs, directories[0]))
            address = stack.enter_context(engines.buildgrid(directories[1], database))
            stack.enter_context(engines.worker(programs, directories[2], address))
            yield address


@contextmanager
def _not_run() -> Iterator[None]:
    """Turns a test that skips itself into NotRunError."""
    try:
        yield
    except pytest.skip.Exception as skipped:
        raise NotRunError(str(skipped).removeprefix("not run: ")) from skipped


@contextmanager
def _filling(caches: Caches) -> Iterator[list[str]]:
    options = [f"--disk_cache={caches.disk}"]
    with ExitStack() as stack:
        try:
            address = stack.enter_context(caches.http())
        except NotRunError:
            yield options
        else:
            yield [*options, "--config=remote_cache_push", f"--remote_cache={address}"]


@contextmanager
def _from_disk(caches: Caches) -> Iterator[list[str]]:
    yield [f"--disk_cache={caches.disk}"]


@contextmanager
def _from_half(caches: Caches) -> Iterator[list[str]]:
    half = caches.directory / "half"
    random_half(caches.disk, half, caches.seed)
    yield [f"--disk_cache={half}"]


@contextmanager
def _from_http(caches: Caches) -> Iterator[list[str]]:
    with caches.http() as address:
        yield ["--config=remote_cache", f"--remote_cache={address}"]


@contextmanager
def _on_workers(caches: Caches) -> Iterator[list[str]]:
    with caches.workers() as address:
        # BuildGrid refuses calls beyond the number of its threads.
        options = ["--config=remote_exec", "--remote_max_connections=4"]
        yield [*options, f"--remote_executor={address}"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to come by the same bytes."""

    name: str
    options: Callable[[Caches], AbstractContextManager[list[str]]]
    """Serves what it builds from, and gives Bazel's options for it."""
    is_taken: Callable[[Build], bool]
    """Whether a build did come by its files in this way."""
    on_other_host: bool = True
    with_other_python: bool = False
    """Actions take their interpreter along: with another one, no cache has what they made."""


def _from_cache_alone(build: Build) -> bool:
    return build.executed == 0 and _hits(build) > 0


def _hits(build: Build) -> int:
    return sum(count for where, count in build.processes.items() if where.endswith("cache hit"))


WAYS = (
    Way("empty", _filling, lambda build: build.executed > 0 == _hits(build), on_other_host=False),
    Way("disk", _from_disk, _from_cache_alone),
    Way("half", _from_half, lambda build: build.executed > 0 and _hits(build) > 0),
    Way("remote", _from_http, _from_cache_alone),
    Way(
        "execution",
        _on_workers,
        lambda build: 0 < build.processes.get("remote", 0) == build.executed,
        with_other_python=True,
    ),
)


def host_of(way: Way, directory: Path, python: str, other_python: str) -> Host:
    """The host on which a way is taken, below a directory."""
    one, other = two_hosts(directory / way.name, python, other_python)
    host = other if way.on_other_host else one
    return replace(host, name=way.name, python=other_python if way.with_other_python else python)


def build(
    machine: Clone, way: Way, caches: Caches, targets: Sequence[str]
) -> tuple[Build, dict[str, str]]:
    """Builds targets in one way.

    Returns:
      What came of it, and the sha256 of each file by its path below bazel-bin.

    Raises:
      WaysError: the build fails, or took another way.
      NotRunError: it cannot be taken on this machine.
    """
    with way.options(caches) as options:
        made = machine.build("--config=ci", *options, *targets)
    if made.code:
        raise WaysError(f"the build fails ({way.name}): {made.said[-4000:]}")
    if not way.is_taken(made):
        raise WaysError(f"{way.name}: files came in another way: {dict(made.processes)}")
    # A wider analysis by the same server has files in other configurations, which nobody built.
    expression = f"config(set({' '.join(targets)}), target)"
    return made, machine.digests(expression)


def compare(
    expected: Mapping[str, str], found: Mapping[str, Mapping[str, str]], say: Console
) -> list[tuple[str, str]]:
    """Prints a table of all files; returns way and file of each that is not the same.

    Args:
      expected: sha256 of each file, as the first way made it.
      found: those of the other ways, by way.
      say: where the table goes.
    """
    faults = []
    table = Table("file", "sha256", *found)
    for name in sorted({*expected, *(name for digests in found.values() for name in digests)}):
        states = []
        for way, digests in found.items():
            if name not in digests or name not in expected:
                state = "MISSING"
            else:
                state = "same" if digests[name] == expected[name] else "DIFFERS"
            if state != "same":
                faults.append((way, name))
            states.append(state)
        table.add_row(name, expected.get(name, "MISSING"), *states)
    say.print(table)
    return faults


def located(machine: Clone, name: str, digest: str) -> Path | None:
    """A file that was compared, wherever its configuration has it; a clone tells no paths."""
    for path in sorted((machine.workspace / "bazel-out").glob(f"*/bin/{name}")):
        if path.is_file() and sha256(path) == digest:
            return path
    return None


def other_python(interpreters: Sequence[Path]) -> str:
    """The newest interpreter of another minor version that can run a build, which takes pip.

    Raises:
      WaysError: this machine has none.
    """
    running = "{}.{}".format(*sys.version_info)
    for file in reversed(interpreters):
        found = json.loads(file.read_bytes())
        if found["executable"] and found["version"] != running:
            probe = [found["executable"], "-m", "pip", "--version"]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return str(found["executable"])
    raise WaysError(f"no second Python with pip beside {running} is on this machine.", 2)


def run(
    ways: Sequence[Way], targets: Sequence[str], interpreters: Sequence[Path], seed: int
) -> int:
    """Builds in several ways, the first of which fills the caches; says what came of it.

    A way that fails takes nothing from the others: these are compared all the same.

    Returns:
      The exit code.

    Raises:
      WaysError: there is nothing to compare.
    """
    say = Console(width=240 if not sys.stdout.isatty() else None, highlight=False)
    cache = user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    python, other = os.path.realpath(sys.executable), other_python(interpreters)
    digests: dict[str, dict[str, str]] = {}
    failed, not_run = [], []
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="reproducible-", dir=cache))
        stack.callback(remove, directory)
        caches = Caches(directory, seed)
        machines = {}
        for way in ways:
            host = host_of(way, directory, python, other)
            say.print(f"Building in the way {way.name}: {host}, seed {seed}")
            with host.entered():
                machines[way.name] = stack.enter_context(clone(host.directory))
                try:
                    made, digests[way.name] = build(machines[way.name], way, caches, targets)
                except NotRunError as cause:
                    not_run.append(f"{way.name} was not run: {cause}.")
                except WaysError as error:
                    if way is ways[0]:
                        raise
                    failed.append(str(error))
                    say.print(f"{way.name} failed.")
                else:
                    say.print(f"{made.seconds:.0f} s, {dict(made.processes)}")
        first, *others = digests
        faults = compare(digests[first], {way: digests[way] for way in others}, say)
        for way_of_fault, name in faults:
            _say_where(machines, digests, (first, way_of_fault), name, say)
    for sentence in not_run + failed:
        say.print(sentence, markup=False)
    if faults:
        say.print(f"NOT reproducible: {len(faults)} files.")
    else:
        say.print(
            f"Reproducible: all {len(digests[first])} files are the same in {len(digests)} ways."
        )
    if faults or failed:
        return 1
    return 2 if not_run else 0


def _say_where(
    machines: Mapping[str, Clone],
    digests: Mapping[str, Mapping[str, str]],
    pair: tuple[str, str],
    name: str,
    say: Console,
) -> None:
    """Says where a file of two ways differs, or that one of them has none."""
    files = [
        located(machines[way], name, digests[way][name]) for way in pair if name in digests[way]
    ]
    match files:
        case [Path() as one, Path() as another]:
            say.print(f"{name} differs ({pair[1]}) {first_difference(one, another)}.")
        case _:
            say.print(f"{name} was not built in every way ({pair[1]}).")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all equal, 1 a file differs or a build fails, 2 bad usage or a way not run."""
    names = [way.name for way in WAYS[1:]]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ways", nargs="+", default=names, choices=names, help="beside empty")
    parser.add_argument("--targets", nargs="+", default=TARGETS, metavar="TARGET")
    parser.add_argument("--seed", type=int, default=SEED, help="chooses the half; 17 by default")
    parser.add_argument("--interpreters", type=Path, nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    ways = [WAYS[0], *(way for way in WAYS if way.name in options.ways)]
    try:
        return run(ways, options.targets, options.interpreters, options.seed)
    except WaysError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
