"""What the gate says about a file: findings, each the outcome of one named check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """The checks, by the names that terminal, verdicts.json and JUnit show.

    The comment behind each says what a finding of it means.
    """

    # The file as an archive.
    ARCHIVE_BROKEN = "archive.broken"  # not a whole archive of its kind, or a stream is damaged
    ARCHIVE_PATH = "archive.path"  # a path climbs out, is absolute, or has characters of no path
    ARCHIVE_LINK = "archive.link"  # a link in a wheel, or one that leads out of a dist
    ARCHIVE_DOUBLE = "archive.double"  # two members are the same path, or on some system are
    ARCHIVE_BOMB = "archive.bomb"  # it inflates to far more than a release holds
    ARCHIVE_SPECIAL = "archive.special"  # a member that is no plain file, or encrypted

    # What has no place in any archive.
    LITTER = "litter"  # compiled Python, editor and system leftovers

    # The wheel as the PyPA specifications describe it.
    WHEEL_NAME = "wheel.name"  # file name, METADATA and .dist-info disagree on project or version
    WHEEL_TAGS = "wheel.tags"  # Tag lines in WHEEL are not the expanded tags of the file name
    WHEEL_LAYOUT = "wheel.layout"  # not exactly one .dist-info with what belongs into it
    WHEEL_OUTSIDE = "wheel.outside"  # a file outside the package's own directories
    RECORD_BROKEN = "record.broken"  # RECORD cannot be read
    RECORD_INCOMPLETE = "record.incomplete"  # RECORD and the members are not the same set
    RECORD_DIGEST = "record.digest"  # a member is not the file that RECORD describes
    METADATA_INVALID = "metadata.invalid"  # twine or `packaging` refuse METADATA
    METADATA_PYTHON = "metadata.python"  # Requires-Python and the tags contradict each other
    LICENSE_MISSING = "license.missing"  # no licence named, or its text is not inside
    ENTRY_POINT = "entry_point.missing"  # an entry point names a module or object not there
    REQUIREMENT = "requirement.undeclared"  # it imports what it does not require
    SYNTAX = "python.syntax"  # a module is no Python

    # Paths and versions in the bytes of files.
    BUILD_PATH = "build_path"  # a path of the machine that built it
    STAMP = "stamp"  # a version inside a binary that is not the wheel's

    # Native files.
    BINARY_BROKEN = "binary.broken"  # its headers cannot be read
    BINARY_SYSTEM = "binary.system"  # the format of another operating system, or in a pure wheel
    BINARY_CPU = "binary.cpu"  # no code for a processor that the tag names
    SYMBOL_VERSION = "binary.symbol_version"  # it needs a newer libc or libstdc++ than the tag
    LIBRARY = "binary.library"  # it needs a library that is neither inside nor the system's
    RPATH = "binary.rpath"  # its search path leaves the wheel
    ABI3 = "binary.abi3"  # tagged or named stable ABI, and uses what is not in it
    PYTHON_LINK = "binary.python_link"  # linked to one Python's library
    MINIMUM_OS = "binary.minimum_os"  # it asks for a newer system than the tag says
    INSTALL_NAME = "binary.install_name"  # a Mach-O install name that holds on one machine only
    SIGNATURE = "binary.signature"  # unsigned where the system demands a signature
    EXECUTABLE_STACK = "binary.executable_stack"  # asks for an executable stack

    # The dist archive.
    DIST_LAYOUT = "dist.layout"  # a part that every dist has is not in it
    DIST_VERSION = "dist.version"  # it says another version than the release's

    # The set.
    SET_UNPLANNED = "set.unplanned"  # a file that the plan does not name
    SET_MISSING = "set.missing"  # a file that the plan names is not there
    SET_UNSERVED = "set.unserved"  # by the rules of tags no wheel serves a cell
    SET_AMBIGUOUS = "set.ambiguous"  # an installer would take another wheel than the planned one
    SET_CLASH = "set.clash"  # two packages bring the same file
    SET_VERSION = "set.version"  # not the one version of the release
    SET_PIN = "set.pin"  # a sibling is not pinned to the release's own version
    SET_METADATA = "set.metadata"  # two wheels of a package ask for different Pythons or projects
    SET_DIGEST = "set.digest"  # not the bytes that the manifest states
    SET_SIZE = "set.size"  # larger than the registry or the store takes, or grown too much

    # Running it.
    RUN = "run"  # installed or unpacked, it does not do what it should


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that the gate has to say about one file of a release."""

    file: str
    """Name of the artifact, or of the planned file that is not there."""
    check: Check
    """The check that found it."""
    message: str
    """One sentence for the release engineer: what is wrong, and where it helps, the mend."""
    member: str = ""
    """Path inside the artifact, where it is about one."""
    fault: bool = True
    """Whether it makes the artifact wrong; otherwise it is only told."""

    def __str__(self) -> str:
        """One line: FILE: MEMBER: MESSAGE [CHECK]."""
        where = f"{self.file}: {self.member}" if self.member else self.file
        return f"{where}: {self.message} [{self.check}]"
