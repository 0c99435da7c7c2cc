"""Builds the release in five ways, and compares all files.

    ./bazelw run //tests/reproducible:ways -- [--ways WAY...] [--targets TARGET...] [--seed N]

    empty      without caches; fills a disk cache and a remote cache
    disk       from that disk cache, which another clone filled
    half       from a random half of it: results without files, and files without results
    remote     from the remote cache, over HTTP
    execution  on workers without any files of this machine

Each way uses its own clone with its own Bazel, on a host that differs from the first in umask, TZ
and LANG, and the workers use another minor version of Python. Downloads, which are checked by hash,
are shared. Takes as long as two builds without caches and half of another. Exit codes: 0 all files
are equal; 1 a file differs or a build failed; 2 bad usage, or a way that this machine cannot run.
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

from rich.console import Console
from rich.table import Table

from tests.clone import Build, Clone, clone
from tests.output_base import remove
from tests.reproducible.caches import Caches, NotRunError, random_half
from tests.reproducible.difference import first_difference, sha256
from tests.reproducible.host import Host, two_hosts
from toolchains.debian.errors import UnavailableError
from toolchains.debian.user_cache import user_cache

TARGETS = ("//packaging:all", "//products/abacus:all_wheels")
SEED = 17


class WaysError(Exception):
    """The builds cannot be compared; the message is one sentence for the user."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        """Stores the message and the exit code."""
        super().__init__(message)
        self.exit_code = exit_code


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
        # BuildGrid rejects calls beyond the number of its threads.
        options = ["--config=remote_exec", "--remote_max_connections=4"]
        yield [*options, f"--remote_executor={address}"]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to build the same files."""

    name: str
    options: Callable[[Caches], AbstractContextManager[list[str]]]
    """Starts the servers of this way, and yields Bazel's options to use them."""
    is_taken: Callable[[Build], bool]
    """Whether a build was built in this way."""
    on_other_host: bool = True
    with_other_python: bool = False
    """The interpreter is an input of actions, so another one invalidates all caches."""


def _only_cache_hits(build: Build) -> bool:
    return build.executed == 0 and _hits(build) > 0


def _hits(build: Build) -> int:
    return sum(
        count for strategy, count in build.processes.items() if strategy.endswith("cache hit")
    )


WAYS = (
    Way("empty", _filling, lambda build: build.executed > 0 == _hits(build), on_other_host=False),
    Way("disk", _from_disk, _only_cache_hits),
    Way("half", _from_half, lambda build: build.executed > 0 and _hits(build) > 0),
    Way("remote", _from_http, _only_cache_hits),
    Way(
        "execution",
        _on_workers,
        lambda build: 0 < build.processes.get("remote", 0) == build.executed,
        with_other_python=True,
    ),
)


def host_of(way: Way, directory: Path, python: str, other_python: str) -> Host:
    """The host of a way, below a directory."""
    one, other = two_hosts(directory / way.name, python, other_python)
    host = other if way.on_other_host else one
    return replace(host, name=way.name, python=other_python if way.with_other_python else python)


def build(
    machine: Clone, way: Way, caches: Caches, targets: Sequence[str]
) -> tuple[Build, dict[str, str]]:
    """Builds targets in one way.

    Returns:
      The result of the build, and the sha256 of each file by its path below bazel-bin.

    Raises:
      WaysError: the build failed, or was built in another way.
      NotRunError: this machine cannot run it.
    """
    with way.options(caches) as options:
        result = machine.build("--config=ci", *options, *targets)
    if result.exit_code:
        raise WaysError(f"the build failed ({way.name}): {result.output[-4000:]}")
    if not way.is_taken(result):
        raise WaysError(f"{way.name}: built in another way: {dict(result.processes)}")
    # A wider analysis by the same server has files in other configurations, which are not built.
    expression = f"config(set({' '.join(targets)}), target)"
    return result, machine.digests(expression)


