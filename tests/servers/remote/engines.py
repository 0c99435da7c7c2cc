"""Starts real servers: of the Remote Execution API, with and without workers, and an HTTP cache."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.remote.program import await_answer, await_port, await_state, free_port, program

# The directories of a machine with a merged /usr.
_ROOT = {"/usr": "usr", "/bin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64"}
_JOBS = 2

_BUILDGRID = """\
server:
  - !channel
    address: "127.0.0.1:{port}"
    insecure-mode: true
authorization:
  method: none
thread-pool-size: 500
storages:
  - !disk-storage &cas
    path: {directory}/cas
caches:
  - !lru-action-cache &actions
    storage: *cas
    max-cached-refs: 1000000
    allow-updates: true
    cache-failed-actions: false
"""

_SCHEDULER = """\
connections:
  - !sql-connection &sql
    connection-string: {database}
schedulers:
  - !sql-scheduler &scheduler
    sql: *sql
    storage: *cas
    action-cache: *actions
    property-set: !dynamic-property-set
      match-property-keys: [OSFamily]
"""

_INSTANCE = """\
instances:
  - name: ""
    services:
      - !action-cache
        cache: *actions
      - !cas
        storage: *cas
      - !bytestream
        storage: *cas
"""

_EXECUTION = """\
      - !execution
        scheduler: *scheduler
      - !bots
        scheduler: *scheduler
