"""Repositories with the wheels of a lock file: payload, tools, and dependencies of tests."""

FETCHING_VARIABLES = ["IREE_RELEASE_CACHE", "XDG_CACHE_HOME", "HOME", "PIP_INDEX_URL", "PIP_CONFIG_FILE"]

FETCHING_ATTRS = {
    "_modules": attr.label_list(
        default = [
            "//toolchains:__init__.py",
            "//toolchains:child_python.py",
            "//toolchains/debian:errors.py",
            "//toolchains/debian:user_cache.py",
            "//toolchains/wheels:__init__.py",
            "//toolchains/wheels:fetch.py",
            "//toolchains/wheels:lock.py",
            "//toolchains/wheels:pip_download.py",
            "//toolchains/wheels:wheel_cache.py",
        ],
        doc = "The Python modules that download wheels.",
    ),
    "_python": attr.label(default = "@pythons//:python_with_pip"),
    "timeout": attr.int(default = 3600, doc = "Timeout in seconds."),
}

def fetch_wheels(rctx, lock, projects, fix, label, python_version, abis, platform_tags):
    """Downloads wheels into the directory `wheels` of a repository whose rule has FETCHING_ATTRS.

    Args:
      rctx: the repository rule's context.
      lock: Label of the lock file.
      projects: projects of the lock; all if empty.
      fix: the command that rewrites the lock, for messages.
      label: the name of the wheels' platform and tags in messages.
      python_version: Python version of the wheels.
      abis: ABI tags of the wheels, besides none.
      platform_tags: platform tags of the wheels, besides any.
    """
    for module in rctx.attr._modules:
        rctx.path(module)  # downloads again when it changes
    lock_name = "%s/%s" % (lock.package, lock.name)
    arguments = [
        rctx.path(rctx.attr._python),
        "-m",
        "toolchains.wheels.fetch",
        "--lock=%s" % rctx.path(lock),
        "--lock-name=%s" % lock_name,
        "--label=%s" % label,
        "--python-version=%s" % python_version,
        "--fix=%s" % fix,
        "--output=wheels",
    ]
    arguments += ["--project=%s" % project for project in projects]
    arguments += ["--abi=%s" % abi for abi in abis]
    arguments += ["--platform=%s" % tag for tag in platform_tags]
    rctx.report_progress("downloading the wheels that %s pins" % lock_name)
    result = rctx.execute(
        arguments,
        environment = {"PYTHONPATH": str(rctx.workspace_root)},
        timeout = rctx.attr.timeout,
    )
    if result.return_code:
        fail(result.stderr.strip() or "the download of %s took more than %d s; run again" % (
            lock_name,
            rctx.attr.timeout,
        ))

def _locked_wheels_impl(rctx):
    fetch_wheels(
        rctx,
        lock = rctx.attr.lock,
        projects = rctx.attr.projects,
        fix = rctx.attr.fix,
        label = rctx.attr.label,
        python_version = rctx.attr.python_version,
        abis = rctx.attr.abis,
        platform_tags = rctx.attr.platform_tags,
    )
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "wheels",
    srcs = glob(["wheels/*.whl"]),
    visibility = ["//visibility:public"],
)
""")

locked_wheels = repository_rule(
    implementation = _locked_wheels_impl,
    doc = "Downloads the wheels of a lock through the host's pip, which checks their hashes, when a " +
          "target needs them. `:wheels` is the files.",
    environ = FETCHING_VARIABLES,
    attrs = {
        "lock": attr.label(mandatory = True, doc = "The lock file."),
        "projects": attr.string_list(doc = "Projects of the lock; all if empty."),
        "fix": attr.string(
            mandatory = True,
            doc = "The command that rewrites the lock, for messages.",
        ),
        "label": attr.string(
            mandatory = True,
            doc = "The name of the wheels' platform and tags in messages.",
        ),
        "python_version": attr.string(mandatory = True, doc = "Python version of the wheels."),
        "abis": attr.string_list(doc = "ABI tags of the wheels, besides none."),
        "platform_tags": attr.string_list(doc = "Platform tags of the wheels, besides any."),
    } | FETCHING_ATTRS,
)

def _wheels_hub_impl(rctx):
    aliases = ['package(default_visibility = ["//visibility:public"])\n']
    for name, repository in rctx.attr.wheels.items():
        aliases.append('alias(name = "%s", actual = "@%s//:wheels")\n' % (name, repository))
    rctx.file("BUILD.bazel", "\n".join(aliases))

wheels_hub = repository_rule(
    implementation = _wheels_hub_impl,
    doc = "One repository with aliases to several of locked_wheels, so that MODULE.bazel need not " +
          "list them.",
    attrs = {"wheels": attr.string_dict(doc = "Repositories of wheels by their name in the hub.")},
)
