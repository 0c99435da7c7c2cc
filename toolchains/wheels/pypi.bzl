"""The module extension behind `@pypi`: the packages that Python programs and tests import.

    pypi = use_extension("//toolchains/wheels:pypi.bzl", "pypi")
    pypi.lock(
        groups = {"programs": "requirements.in", "tests": "tests/requirements.in"},
        hub_name = "pypi",
        requirements_lock = "//:requirements_lock.txt",
    )
    use_repo(pypi, "pypi")

It replaces the `pip` extension of rules_python, whose Bazel downloader reads neither pip's
configuration nor its credentials, and has no documented option to download with pip.
"""

load("//toolchains/wheels/private:pypi_hub.bzl", "installed_wheels", "pypi_hub")
load("//toolchains/wheels/private:requirements_lock.bzl", "dependencies", "group", "normalize", "parse")

_LOCK = tag_class(
    doc = "A lock that pip-compile wrote, with hashes and annotations.",
    attrs = {
        "fix": attr.string(
            default = "./bazelw run //:lock",
            doc = "The command that rewrites the lock, for messages.",
        ),
        "groups": attr.string_dict(
            mandatory = True,
            doc = "Input files of the lock by group name. The projects that an input file requires " +
                  "are downloaded together, when the first of them is needed.",
        ),
        "hub_name": attr.string(mandatory = True, doc = "Name of the repository."),
        "programs": attr.string_list(
            doc = "Projects with a program of the same name: `//PROJECT:bin/PROJECT`.",
        ),
        "requirements_lock": attr.label(mandatory = True, doc = "The lock."),
    },
)

def _declare(module_ctx, lock):
    lock_name = lock.requirements_lock.name
    pins = parse(module_ctx.read(lock.requirements_lock), lock_name, lock.fix)
    required = dependencies(pins)
    groups = group(pins, lock.groups.values())
    repositories = {}
    for name, input in lock.groups.items():
        repository = "%s_%s" % (lock.hub_name, name)
        repositories.update({project: repository for project in groups[input]})
        installed_wheels(
            name = repository,
            fix = lock.fix,
            hub = lock.hub_name,
            lock_name = lock_name,
            pins = [pins[project].pin for project in groups[input]],
            requires = {project: required[project] for project in groups[input]},
        )
    pypi_hub(
        name = lock.hub_name,
        fix = lock.fix,
        lock_name = lock_name,
        programs = [normalize(program) for program in lock.programs],
        projects = {project: repositories[project] for project in pins},
    )

def _pypi_impl(module_ctx):
    hubs = []
    for module in module_ctx.modules:
        for lock in module.tags.lock:
            _declare(module_ctx, lock)
            hubs.append(lock.hub_name)
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = hubs,
        root_module_direct_dev_deps = [],
    )

pypi = module_extension(
    implementation = _pypi_impl,
    doc = "Creates a hub repository for the projects of a requirements lock.",
    tag_classes = {"lock": _LOCK},
)
