"""What is wrong with the declaration of a product as a whole."""

load("//packaging/private:product_parts.bzl", "normalized")
load("//platforms:defs.bzl", "platform_named")

def contradictions(distributions, dist, projects, companion, headline, matrix):
    """Returns what the parts of a product get wrong about each other.

    Args:
      distributions: structs, as for `product`.
      dist: a struct, or None.
      projects: structs.
      companion: a struct, or None.
      headline: names.
      matrix: Pythons by platform.

    Returns:
      A list of messages.
    """
    own = [each.name for each in distributions]
    if not own:
        return ["distributions is empty; a product has at least one"]
    if not [python for pythons in matrix.values() for python in pythons]:
        return ["matrix is empty; name a platform, and a Python for it"]
    problems = _twice(distributions)
    mentioned = {"headline": headline}
    if dist:
        mentioned["dist_archives.distributions"] = dist.distributions
    if companion:
        mentioned["companion.core"] = companion.core
    problems += [
        "%s has %s, which is not one of the distributions: %s" % (attribute, name, ", ".join(own))
        for attribute, names in mentioned.items()
        for name in names
        if name not in own
    ]
    released = own + ([companion.name] + companion.transitional if companion else [])
    problems += _projects(released, projects)
    problems += [
        "the matrix has %s, but dist_archives.layouts has none for %s" % (
            platform,
            platform_named(platform).os,
        )
        for platform in matrix
        if dist and platform_named(platform).os not in dist.layouts
    ]
    return problems

def _twice(distributions):
    """Returns messages about names and files that two distributions have."""
    problems = []
    names = {}
    owners = {}
    scripts = {}
    for each in distributions:
        for program in each.programs:
            if program.name in scripts:
                problems.append("%s and %s both have the program %s; rename one" % (
                    scripts[program.name],
                    each.name,
                    program.name,
                ))
            scripts[program.name] = each.name
        name = normalized(each.name)
        if name in names:
            problems.append("two distributions are named %s; rename one" % each.name)
        names[name] = True
        for root in each.roots:
            for other, owner in owners.items():
                if root == other or root.startswith(other + "/") or other.startswith(root + "/"):
                    problems.append((
                        "%s has the root %s, and %s has %s; a file belongs to one distribution"
                    ) % (each.name, root, owner, other))
        for root in each.roots:
            owners[root] = each.name
    return problems

def _projects(released, projects):
    """Returns messages about the projects on the registry."""
    known = {}
    problems = []
    for each in projects:
        if each.name in known:
            problems.append("projects has %s twice" % each.name)
        known[each.name] = True
    problems += [
        "the successor of the project %s, %s, is not one of the projects" % (
            each.name,
            each.successor,
        )
        for each in projects
        if each.successor and each.successor not in known
    ]
    problems += [
        "the project %s is %s, but names no successor" % (each.name, each.state)
        for each in projects
        if each.state != "managed" and not each.successor
    ]
    return problems + [
        "projects lacks %s; add project(\"%s\")" % (name, normalized(name))
        for name in released
        if normalized(name) not in known
    ]
