"""The declaration of a product: its description, and all targets that build it."""

load("//packaging/launcher:launcher.bzl", "launcher")
load("//packaging/private:cells.bzl", "unserved", "variants_of")
load("//packaging/private:dist.bzl", "dist", "dist_set")
load("//packaging/private:product_check.bzl", "contradictions")
load("//packaging/private:product_description.bzl", "product_description")
load("//packaging/private:product_parts.bzl", "normalized")
load("//packaging/private:release_set.bzl", "dist_directory", "release_manifest", "release_plan", "wheelhouse")
load("//packaging/private:settings.bzl", default_settings = "settings")
load("//packaging/private:wheel.bzl", "wheel", "wheel_variants")
load("//packaging/private:without.bzl", "all_unless_without")
load("//platforms:defs.bzl", "platform_named")
load("//platforms:matrix.bzl", "MATRIX", "pythons_of")

# What release commands and tests use, whatever the default of the BUILD file is.
_PUBLIC = ["//visibility:public"]

def _description(name, title, distributions, dist, projects, companion, headline, settings, smoke):
    """Returns the content of product.json."""
    return {
        "name": name,
        "title": title,
        "packages": [
            {
                "name": each.name,
                "roots": each.roots,
                "version_modules": [
                    {"path": path, "names": names}
                    for path, names in each.version_modules.items()
                ],
                "programs": each.programs,
                "alone": each.alone,
                "unimportable": each.unimportable,
            }
            for each in distributions
        ],
        "headline": headline,
        "dist": {
            "name": dist.name,
            "packages": dist.distributions,
            "contents": dist.contents,
            "versions": dist.versions,
        } if dist else None,
        "projects": projects,
        "settings": settings,
        "smoke": bool(smoke),
        "companion": companion,
    }

def _declare_distribution(each, matrix, pythons):
    """Declares NAME_wheel and NAME_wheels of a distribution, and returns the latter."""
    stem = normalized(each.name).replace("-", "_")
    started = None
    if each.launcher:
        # The last part of the name is always the same, since signatures of macOS programs have it.
        started = stem + "/launcher"
        launcher(
            name = started,
            package = each.name,
            search_variable = each.launcher.search_variable,
            tools = {
                program.name: program.directory
                for program in each.programs
                if program.directory and program.script
            },
            variant_variable = each.launcher.variant_variable,
            variants = each.launcher.variants,
            varying = each.launcher.varying,
        )
    wheel(
        name = stem + "_wheel",
        distribution = each.name,
        extras = each.extras,
        launcher = started,
        license_expression = each.license_expression,
        license_files = each.license_files,
        payload = each.payload,
        pythons = pythons,
        replacements = each.replacements,
        requires = each.requires,
        # Without a platform it cannot be built, so wildcards such as //... must skip it.
        tags = ["manual"],
        version_modules = each.version_modules.keys(),
    )
    wheel_variants(
        name = stem + "_wheels",
        unserved = unserved(each.name, each.wheels, matrix),
        variants = variants_of(each.wheels, matrix),
        wheel = stem + "_wheel",
    )
    return stem + "_wheels"

def _declare_dists(dist_archives, distributions, matrix):
    """Declares dist_PLATFORM for each platform, and all_dists; returns the label of the latter."""
    payloads = {
        each.payload: each.name
        for each in distributions
        if each.name in dist_archives.distributions
    }
    for platform in matrix:
        dist(
            name = "dist_" + platform,
            distribution = dist_archives.name,
            layout = dist_archives.layouts[platform_named(platform).os],
            payloads = payloads,
            platform = platform,
            # //...:all must not build a platform that --//packaging:without leaves out.
            tags = ["manual"],
        )
    dist_set(
        name = "dists",
        dists = all_unless_without({platform: [":dist_" + platform] for platform in matrix}),
    )
    dist_directory(
        name = "all_dists",
        dists = ":dists",
        visibility = _PUBLIC,
    )
    return ":all_dists"

# buildifier: disable=unnamed-macro
def product(
        name,
        distributions,
        title = None,
        dist = None,
        projects = None,
        companion = None,
        headline = [],
        matrix = MATRIX,
        settings = None,
        smoke = None,
        requirements = None):
    """Declares a product: what is released together, and how.

    The targets are `all_wheels`, `all_dists`, `plan` and `manifest`, which `:all` builds together;
    `product`, its description for the release commands; and for each distribution NAME_wheel, the
    wheel for the platform and Python that the build is for, and NAME_wheels, those of the matrix.

    Example:

    ```starlark
    product(
        name = "abacus",
        distributions = [distribution(
            name = "abacus",
            license_expression = "Apache-2.0 WITH LLVM-exception",
            license_files = {"//:LICENSE": "LICENSE"},
            payload = ":payload",
            roots = ["abacus"],
            wheels = {"cp311": "abi3"},
        )],
    )
    ```

    Args:
      name: its name, as `--product` has it.
      distributions: what `distribution` returns, for each.
      title: its name on pages and in notes.
      dist: what `dist_archives` returns; None for a product without dist archives.
      projects: what `project` returns, for each project on the registry that belongs to it; by
        default, its distributions.
      companion: what `companion` returns, or None.
      headline: names of the distributions that pages and notes show first; empty for all.
      matrix: the Pythons that it is built for, by platform.
      settings: what `settings` returns.
      smoke: what `smoke_program` returns; without one, smoke tests only install and import.
      requirements: what `locked_requirements` returns; None if the distributions require nothing
        but each other.
    """
    where = "//%s: product \"%s\"" % (native.package_name(), name)
    if projects == None:
        projects = [
            struct(
                name = normalized(each.name),
                state = "managed",
                successor = None,
                file_limit_mib = 100,
                total_limit_gib = 10,
            )
            for each in distributions
        ]
    problems = contradictions(distributions, dist, projects, companion, headline, matrix)
    if problems:
        fail("%s: %s" % (where, problems[0]))
    pythons = pythons_of(matrix)
    wheel_sets = [_declare_distribution(each, matrix, pythons) for each in distributions]
    description = _description(
        name,
        title or name,
        distributions,
        dist,
        projects,
        companion,
        headline,
        settings or default_settings(),
        smoke,
    )
    product_description(
        name = "product",
        visibility = _PUBLIC,
        description = json.encode(description),
        matrix = matrix,
        requirements = requirements.locks if requirements else [],
        requirements_fix = requirements.fix if requirements else "",
        requirements_package = requirements.package if requirements else "",
        smoke_main = smoke.main if smoke else None,
        smoke_srcs = smoke.srcs if smoke else [],
        wheels = json.encode({each.name: each.wheels for each in distributions}),
    )
    wheelhouse(
        name = "all_wheels",
        visibility = _PUBLIC,
        wheels = wheel_sets,
    )
    dists = _declare_dists(dist, distributions, matrix) if dist else None
    release_plan(
        name = "plan",
        product = ":product",
        visibility = _PUBLIC,
    )
    release_manifest(
        name = "manifest",
        dists = dists,
        plan = ":plan",
        visibility = _PUBLIC,
        wheels = ":all_wheels",
    )
