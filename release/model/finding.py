"""Findings: what the gate reports about a file, each by a named check."""

from __future__ import annotations

from dataclasses import dataclass

from release.model.record import OpenEnum, Record


class Check(OpenEnum):
    """The checks, by their names in the terminal, verdicts.json and JUnit.

    The comment on each explains what its finding means.
    """

    # The archive.
    ARCHIVE_BROKEN = "archive.broken"  # the archive is incomplete or damaged
    ARCHIVE_PATH = "archive.path"  # an absolute or invalid path, or one that leaves the archive
    ARCHIVE_LINK = "archive.link"  # a link in a wheel, or a link that leaves the dist
    ARCHIVE_DOUBLE = "archive.double"  # two members have the same path, at least on some systems
    ARCHIVE_BOMB = "archive.bomb"  # it unpacks to far more than a release contains
    ARCHIVE_SPECIAL = "archive.special"  # a member that is not a regular file, or is encrypted

    # Files that belong in no archive.
    LITTER = "litter"  # compiled Python, or leftovers of editors and systems

    # The wheel, by the PyPA specifications.
    WHEEL_NAME = "wheel.name"  # file name, METADATA and .dist-info disagree on project or version
    WHEEL_TAGS = "wheel.tags"  # the Tag lines in WHEEL are not the expanded tags of the file name
    WHEEL_LAYOUT = "wheel.layout"  # not exactly one .dist-info directory with the required files
    WHEEL_VERSION = "wheel.version"  # a version module that the product declares lacks the version
    WHEEL_OUTSIDE = "wheel.outside"  # a file outside the package's own directories
    RECORD_BROKEN = "record.broken"  # RECORD cannot be read
    RECORD_INCOMPLETE = "record.incomplete"  # RECORD does not list exactly the members
    RECORD_DIGEST = "record.digest"  # a member does not match its digest in RECORD
    METADATA_INVALID = "metadata.invalid"  # twine or `packaging` rejects METADATA
    METADATA_PYTHON = "metadata.python"  # Requires-Python and the tags contradict each other
    LICENSE_MISSING = "license.missing"  # METADATA names no license, or its text is missing
    ENTRY_POINT = "entry_point.missing"  # an entry point names no existing module or object
    REQUIREMENT = "requirement.undeclared"  # it imports a project that it does not require
    SYNTAX = "python.syntax"  # a module is not valid Python

    # Paths and versions inside files.
    BUILD_PATH = "build_path"  # a path of the machine on which it was built
    STAMP = "stamp"  # a binary contains another version than the wheel's

    # Native files.
    BINARY_BROKEN = "binary.broken"  # its headers cannot be read
    BINARY_SYSTEM = "binary.system"  # a file for another operating system, or in a pure wheel
    BINARY_CPU = "binary.cpu"  # it lacks code for a processor that the tag names
    SYMBOL_VERSION = "binary.symbol_version"  # it needs a newer libc or libstdc++ than the tag
    LIBRARY = "binary.library"  # it needs a library that neither it nor the system has
    RPATH = "binary.rpath"  # its library search path leaves the wheel
    ABI3 = "binary.abi3"  # tagged or named as stable ABI, but uses other symbols
    PYTHON_LINK = "binary.python_link"  # linked to the library of one Python
    MINIMUM_OS = "binary.minimum_os"  # it needs a newer operating system than the tag allows
    INSTALL_NAME = "binary.install_name"  # a Mach-O install name that is valid on one machine only
    SIGNATURE = "binary.signature"  # unsigned, although the system requires a signature
    EXECUTABLE_STACK = "binary.executable_stack"  # it requests an executable stack

    # The dist archive.
    DIST_LAYOUT = "dist.layout"  # a part that every dist must have is missing
    DIST_VERSION = "dist.version"  # it names another version than the release's

    # The release as a whole.
    SET_UNPLANNED = "set.unplanned"  # a file that the plan does not name
    SET_MISSING = "set.missing"  # a file that the plan names is missing
    SET_UNSERVED = "set.unserved"  # no wheel has tags that fit a cell
    SET_AMBIGUOUS = "set.ambiguous"  # an installer would select another wheel than the planned one
    SET_CLASH = "set.clash"  # two packages install the same file
    SET_VERSION = "set.version"  # a version other than the release's
    SET_PIN = "set.pin"  # a sibling is not pinned to the release's version
    SET_METADATA = "set.metadata"  # wheels of a package have different requirements
    SET_DIGEST = "set.digest"  # it does not match its digest in the manifest
    SET_SIZE = "set.size"  # larger than the registry or store accepts, or grown too much

    # The smoke test.
    RUN = "run"  # it does not work when installed or unpacked


@dataclass(frozen=True, slots=True, order=True)
class Finding(Record):
    """What the gate reports about one file of a release."""

    file: str
    """Name of the artifact, or of a planned file that is missing."""
    check: Check
    """The check that reports it."""
    message: str
    """One sentence for the release engineer: what is wrong and, where it helps, how to fix it."""
    member: str = ""
    """Path of the member of the artifact that it is about, if any."""
    fault: bool = True
    """Whether it makes the artifact invalid; otherwise it is only a note."""

    def __str__(self) -> str:
        """One line: FILE: MEMBER: MESSAGE [CHECK]."""
        where = f"{self.file}: {self.member}" if self.member else self.file
        return f"{where}: {self.message} [{self.check}]"
