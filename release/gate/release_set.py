"""Checks of the release as a set: its files against the plan, and its wheels against each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from release.gate import modules, selection
from release.gate.report import Report, WheelFacts
from release.model.finding import Check, Finding
from release.model.plan import Cell, Plan

_PROJECTS = {
    "PIL": "pillow",
    "absl": "absl-py",
    "google": "protobuf",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Projects whose top-level module has another name."""

_SHARED_FIELDS: Mapping[str, Callable[[WheelFacts], tuple[str, ...]]] = {
    "Requires-Python": lambda facts: (facts.requires_python,),
    "Requires-Dist": lambda facts: tuple(sorted(facts.requires)),
}
"""Fields of METADATA that an installer reads from the registry, before it downloads a wheel."""


def check_files(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Every planned file exists, and no other; a missing tolerated file is a note."""
    planned = plan.wheels | plan.archives
    present = {report.filename for report in reports}
    required = {cell.wheel for cell in plan.cells if cell.required}
    required |= {dist.archive for dist in plan.dists if dist.required}
    for name in sorted(present - planned):
        yield Finding(
            name, Check.SET_UNPLANNED, "not in the plan; remove it from the release directory"
        )
    for name in sorted(planned - present):
        if name in required:
            yield Finding(name, Check.SET_MISSING, "missing, but required by the plan")
        else:
            yield Finding(name, Check.SET_MISSING, "missing, which the plan tolerates", fault=False)


def check_cells(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """For every cell, installers select the planned wheel, and its metadata allows the Python."""
    reported = set()
    facts = {report.filename: report.wheel for report in reports}
    for cell in plan.cells:
        for finding in _check_cell(cell, plan, reports, facts):
            # One finding per wheel, not per Python.
            if (finding.file, finding.check) not in reported:
                reported.add((finding.file, finding.check))
                yield finding


def check_versions(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Wheels and their version modules all have the version of the release."""
    for report, facts in _wheels(reports):
        if facts.version != plan.version:
            yield Finding(
                report.filename,
                Check.SET_VERSION,
                f"METADATA declares version {facts.version}, but the release is {plan.version}",
            )
        for member, version in facts.versions:
            if version != plan.version:
                yield Finding(
                    report.filename,
                    Check.SET_VERSION,
                    f"declares version {version}, but the release is {plan.version}",
                    member=member,
                )


def check_pins(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """Packages of the release that require each other pin the version of the release."""
    siblings = {package.name for package in plan.packages}
    expected = f"=={plan.version}"
    for report, facts in _wheels(reports):
        for requirement in map(Requirement, facts.requires):
            if (
                canonicalize_name(requirement.name) in siblings
                and requirement.specifier != expected
            ):
                yield Finding(
                    report.filename,
                    Check.SET_PIN,
                    f"requires {requirement}, but packages of one release must pin each other: "
                    f"require {requirement.name}{expected}",
                )


def check_metadata(reports: Sequence[Report]) -> Iterator[Finding]:
    """All wheels of a package declare the same metadata.

    A registry keeps one set of metadata per version: that of the wheel uploaded first, or last,
    depending on the registry.
    """
    projects: dict[str, list[tuple[Report, WheelFacts]]] = defaultdict(list)
    for report, facts in _wheels(reports):
        projects[canonicalize_name(facts.project)].append((report, facts))
    for wheels in projects.values():
        for field, value_of in _SHARED_FIELDS.items():
            counts = Counter(value_of(facts) for _, facts in wheels)
            usual = max(counts, key=lambda value: counts[value])
            for report, facts in wheels:
                if (own := value_of(facts)) != usual:
                    yield Finding(
                        report.filename,
                        Check.SET_METADATA,
                        f"METADATA declares {field}: {', '.join(own) or 'nothing'}, but other "
                        f"wheels of {facts.project} declare {', '.join(usual) or 'nothing'}; a "
                        "registry keeps one of them for all wheels",
                    )


def check_imports(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """A wheel requires every project that it imports."""
    own_modules = {root.split("/")[0] for package in plan.packages for root in package.roots}
    contents = [(canonicalize_name(facts.project), facts.files) for _, facts in _wheels(reports)]
    absent = {package.name for package in plan.packages} - {project for project, _ in contents}

    def providers(module: str) -> set[str]:
        top = module.split(".")[0]
        if top in own_modules:
            return {project for project, files in contents if modules.provides(files, module)}
        return {canonicalize_name(_PROJECTS.get(top, top))}

    for report, facts in _wheels(reports):
        settled: set[str] = {canonicalize_name(Requirement(text).name) for text in facts.requires}
        for needed in facts.imports:
            found = providers(needed.module)
            if found & settled or (not found and absent & settled):
                continue  # a required sibling that is missing may provide the module
            project = min(found, default=needed.module)
            settled.add(project)  # one finding per project, at its first import
            cause = (
                f"but METADATA does not require {project}"
                if found
                else "which no package of the release provides"
            )
            yield Finding(
                report.filename,
                Check.REQUIREMENT,
                f"line {needed.line} imports {needed.module}, {cause}",
                member=needed.member,
            )


def check_clashes(plan: Plan, reports: Sequence[Report]) -> Iterator[Finding]:
    """No two packages for the same machine install the same file."""
    facts = {report.filename: found for report, found in _wheels(reports)}
    together: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in plan.cells:
        if facts.get(cell.wheel):  # an unreadable wheel already has a finding
            together[cell.platform, cell.python].add(cell.wheel)
    pairs = {pair for wheels in together.values() for pair in combinations(sorted(wheels), 2)}
    for one, other in sorted(pairs):
        if common := facts[one].files & facts[other].files:
            yield Finding(
                one,
                Check.SET_CLASH,
                f"also installed by {other} ({len(common)} files in common); the package installed "
                "last overwrites it",
                member=min(common),
            )


def _check_cell(
    cell: Cell, plan: Plan, reports: Sequence[Report], facts: dict[str, WheelFacts | None]
) -> Iterator[Finding]:
    order = selection.ranked(cell, plan, reports)
    where = f"{cell.package} on {cell.platform} with Python {cell.python}"
    if not order:
        if facts.get(cell.wheel):  # an unreadable wheel already has a finding
            yield Finding(
                cell.wheel,
                Check.SET_UNSERVED,
                f"planned for {where}, but its project name or tags do not match",
            )
        return
    (rank, best), *others = order
    if best != cell.wheel:
        yield Finding(
            best,
            Check.SET_AMBIGUOUS,
            f"an installer selects it for {where}, but the plan names {cell.wheel}",
        )
    elif others and others[0][0] == rank:
        yield Finding(
            others[0][1],
            Check.SET_AMBIGUOUS,
            f"for {where} an installer may select it as well as {best}; remove one of them",
        )
    chosen = facts[best]
    if chosen and not _admits(chosen.requires_python, cell.python):
        yield Finding(
            best,
            Check.METADATA_PYTHON,
            f"METADATA declares Requires-Python: {chosen.requires_python}, which excludes Python "
            f"{cell.python}, although its tags allow it",
        )


def _admits(specifier: str, python: str) -> bool:
    try:
        # .99: a bound such as >=3.12.1 admits later releases of 3.12.
        return SpecifierSet(specifier).contains(f"{python}.99")
    except InvalidSpecifier:
        return False


def _wheels(reports: Sequence[Report]) -> Iterator[tuple[Report, WheelFacts]]:
    for report in reports:
        if report.wheel:
            yield report, report.wheel