def compare(
    expected: Mapping[str, str], found: Mapping[str, Mapping[str, str]], console: Console
) -> list[tuple[str, str]]:
    """Prints a table of all files; returns the way and the name of each file that differs.

    Args:
      expected: sha256 of each file of the first way.
      found: those of the other ways, by way.
      console: the output for the table.
    """
    differences = []
    table = Table("file", "sha256", *found)
    for name in sorted({*expected, *(name for digests in found.values() for name in digests)}):
        states = []
        for way, digests in found.items():
            if name not in digests or name not in expected:
                state = "MISSING"
            else:
                state = "same" if digests[name] == expected[name] else "DIFFERS"
            if state != "same":
                differences.append((way, name))
            states.append(state)
        table.add_row(name, expected.get(name, "MISSING"), *states)
    console.print(table)
    return differences


def located(machine: Clone, name: str, digest: str) -> Path | None:
    """The path of a compared file in the output directories of all configurations."""
    for path in sorted((machine.workspace / "bazel-out").glob(f"*/bin/{name}")):
        if path.is_file() and sha256(path) == digest:
            return path
    return None


def other_python(interpreters: Sequence[Path]) -> str:
    """The newest interpreter of another minor version that has pip, which builds need.

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
    raise WaysError(f"This machine has no Python with pip other than {running}.", 2)


def run(
    ways: Sequence[Way], targets: Sequence[str], interpreters: Sequence[Path], seed: int
) -> int:
    """Builds in several ways, the first of which fills the caches, and prints the comparison.

    If a way fails, the others are still compared.

    Returns:
      The exit code.

    Raises:
      WaysError: the first way failed, so there is nothing to compare with.
    """
    console = Console(width=240 if not sys.stdout.isatty() else None, highlight=False)
    cache = user_cache()
    cache.mkdir(parents=True, exist_ok=True)
    python, other = os.path.realpath(sys.executable), other_python(interpreters)
    digests: dict[str, dict[str, str]] = {}
    failed, not_run = [], []
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="reproducible-", dir=cache))
        stack.callback(remove, directory)
        caches = Caches(directory, seed)
        hosts = {way.name: host_of(way, directory, python, other) for way in ways}
        machines = {}
        # All at once, so that every way builds the same sources whatever is edited meanwhile.
        for name, host in hosts.items():
            with host.entered():
                machines[name] = stack.enter_context(clone(host.directory))
        for way in ways:
            console.print(f"Building ({way.name}): {hosts[way.name]}, seed {seed}")
            with hosts[way.name].entered():
                try:
                    result, digests[way.name] = build(machines[way.name], way, caches, targets)
                except NotRunError as error:
                    not_run.append(f"{way.name} was not run: {error}.")
                except WaysError as error:
                    if way is ways[0]:
                        raise
                    failed.append(str(error))
                    console.print(f"{way.name} failed.")
                else:
                    console.print(f"{result.seconds:.0f} s, {dict(result.processes)}")
        first, *others = digests
        differences = compare(digests[first], {way: digests[way] for way in others}, console)
        for other_way, name in differences:
            _print_difference(machines, digests, (first, other_way), name, console)
    for message in not_run + failed:
        console.print(message, markup=False)
    if differences:
        console.print(f"NOT reproducible: {len(differences)} files differ.")
    else:
        console.print(
            f"Reproducible: all {len(digests[first])} files are the same in {len(digests)} ways."
        )
    if differences or failed:
        return 1
    return 2 if not_run else 0


def _print_difference(
    machines: Mapping[str, Clone],
    digests: Mapping[str, Mapping[str, str]],
    pair: tuple[str, str],
    name: str,
    console: Console,
) -> None:
    """Prints where a file of two ways differs first, or that one of them lacks it."""
    files = [
        located(machines[way], name, digests[way][name]) for way in pair if name in digests[way]
    ]
    match files:
        case [Path() as one, Path() as another]:
            console.print(f"{name} differs ({pair[1]}): {first_difference(one, another)}.")
        case _:
            console.print(f"{name} was not built in every way ({pair[1]}).")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all equal, 1 a file differs or a build failed, 2 bad usage or a way not run."""
    names = [way.name for way in WAYS[1:]]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--ways", nargs="+", default=names, choices=names, help="Ways besides empty [default: all]"
    )
    parser.add_argument(
        "--targets",
        nargs="+",
        default=TARGETS,
        metavar="TARGET",
        help=f"Targets to build [default: {' '.join(TARGETS)}]",
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, help="Seed for the random half [default: %(default)s]"
    )
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
