"""All faults."""

from tests.release.gate.mutations.archive_faults import ARCHIVES
from tests.release.gate.mutations.binary_faults import BINARIES
from tests.release.gate.mutations.dist_faults import DISTS
from tests.release.gate.mutations.set_faults import SET, VERSIONS
from tests.release.gate.mutations.wheel_faults import WHEELS

FAULTS = (*SET, *VERSIONS, *ARCHIVES, *WHEELS, *BINARIES, *DISTS)
"""Each is put into the good set alone, and must be found."""
