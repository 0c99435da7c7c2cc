"""product.json: what is released together, and how.

Each directory of products/ declares a product, and the build writes product.json. plan.json
contains the same object, so a release directory and a store describe their product themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from release.model import document
from release.model.record import Record
from release.model.settings import Settings
from release.model.state import RunState

ProjectState = Literal["managed", "transitional", "deprecated"]


@dataclass(frozen=True, slots=True)
class Program(Record):
    """A program of a package: a console script, a native tool, or both."""

    name: str
    """Without the suffix that it has on Windows."""
    arguments: tuple[str, ...]
    """What a smoke test calls it with."""
    prints: str
    """A regular expression that then matches in one of its output streams."""
    exit_code: int = 0
    """The exit code of that call."""
    directory: str | None = None
    """The directory of a native tool, relative to site-packages; None for a Python script."""
    script: bool = True
    """Whether the package installs a script of that name."""
    systems: tuple[str, ...] = ()
    """The operating systems that have it: linux, macos or windows; empty for all."""

    def on(self, system: str) -> bool:
        """Whether an operating system has the program."""
        return not self.systems or system in self.systems


@dataclass(frozen=True, slots=True)
class VersionModule(Record):
    """A module of a package that names its version."""

    path: str
    """Relative to site-packages."""
    names: tuple[str, ...]
    """The variables that hold the version."""


@dataclass(frozen=True, slots=True)
class Package(Record):
    """A distribution of the product."""

    name: str
    """As on the registry."""
    roots: tuple[str, ...]
    """The directories, relative to site-packages, that its wheels may put files into."""
    version_modules: tuple[VersionModule, ...] = ()
    programs: tuple[Program, ...] = ()
    alone: str | None = None
    """Why smoke tests install it alone, without its requirements, and import nothing of it; None:
    they install it together with the other packages."""
    unimportable: Mapping[str, str] = field(default_factory=dict)
    """The public modules that cannot be imported, and why; smoke tests import all others."""


@dataclass(frozen=True, slots=True)
class VersionFile(Record):
    """A text file of a dist archive that names its version."""

    path: str
    """In the archive."""
    pattern: str
    """A regular expression whose first group is the version; `^` is the start of a line."""
    numeric: bool = False
    """Whether the file has only the numbers of the version, as CMake requires."""


@dataclass(frozen=True, slots=True)
class DistDescription(Record):
    """The dist archives of the product."""

    name: str
    """The first part of their file names."""
    packages: tuple[str, ...]
    """The packages whose programs they have in `bin/`."""
    contents: Mapping[str, tuple[str, ...]]
    """The paths that every archive must contain, by operating system."""
    versions: tuple[VersionFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Project(Record):
    """A project on the registry that belongs to the product."""

    name: str
    """Normalised."""
    state: ProjectState
    """managed: part of our releases; transitional: a former name of `successor`, released together
    with it; deprecated: must not be released any more."""
    successor: str | None = None
    """The project that replaces it."""
    file_limit_mib: int = 100
    """The registry's limit for a file of the project, in MiB."""
    total_limit_gib: int = 10
    """The registry's limit for all files of the project together, in GiB."""

    @property
    def file_limit(self) -> int:
        """Maximum size of a file, in bytes."""
        return self.file_limit_mib << 20

    @property
    def total_limit(self) -> int:
        """Maximum size of all files together, in bytes."""
        return self.total_limit_gib << 30


@dataclass(frozen=True, slots=True)
class Companion(Record):
    """A pure Python project that is released with a stable release of the product.

    `//release:turbine` makes its wheels, and gathers them with everything that they require.
    """

    name: str
    """As on the registry."""
    transitional: tuple[str, ...]
    """Former names, which are released together with it."""
    core: tuple[str, ...]
    """The packages of the product that it requires."""


@dataclass(frozen=True, slots=True)
class Product(Record):
    """What is released together, and how."""

    name: str
    """Its directory in products/."""
    title: str
    """As pages and notes show it."""
    packages: tuple[Package, ...]
    headline: tuple[str, ...]
    """The packages that pages and notes show first; empty for all."""
    dist: DistDescription | None
    """None for a product without dist archives."""
    projects: tuple[Project, ...]
    """Its projects on the registry."""
    settings: Settings
    smoke: bool
    """Whether it has a smoke program; files of a product without one count as installed."""
    companion: Companion | None

    @property
    def success(self) -> RunState:
        """The status of a smoke test that finds no fault."""
        return RunState.PASSED if self.smoke else RunState.INSTALLED

    @property
    def projects_by_name(self) -> Mapping[str, Project]:
        """The projects on the registry, by normalised name."""
        return {project.name: project for project in self.projects}

    def package(self, name: str) -> Package:
        """The package of that name.

        Raises:
          LookupError: the product has no such package.
        """
        for package in self.packages:
            if package.name == name:
                return package
        raise LookupError(f"{self.name} has no package {name}")


def read(path: Path) -> Product:
    """Reads product.json.

    Raises:
      document.DocumentError: the file cannot be read, or is not a product.
    """
    return document.read(path, "product", Product.from_json)
