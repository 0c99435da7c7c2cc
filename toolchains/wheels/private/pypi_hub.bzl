"""The repositories behind `@pypi`: a hub of aliases, and the wheels that they refer to."""

load(":locked_wheels.bzl", "FETCHING_VARIABLES")

_PROJECT = """\
load("@rules_python//python:defs.bzl", "py_library")

package(default_visibility = ["//visibility:public"])

py_library(
    name = "{project}",
    srcs = glob(
        ["site-packages/**/*.py"],
        allow_empty = True,
    ),
    # Names of runfiles must not contain spaces; compiled modules are not reproducible.
    data = glob(
        ["site-packages/**"],
        allow_empty = True,
        exclude = [
            "**/*.py",
            "**/* *",
            "**/__pycache__/**",
        ],
    ),
    imports = ["site-packages"],
    deps = {deps},
)

filegroup(
    name = "whl",
    srcs = glob(["*.whl"]),
)

exports_files(glob(
    ["bin/*"],
    allow_empty = True,
))
"""

def _installed_wheels_impl(rctx):
    for module in rctx.attr._modules:
        rctx.path(module)  # installs again when it changes
    rctx.file("requirements.txt", "".join([pin + "\n" for pin in rctx.attr.pins]))
    rctx.report_progress("downloading %d wheels that %s pins" % (len(rctx.attr.pins), rctx.attr.lock_name))
    done = rctx.execute(
        [
            rctx.path(rctx.attr._python),
            "-m",
            "toolchains.wheels.install",
            "--requirements=requirements.txt",
            "--lock-name=" + rctx.attr.lock_name,
            "--fix=" + rctx.attr.fix,
            "--output=.",
        ],
        environment = {"PYTHONPATH": str(rctx.workspace_root)},
        timeout = rctx.attr.timeout,
    )
    if done.return_code:
        fail(done.stderr.strip() or "the download of %s took more than %d s; run again" % (
            rctx.attr.lock_name,
            rctx.attr.timeout,
        ))
    for project, deps in rctx.attr.requires.items():
        rctx.file(project + "/BUILD.bazel", _PROJECT.format(
            project = project,
            # Through the hub, since a project may be in another group.
            deps = ["@%s//%s" % (rctx.attr.hub, dep) for dep in deps],
        ))
    rctx.file("BUILD.bazel", "")

installed_wheels = repository_rule(
    implementation = _installed_wheels_impl,
    doc = """The wheels of a requirements lock, downloaded and installed when the first is needed.

pip downloads them with the user's configuration, for the interpreter that runs the programs, and
accepts only files with the hashes of the lock. `//PROJECT` is a `py_library`, `//PROJECT:whl` the
wheel, and `//PROJECT:bin/NAME` one of its programs.""",
    attrs = {
        "fix": attr.string(mandatory = True, doc = "The command that rewrites the lock, for messages."),
        "hub": attr.string(mandatory = True, doc = "Name of the hub."),
        "lock_name": attr.string(mandatory = True, doc = "Name of the lock in messages."),
        "pins": attr.string_list(mandatory = True, doc = "Requirements with their hashes."),
        "requires": attr.string_list_dict(mandatory = True, doc = "Dependencies of each project."),
        "timeout": attr.int(default = 3600, doc = "Timeout in seconds."),
        "_modules": attr.label_list(
            default = [
                "//toolchains:__init__.py",
                "//toolchains:child_python.py",
                "//toolchains/debian:errors.py",
                "//toolchains/debian:user_cache.py",
                "//toolchains/wheels:__init__.py",
                "//toolchains/wheels:install.py",
                "//toolchains/wheels:pip_download.py",
                "//toolchains/wheels:wheel_cache.py",
            ],
            doc = "The Python modules that download and install wheels.",
        ),
        "_python": attr.label(default = "@pythons//:python_with_pip"),
    },
    environ = FETCHING_VARIABLES,
)

_REQUIREMENTS = '''\
"""Labels of the projects of a requirements lock."""

load("@@{workspace}//toolchains/wheels/private:requirements_lock.bzl", "normalize")

all_requirements = {all}

def requirement(name):
    """Returns the label of a project's `py_library`."""
    return _label(name, normalize(name))

def whl_requirement(name):
    """Returns the label of a project's wheel."""
    return _label(name, "whl")

def _label(name, target):
    project = normalize(name)
    if project not in _PROJECTS:
        fail("%s is not in {lock}: add it to an input file, then rewrite the lock with: {fix}" % name)
    return "@@{hub}//%s:%s" % (project, target)

_PROJECTS = {projects}
'''

def _pypi_hub_impl(rctx):
    for project, repository in rctx.attr.projects.items():
        targets = [project, "whl"]
        if project in rctx.attr.programs:
            targets.append("bin/" + project)
        rctx.file(
            project + "/BUILD.bazel",
            'package(default_visibility = ["//visibility:public"])\n' + "".join([
                '\nalias(name = "%s", actual = "@%s//%s:%s")\n' % (target, repository, project, target)
                for target in targets
            ]),
        )
    rctx.file("requirements.bzl", _REQUIREMENTS.format(
        all = ["@@%s//%s" % (rctx.name, project) for project in rctx.attr.projects],
        fix = rctx.attr.fix,
        hub = rctx.name,
        lock = rctx.attr.lock_name,
        projects = {project: None for project in rctx.attr.projects},
        workspace = Label("//:MODULE.bazel").repo_name,
    ))
    rctx.file("BUILD.bazel", "")

pypi_hub = repository_rule(
    implementation = _pypi_hub_impl,
    doc = "One repository with aliases to all projects of a lock: `//PROJECT`, `//PROJECT:whl`, " +
          "`//PROJECT:bin/PROJECT`, and `requirements.bzl`.",
    attrs = {
        "fix": attr.string(mandatory = True, doc = "The command that rewrites the lock, for messages."),
        "lock_name": attr.string(mandatory = True, doc = "Name of the lock in messages."),
        "programs": attr.string_list(doc = "Projects with a program of the same name."),
        "projects": attr.string_dict(mandatory = True, doc = "The repository of each project's wheel."),
    },
)
