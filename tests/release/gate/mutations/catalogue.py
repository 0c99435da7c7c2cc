"""All mutations."""

from tests.release.gate.mutations.archives import ARCHIVES
from tests.release.gate.mutations.binaries import BINARIES
from tests.release.gate.mutations.dists import DISTS
from tests.release.gate.mutations.sets import SET, VERSIONS
from tests.release.gate.mutations.wheels import WHEELS

MUTATIONS = (*SET, *VERSIONS, *ARCHIVES, *WHEELS, *BINARIES, *DISTS)
"""Each is applied to the valid release alone, and must be found."""
