"""A sample of each document of a release, in each of the forms that it has on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from release.model import release_dir
from release.model.evidence import CommitEvidence
from release.model.finding import Check, Finding
from release.model.manifest import Condition, Manifest, RestampedFile
from release.model.outcome import Outcome
from release.model.plan import Plan, Platform
from release.model.product import Package, Product, Program, VersionModule
from release.model.record import Record
from release.model.release_dir import ReleaseDirectory
from release.model.state import RunState
from release.model.verdicts import Verdicts
from release.model.version import renamed
from release.model.wheelhouse import Lock, Wheelhouse, WheelhouseWheel
from release.publish import published_manifest
from release.publish.judgement import Judgement
from release.publish.published_manifest import BuildRecord
from tests.release.products import SETTINGS, make_product
from tests.release.publish.samples import (
    DIST,
    LINUX,
    VERSION,
    WINDOWS,
    make_evidence,
    make_release,
    verdicts_of,
)

MODELS: Mapping[str, type[Record]] = {
    "evidence": CommitEvidence,
    "manifest": Manifest,
    "plan": Plan,
    "verdicts": Verdicts,
    "wheelhouse": Wheelhouse,
}
"""The classes of the documents."""

TAG, COMMIT, STABLE = f"candidate-{VERSION}", "c" * 40, "3.14.0"


def samples(directory: Path) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Documents by a name for test messages, each with the name of its schema."""
    place = make_release(directory / "release", missing=[WINDOWS])
    release = release_dir.read(place)
    assert release.manifest
    verdicts = verdicts_on(place)
    examined = release.manifest.with_verdicts(verdicts)
    published = publish(release, examined, verdicts)
    promoted = promote(release, published, verdicts)
    return {
        "plan": ("plan", release.plan.to_json()),
        "plan of another product": (
            "plan",
            release.plan.changed(product=other_product(), cells=()).to_json(),
        ),
        "plan at another version": ("plan", release.plan.restamped(STABLE, rename).to_json()),
        "built manifest": ("manifest", release.manifest.to_json()),
        "examined manifest": ("manifest", examined.to_json()),
        "published manifest": ("manifest", published.to_json()),
        "promoted manifest": ("manifest", promoted.to_json()),
        "verdicts": ("verdicts", verdicts.to_json()),
        "evidence": ("evidence", make_evidence(TAG, COMMIT).to_json()),
        "wheelhouse": ("wheelhouse", wheelhouse().to_json()),
    }


def other_product() -> Product:
    """A product with programs, version modules, and a package that is installed alone."""
    programs = (
        Program("abacus-eval", ("1 2 +",), "^3$", directory="abacus"),
        Program("abacus-trace", (), "usage: ", 2, "abacus", script=False, systems=("linux",)),
    )
    modules = (VersionModule("abacus/version.py", ("VERSION", "__version__")),)
    return make_product(
        Package(
            "abacus",
            ("abacus",),
            version_modules=modules,
            programs=programs,
            unimportable={"abacus.demo": "it opens a window"},
        ),
        Package("abacus-plot", ("abacus_plot",), alone="it requires a display"),
        dist=replace(DIST, packages=("abacus",)),
        settings=replace(
            SETTINGS,
            tag=replace(SETTINGS.tag, required_checks=("ci",)),
            purge=replace(SETTINGS.purge, pinned=("v1.0",)),
        ),
        smoke=False,
    )


rename = partial(renamed, old=VERSION, new=STABLE)


def verdicts_on(place: Path) -> Verdicts:
    """Verdicts with a fault, a note, outcomes and a growth."""
    verdicts = verdicts_of(place)
    wheel, *_ = (size.file for size in verdicts.sizes if size.file.endswith(".whl"))
    return replace(
        verdicts,
        findings=(
            Finding(wheel, Check.STAMP, "contains version 3.13.0", "iree/tool", fault=False),
            Finding(wheel, Check.RPATH, "leaves the wheel"),
        ),
        outcomes=(
            Outcome(LINUX, "python", "3.14", "CPython", RunState.PASSED, "ran", (wheel,), 1.5),
            Outcome(WINDOWS, "dist", None, "none", RunState.NOT_RUN, "there is no Wine", ()),
        ),
        sizes=tuple(
            replace(size, previous=size.size - index) if index else size
            for index, size in enumerate(verdicts.sizes)
        ),
    )


def publish(release: ReleaseDirectory, examined: Manifest, verdicts: Verdicts) -> Manifest:
    """The manifest that `publish` writes."""
    record = BuildRecord(
        COMMIT, evidence=make_evidence(TAG, COMMIT), unbuilt={WINDOWS: "its payload is absent"}
    )
    judgement = Judgement(verdicts.right, verdicts.reasons, examined)
    return published_manifest.make(release, judgement, record, TAG).manifest


def promote(release: ReleaseDirectory, published: Manifest, verdicts: Verdicts) -> Manifest:
    """The manifest of the stable release that is made from a published one, after the gate."""
    files = {
        name: RestampedFile(artifact.sha256, artifact.size, ("METADATA",))
        for name, artifact in published.artifacts.items()
    }
    restamped = published.restamped(
        release.plan.restamped(STABLE, rename),
        rename,
        files,
        candidate=TAG,
        conditions=(Condition("age", False, "published today"),),
        overrides={"age": "a security fix"},
    )
    cells = tuple(
        replace(cell, file=rename(cell.file), run=RunState.NOT_RUN) for cell in verdicts.cells
    )
    sizes = tuple(replace(size, file=rename(size.file)) for size in verdicts.sizes)
    return restamped.with_verdicts(
        replace(verdicts, version=STABLE, cells=cells, sizes=sizes)
    ).with_runs_of(published, TAG)


def wheelhouse() -> Wheelhouse:
    """A wheelhouse with a wheel of each role."""
    return Wheelhouse(
        version="3.14.0",
        core="3.14.0",
        core_from="directory:store v3.14.0",
        commit=COMMIT,
        source="a checkout",
        wheels=(
            WheelhouseWheel("iree-turbine", "3.14.0", "a" * 64, "turbine", "iree_turbine.whl"),
            WheelhouseWheel("iree-runtime", "3.14.0", "b" * 64, "core", "iree_runtime.whl"),
            WheelhouseWheel("numpy", "2.4.0", "c" * 64, "dependency"),
        ),
        platforms=(Platform(LINUX, "linux", "x86_64", "glibc_2.28", None, ("any",)),),
        locks=(Lock(LINUX, "3.14", ("c" * 64,)),),
    )
