"""Reports of a small valid release, as the checks of the set see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from packaging.utils import parse_wheel_filename

from release.gate.report import Import, Report, WheelFacts
from release.model.manifest import Artifact, Manifest
from release.model.plan import Cell, Plan, PlannedDist, Platform
from release.model.product import DistDescription, Package, VersionModule
from tests.release.products import make_product

VERSION = "20261122.1"

PLATFORMS = (
    Platform("linux_x86_64", "linux", "x86_64", "glibc_2.28", None, ("manylinux_2_28_x86_64",)),
    Platform("macos_arm64", "macos", "aarch64", None, "macos_13.0", ("macosx_13_0_arm64",)),
)
PRODUCT = make_product(
    Package(
        "iree-runtime",
        ("iree/runtime",),
        version_modules=(VersionModule("iree/runtime/version.py", ("VERSION",)),),
    ),
    Package("iree-tools-tf", ("iree/tools/tf",)),
    dist=DistDescription(
        "iree-dist", packages=(), contents={"linux": ("README.md",), "macos": ("README.md",)}
    ),
)
RUNTIME_311 = f"iree_runtime-{VERSION}-cp311-cp311-manylinux_2_28_x86_64.whl"
RUNTIME_ABI3 = f"iree_runtime-{VERSION}-cp312-abi3-manylinux_2_28_x86_64.whl"
RUNTIME_MAC = f"iree_runtime-{VERSION}-cp312-abi3-macosx_13_0_arm64.whl"
TOOLS = f"iree_tools_tf-{VERSION}-py3-none-any.whl"
DIST_LINUX = f"iree-dist-{VERSION}-linux-x86_64.tar.xz"
DIST_MAC = f"iree-dist-{VERSION}-macos-arm64.tar.xz"

PLAN = Plan(
    product=PRODUCT,
    version=VERSION,
    platforms=PLATFORMS,
    cells=(
        Cell("iree-runtime", "linux_x86_64", "3.11", True, RUNTIME_311),
        Cell("iree-runtime", "linux_x86_64", "3.12", True, RUNTIME_ABI3),
        Cell("iree-runtime", "linux_x86_64", "3.15", True, RUNTIME_ABI3),
        Cell("iree-runtime", "macos_arm64", "3.15", False, RUNTIME_MAC),
        Cell("iree-tools-tf", "linux_x86_64", "3.11", True, TOOLS),
        Cell("iree-tools-tf", "linux_x86_64", "3.12", True, TOOLS),
        Cell("iree-tools-tf", "linux_x86_64", "3.15", True, TOOLS),
        Cell("iree-tools-tf", "macos_arm64", "3.15", False, TOOLS),
    ),
    dists=(
        PlannedDist("linux_x86_64", True, DIST_LINUX),
        PlannedDist("macos_arm64", False, DIST_MAC),
    ),
)

_FACTS: Mapping[str, WheelFacts] = {
    "iree_runtime": WheelFacts(
        project="iree-runtime",
        version=VERSION,
        tags=frozenset(),
        requires=("numpy",),
        requires_python=">=3.11",
        versions=(("iree/runtime/version.py", VERSION),),
        imports=(Import("numpy", "iree/runtime/__init__.py", 3),),
        files=frozenset({"iree/runtime/__init__.py", "iree/runtime/version.py"}),
    ),
    "iree_tools_tf": WheelFacts(
        project="iree-tools-tf",
        version=VERSION,
        tags=frozenset(),
        requires=("absl-py", f"iree-runtime=={VERSION}"),
        requires_python=">=3.11",
        versions=(),
        imports=(
            Import("absl.flags", "iree/tools/tf/main.py", 1),
            Import("iree.runtime", "iree/tools/tf/main.py", 2),
        ),
        files=frozenset({"iree/tools/tf/main.py"}),
    ),
}


def wheel_report(filename: str, **facts: object) -> Report:
    """The report of a valid wheel, with some of its facts replaced."""
    project, _, _, tags = parse_wheel_filename(filename)
    base = _FACTS[project.replace("-", "_")]
    tagged = replace(base, tags=frozenset(map(str, tags)))
    return Report(filename, "wheel", "00" * 32, 1000, (), replace(tagged, **facts))  # type: ignore[arg-type]


def dist_report(filename: str) -> Report:
    """The report of a valid dist."""
    platform = "macos_arm64" if "macos" in filename else "linux_x86_64"
    return Report(filename, "dist", "11" * 32, 2000, (), platform=platform)


def good_reports() -> dict[str, Report]:
    """A report for every file of PLAN, by name."""
    wheels = (wheel_report(name) for name in sorted(PLAN.wheels))
    dists = (dist_report(name) for name in sorted(PLAN.archives))
    return {report.filename: report for report in (*wheels, *dists)}


def manifest_of(reports: Sequence[Report]) -> Manifest:
    """The manifest that matches `reports`."""
    artifacts = (
        Artifact(
            filename=report.filename,
            kind=report.kind,
            platform=report.platform or "linux_x86_64",
            sha256=report.sha256,
            size=report.size,
            origins=(),
            package=report.wheel.project if report.wheel else None,
            tags=tuple(sorted(report.wheel.tags)) if report.wheel else (),
        )
        for report in reports
    )
    return Manifest(VERSION, {artifact.filename: artifact for artifact in artifacts})
