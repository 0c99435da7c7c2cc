"""The set as a whole: files, versions, pins and imports held against each other and the plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from release.gate import modules, selection
from release.gate.report import Report, WheelFacts
from release.model.finding import Check, Finding
from release.model.manifest import Manifest
from release.model.plan import Cell, Plan
from release.model.verdicts import Size

_PROJECTS = {
    "PIL": "pillow",
    "absl": "absl-py",
    "google": "protobuf",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Projects whose top module has another name."""

_DECLARED: Mapping[str, Callable[[WheelFacts], tuple[str, ...]]] = {
    "Requires-Python": lambda facts: (facts.requires_python,),
    "Requires-Dist": lambda facts: tuple(sorted(facts.requires)),
}
"""What of METADATA an installer goes by before it has the wheel."""

_MIB = 1 << 20
_NOTABLE_GROWTH = 1.10


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How large the files of a release may be, in bytes."""

    wheel: int = 100 * _MIB
    """The registry's limit for a file."""
    dist: int = 2048 * _MIB
    """The release store's limit for an asset."""


def check_files(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Every planned file is there, and no other; a tolerated one that is missing is only told."""
    planned = plan.wheels | plan.archives
    present = {report.filename for report in reports}
    required = {cell.wheel for cell in plan.cells if cell.required}
    required |= {dist.archive for dist in plan.dists if dist.required}
    for name in sorted(present - planned):
        yield Finding(
            name, Check.SET_UNPLANNED, "the plan does not name it; take it out of the directory"
        )
    for name in sorted(planned - present):
        must = name in required
        word = "and a release needs it" if must else "which is tolerated"
        yield Finding(name, Check.SET_MISSING, f"it is not there, {word}", fault=must)


def check_cells(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """For every cell an installer takes the planned wheel, and on a Python it says it serves."""
    said = set()
    facts = {report.filename: report.wheel for report in reports}
    for cell in plan.cells:
        for finding in _check_cell(cell, plan, reports, facts):
            if (finding.file, finding.check) not in said:  # once a wheel, not once a Python
                said.add((finding.file, finding.check))
                yield finding


def check_versions(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """One version everywhere: wheels and their version modules."""
    for report, facts in _wheels(reports):
        if facts.version != plan.version:
            yield Finding(
                report.filename,
                Check.SET_VERSION,
                f"METADATA says version {facts.version}, and the release is {plan.version}",
            )
        for member, version in facts.versions:
            if version != plan.version:
                yield Finding(
                    report.filename,
                    Check.SET_VERSION,
                    f"it says version {version}, and the release is {plan.version}",
                    member=member,
                )


def check_pins(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Packages of the release that require each other ask for exactly this release."""
    siblings = {package.name for package in plan.packages}
    for report, facts in _wheels(reports):
        for requirement in map(Requirement, facts.requires):
            wanted = f"=={plan.version}"
            if canonicalize_name(requirement.name) in siblings and requirement.specifier != wanted:
                yield Finding(
                    report.filename,
                    Check.SET_PIN,
                    f"it requires {requirement}, and what is released together must ask for "
                    f"{requirement.name}{wanted}",
                )


def check_metadata(reports: Sequence[Report]) -> Iterator[Finding]:
    """All wheels of a package declare the same, for a registry keeps it once for a version.

    Which that is depends on the registry: of the wheel that came first, or last.
    """
    projects: dict[str, list[tuple[Report, WheelFacts]]] = defaultdict(list)
    for report, facts in _wheels(reports):
        projects[canonicalize_name(facts.project)].append((report, facts))
    for wheels in projects.values():
        for field, declared in _DECLARED.items():
            counts = Counter(declared(facts) for _, facts in wheels)
            usual = max(counts, key=lambda one: counts[one])
            for report, facts in wheels:
                if (own := declared(facts)) != usual:
                    yield Finding(
                        report.filename,
                        Check.SET_METADATA,
                        f"METADATA says {field}: {', '.join(own) or 'nothing'}, and other wheels "
                        f"of {facts.project} {', '.join(usual) or 'nothing'}; a registry keeps "
                        "one of them for all",
                    )


def check_imports(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Whatever a wheel imports from others, it requires."""
    ours = {root.split("/")[0] for package in plan.packages for root in package.roots}
    holders = [(canonicalize_name(facts.project), facts.files) for _, facts in _wheels(reports)]

    absent = {package.name for package in plan.packages} - {project for project, _ in holders}

    def providers(module: str) -> set[str]:
        top = module.split(".")[0]
        if top in ours:
            return {project for project, files in holders if modules.holds(files, module)}
        return {canonicalize_name(_PROJECTS.get(top, top))}

    for report, facts in _wheels(reports):
        settled: set[str] = {canonicalize_name(Requirement(text).name) for text in facts.requires}
        for needed in facts.imports:
            found = providers(needed.module)
            if found & settled or (not found and absent & settled):
                continue  # a required sibling that is missing may be the one that holds it
            project = min(found, default=needed.module)
            settled.add(project)  # one finding for each project, at its first import
            cause = "which METADATA does not require" if found else "which no package here holds"
            yield Finding(
                report.filename,
                Check.REQUIREMENT,
                f"line {needed.line} imports {needed.module} of {project}, {cause}"
                if found and project != needed.module
                else f"line {needed.line} imports {needed.module}, {cause}",
                member=needed.member,
            )


def check_clashes(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """No two packages that serve the same machine bring the same file."""
    facts = {report.filename: found for report, found in _wheels(reports)}
    together: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in plan.cells:
        if facts.get(cell.wheel):  # what cannot be read was told already
            together[cell.platform, cell.python].add(cell.wheel)
    pairs = {pair for wheels in together.values() for pair in combinations(sorted(wheels), 2)}
    for one, other in sorted(pairs):
        if common := facts[one].files & facts[other].files:
            yield Finding(
                one,
                Check.SET_CLASH,
                f"{other} brings it too ({len(common)} such files); the last one installed wins",
                member=min(common),
            )


def check_digests(manifest: Manifest, plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Every file has the bytes that the manifest states."""
    if manifest.version != plan.version:
        yield Finding(
            "manifest.json",
            Check.SET_VERSION,
            f"it is of version {manifest.version}, and the plan of {plan.version}; both come from "
            "one build",
        )
    for report in reports:
        stated = manifest.artifacts.get(report.filename)
        if stated is None:
            yield Finding(report.filename, Check.SET_DIGEST, "the manifest does not name it")
        elif (stated.sha256, stated.size) != (report.sha256, report.size):
            yield Finding(
                report.filename,
                Check.SET_DIGEST,
                f"it has sha256 {report.sha256} and {report.size} bytes, the manifest states "
                f"{stated.sha256} and {stated.size}",
            )


def check_sums(sums: Mapping[str, str], reports: Sequence[Report]) -> Iterator[Finding]:
    """SHA256SUMS states the digest of every file, and of no other."""
    digests = {report.filename: report.sha256 for report in reports}
    for name in sorted(sums.keys() ^ digests.keys()):
        cause = "does not list it" if name in digests else "lists it, and it is not there"
        # A tolerated file may be missing; who publishes writes SHA256SUMS anew.
        yield Finding(name, Check.SET_DIGEST, f"SHA256SUMS {cause}", fault=name in digests)
    for name in sorted(sums.keys() & digests.keys()):
        if sums[name] != digests[name]:
            yield Finding(name, Check.SET_DIGEST, f"SHA256SUMS states {sums[name]} of it")


def sizes(reports: Sequence[Report], previous: Manifest | None) -> tuple[Size, ...]:
    """Each file's size beside that of its counterpart in the last release."""
    before: dict[tuple[object, ...], int] = {}
    if previous:
        for artifact in previous.artifacts.values():
            key = artifact.platform if artifact.kind == "dist" else frozenset(artifact.tags)
            before[artifact.kind, artifact.package, key] = artifact.size
    return tuple(Size(report.filename, report.size, before.get(_key(report))) for report in reports)


def check_sizes(
    reports: Sequence[Report], measured: Sequence[Size], limits: SizeLimits
) -> Iterator[Finding]:
    """Every file is one that the registry and the store take; what grew much is told."""
    kinds = {report.filename: report.kind for report in reports}
    for size in measured:
        wheel = kinds[size.file] == "wheel"
        limit = limits.wheel if wheel else limits.dist
        if size.size > limit:
            yield Finding(
                size.file,
                Check.SET_SIZE,
                f"it has {size.size / _MIB:.1f} MiB, and the {'registry' if wheel else 'store'} "
                f"takes {limit / _MIB:g}",
            )
        if size.growth and size.growth > _NOTABLE_GROWTH:
            yield Finding(
                size.file,
                Check.SET_SIZE,
                f"it grew by {size.growth - 1:.0%} since the last release, to "
                f"{size.size / _MIB:.1f} MiB",
                fault=False,
            )


def _check_cell(
    cell: Cell, plan: Plan, reports: Sequence[Report], facts: dict[str, WheelFacts | None]
) -> Iterator[Finding]:
    order = selection.ranked(cell, plan, reports)
    where = f"{cell.package} on {cell.platform} with Python {cell.python}"
    if not order:
        if facts.get(cell.wheel):  # what cannot be read was told already
            yield Finding(
                cell.wheel,
                Check.SET_UNSERVED,
                f"by what it says of itself it does not serve {where}",
            )
        return
    (rank, best), *others = order
    if best != cell.wheel:
        yield Finding(
            best,
            Check.SET_AMBIGUOUS,
            f"an installer takes it for {where}, where the plan names {cell.wheel}",
        )
    elif others and others[0][0] == rank:
        yield Finding(
            others[0][1],
            Check.SET_AMBIGUOUS,
            f"for {where} an installer likes it as well as {best}",
        )
    chosen = facts[best]
    if chosen and not _admits(chosen.requires_python, cell.python):
        yield Finding(
            best,
            Check.METADATA_PYTHON,
            f"METADATA says Requires-Python: {chosen.requires_python}, and by its tags it serves "
            f"Python {cell.python}",
        )


def _admits(specifier: str, python: str) -> bool:
    try:
        # .99: a bound such as >=3.12.1 admits later releases of 3.12.
        return SpecifierSet(specifier).contains(f"{python}.99")
    except InvalidSpecifier:
        return False


def _key(report: Report) -> tuple[object, ...]:
    if report.wheel:
        return "wheel", canonicalize_name(report.wheel.project), report.wheel.tags
    return "dist", None, report.platform


def _wheels(reports: Sequence[Report]) -> Iterator[tuple[Report, WheelFacts]]:
    for report in reports:
        if report.wheel:
            yield report, report.wheel
