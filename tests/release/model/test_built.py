"""plan.json and manifest.json as the build writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from release.model import manifest, plan
from release.model.document import dumps
from release.model.record import Record, keys_of
from tests.release.model import schemas

PLAN = Path(os.environ["PLAN"])
MANIFEST = next(
    Path(path) for path in os.environ["MANIFEST"].split() if path.endswith("manifest.json")
)


def records_in(record: Record) -> Iterator[Record]:
    """A record, and all records in it."""
    yield record
    for key in keys_of(type(record)):
        value = getattr(record, key.attribute)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Record):
                yield from records_in(each)


def test_the_plan_is_valid_and_written_as_it_was_read() -> None:
    content = json.loads(PLAN.read_bytes())
    schemas.validate("plan", content)
    assert dumps(plan.read(PLAN).to_json()) == dumps(content)


def test_the_manifest_is_valid_and_written_as_it_was_read() -> None:
    """Catches: a key that the build's writer adds, and release/ and its schema do not know."""
    schemas.validate("manifest", json.loads(MANIFEST.read_bytes()))
    assert dumps(manifest.read(MANIFEST).to_json()) == MANIFEST.read_bytes()


def test_the_build_writes_only_known_keys() -> None:
    """Catches: a key that the build's writer adds, and the schema does not describe."""
    own_plan, own_manifest = plan.read(PLAN), manifest.read(MANIFEST)
    objects = (
        *(own_plan, *own_plan.platforms, *own_plan.cells, *own_plan.dists),
        *records_in(own_plan.product),
        *(own_manifest, *own_manifest.artifacts.values(), *own_manifest.cells),
        *(origin for artifact in own_manifest.artifacts.values() for origin in artifact.origins),
    )
    assert [one.extra for one in objects if one.extra] == []