"""

# Bazel's disk cache groups files by the first two digits of their digest.
_OF_DISK_CACHE = 'rewrite "^/(ac|cas)/(..)(.*)$" /$1/$2/$2$3 break;'

_NGINX = """\
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/incoming;
    client_max_body_size 0;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {cache};
        location / {{
            {guard}
            {layout}
            dav_methods PUT DELETE;
            create_full_put_path on;
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Engines:
    """The paths of the programs."""

    machine: Path
    """A root file system with a shell and the C library."""
    nginx: Path
    postgresql: Path
    """The directory of the PostgreSQL programs."""
    programs: Path
    """The directory of the buildbox programs and bwrap."""


def engines() -> Engines:
    """The programs that `@engines//:engines.json` names; skips the test if they are missing."""
    found = json.loads(Path(os.environ["ENGINES"]).read_text())
    if "reason" in found:
        pytest.skip(f"not run: {found['reason']}")
    return Engines(**{name: Path(path) for name, path in found.items()})


def buildgrid_python(directory: Path) -> tuple[Path, Path]:
    """A Python for BuildGrid, and the directory to import it from; skips if Python is missing.

    Args:
      directory: where to unpack the wheels.
    """
    interpreter = json.loads(Path(os.environ["INTERPRETER"]).read_text())
    if interpreter["executable"] is None:
        pytest.skip(f"not run: {interpreter['reason']}")
    packages = directory / "packages"
    for wheel in os.environ["BUILDGRID"].split():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    return Path(interpreter["executable"]), packages


def require_sandboxes(programs: Engines) -> None:
    """Skips the test if the kernel does not let a worker create namespaces."""
    probe = [programs.programs / "bwrap", "--unshare-user", "--unshare-net"]
    for path, part in _ROOT.items():
        probe += ["--ro-bind", programs.machine / part, path]
    command = [*map(str, probe), "/bin/sh", "-c", ":"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        reason = result.stderr.strip() or f"bwrap exits with {result.returncode}"
        pytest.skip(f"not run: a worker cannot create namespaces here ({reason})")


@contextmanager
def buildgrid(directory: Path, database: str | None = None) -> Iterator[str]:
    """Serves a cache and, with a database, execution; yields its gRPC address.

    Args:
      directory: an empty directory; its subdirectory `cas` holds the cache.
      database: address of a PostgreSQL database for its exclusive use.
    """
    python, packages = buildgrid_python(directory)
    port = free_port()
    settings = _BUILDGRID + (_SCHEDULER if database else "") + _INSTANCE
    settings += _EXECUTION if database else ""
    configuration = directory / "buildgrid.yml"
    configuration.write_text(settings.format(database=database, directory=directory, port=port))
    environment = {"PYTHONPATH": str(packages)}
    command = [python, "-c", "from buildgrid.server.app.cli import cli; cli()"]
    if database:
        _run([*command, "migrate", "apply", database], environment)
    log = directory / "buildgrid.log"
    with program([*command, "server", "start", configuration], log, environment) as process:
        await_port(port, process, log)
        yield f"grpc://127.0.0.1:{port}"


@contextmanager
def database(programs: Engines, directory: Path) -> Iterator[str]:
    """Serves an empty PostgreSQL database; yields its address."""
    # PostgreSQL refuses to run as root.
    as_user = ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []
    data = directory / "postgresql"
    _run(
        [
            *(*as_user, programs.postgresql / "initdb", "--no-sync", "--auth=trust"),
            *("--username=bgd", "--locale=C", "--encoding=UTF8", "--pgdata", data),
        ]
    )
    port, log = free_port(), directory / "postgresql.log"
    serve = [programs.postgresql / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", ""]
    with program([*as_user, *serve, "-F"], log) as process:
        await_port(port, process, log)
        yield f"postgresql://bgd@127.0.0.1:{port}/postgres"


@contextmanager
def worker(programs: Engines, directory: Path, address: str) -> Iterator[None]:
    """Runs a worker in a root file system with only a shell and the C library, without network.

    Args:
      programs: the paths of its programs.
      directory: an empty directory for its cache of inputs.
      address: the server that it works for.
    """
    casd = [programs.programs / "buildbox-casd", f"--cas-remote={address}"]
    with ExitStack() as stack:
        # The path of a socket must be short.
        short = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="casd-", dir="/tmp")))
        socket_path = short / "casd.sock"
        log = directory / "casd.log"
        environment = {"PATH": f"{programs.programs}:{os.environ['PATH']}"}
        process = stack.enter_context(
            program([*casd, f"--bind=unix:{socket_path}", directory / "casd"], log, environment)
        )
        await_state(socket_path.exists, process, log)
        log = directory / "worker.log"
        runner = [
            f"--runner-arg=--ro-bind-mount={programs.machine / part}:{path}"
            for path, part in _ROOT.items()
        ]
        stack.enter_context(
            program(
                [
                    programs.programs / "buildbox-worker",
                    f"--buildbox-run={programs.programs / 'buildbox-run-bubblewrap'}",
                    f"--bots-remote={address}",
                    f"--cas-remote=unix:{socket_path}",
                    f"--concurrent-jobs={_JOBS}",
                    "--platform=OSFamily=linux",
                    "--runner-arg=--staging-mode=copy-or-link",
                    *runner,
                    "worker",
                ],
                log,
                environment,
            )
        )
        yield


@contextmanager
def http_cache(
    programs: Engines,
    directory: Path,
    *,
    cache: Path | None = None,
    disk_cache: Path | None = None,
    token: str | None = None,
) -> Iterator[str]:
    """Serves a directory as a writable HTTP cache; yields its address.

    Args:
      programs: the path of its program.
      directory: an empty directory.
      cache: the directory to serve; by default its new subdirectory `cache`.
      disk_cache: a disk cache of Bazel to serve instead.
      token: the bearer token that requests must have.
    """
    for name in ("cache", "incoming"):
        (directory / name).mkdir()
    guard = f'if ($http_authorization != "Bearer {token}") {{ return 401; }}' if token else ""
    port = free_port()
    configuration, log = directory / "nginx.conf", directory / "nginx.log"
    configuration.write_text(
        _NGINX.format(
            directory=directory,
            port=port,
            guard=guard,
            layout=_OF_DISK_CACHE if disk_cache else "",
            cache=disk_cache or cache or directory / "cache",
        )
    )
    with program([programs.nginx, "-c", configuration, "-e", "stderr"], log) as process:
        await_answer(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}"


def _run(command: Sequence[object], environment: Mapping[str, str] | None = None) -> None:
    result = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
