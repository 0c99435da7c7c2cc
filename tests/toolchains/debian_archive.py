"""A Debian archive with a few small packages, for tests."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from toolchains.debian.apt import SUITE
from toolchains.debian.machine import Machine, this_machine


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link in a package."""

    target: str


@dataclass(frozen=True, slots=True)
class DebianArchive:
    """An archive in a directory; `publish` makes added packages available."""

    directory: Path
    suite: str = SUITE
    machine: Machine = field(default_factory=this_machine)

    @property
    def site(self) -> str:
        """The archive's URI in an apt source line."""
        return f"copy:{self.directory}"

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, str | bytes | Link] | None = None,
        *,
        depends: str = "",
    ) -> Path:
        """Build a package of executable files; return its archive file."""
        root = self.directory / "build" / name
        for path, content in (files or {}).items():
            destination = root / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Link):
                destination.symlink_to(content.target)
                continue
            destination.write_bytes(content.encode() if isinstance(content, str) else content)
            destination.chmod(0o755)
        control = {
            "Package": name,
            "Version": version,
            "Architecture": self.machine.architecture,
            "Maintainer": "nobody <nobody@localhost>",
            "Depends": depends,
            "Description": "made for a test",
        }
        fields = "".join(f"{key}: {value}\n" for key, value in control.items() if value)
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN" / "control").write_text(fields)
        package = self.directory / "pool" / f"{name}.deb"
        package.parent.mkdir(exist_ok=True)
        build = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(root), str(package)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        content = package.read_bytes()
        package.with_suffix(".index").write_text(
            f"{fields}Filename: pool/{package.name}\n"
            f"Size: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        )
        return package

    def publish(self) -> None:
        """Write the lists of the added packages."""
        entries = [path.read_text() for path in sorted(self.directory.glob("pool/*.index"))]
        packages = "".join(entries).encode()
        path = f"main/binary-{self.machine.architecture}/Packages"
        release = self.directory / "dists" / self.suite
        (release / path).parent.mkdir(parents=True, exist_ok=True)
        (release / path).write_bytes(packages)
        (release / "Release").write_text(
            f"Suite: {self.suite}\nCodename: {self.suite}\nComponents: main\n"
            f"Architectures: {self.machine.architecture}\nDate: Thu, 01 Oct 2026 00:00:00 UTC\n"
            f"SHA256:\n {hashlib.sha256(packages).hexdigest()} {len(packages)} {path}\n"
        )


@contextmanager
def debian_archive() -> Iterator[DebianArchive]:
    """An empty archive at a short path, since apt's file names contain the whole path."""
    require_debian_tools()
    with tempfile.TemporaryDirectory() as directory:
        yield DebianArchive(Path(directory))


def require_debian_tools() -> None:
    """Skip the test if the tools for Debian packages are missing."""
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            pytest.skip(f"not run: {program} is not on PATH")
