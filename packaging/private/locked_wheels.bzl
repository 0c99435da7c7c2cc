"""Repositories with wheels that a lock file pins."""

def _locked_wheels_impl(rctx):
    lock = rctx.path(rctx.attr.lock)
    for module in rctx.attr._modules:
        rctx.path(module)  # the wheels are fetched again when it changes
    workspace = str(rctx.workspace_root)
    lock_name = "%s/%s" % (rctx.attr.lock.package, rctx.attr.lock.name)
    arguments = [
        rctx.path(rctx.attr._python),
        "-m",
        "payload.fetch",
        "--lock=%s" % lock,
        "--lock-name=%s" % lock_name,
        "--label=%s" % rctx.attr.label,
        "--python-version=%s" % rctx.attr.python_version,
        "--mend=%s" % rctx.attr.mend,
        "--output=wheels",
    ]
    arguments += ["--project=%s" % project for project in rctx.attr.projects]
    arguments += ["--abi=%s" % abi for abi in rctx.attr.abis]
    arguments += ["--platform=%s" % tag for tag in rctx.attr.platform_tags]
    rctx.report_progress("downloading the wheels that %s pins" % lock_name)
    result = rctx.execute(
        arguments,
        environment = {"PYTHONPATH": "{0}/packaging:{0}".format(workspace)},
        timeout = rctx.attr.timeout,
    )
    if result.return_code:
        fail(result.stderr.strip() or "fetching took more than %d s" % rctx.attr.timeout)
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "wheels",
    srcs = glob(["wheels/*.whl"]),
    visibility = ["//visibility:public"],
)
""")

locked_wheels = repository_rule(
    implementation = _locked_wheels_impl,
    doc = "Fetches wheels through the host's pip, held against the lock's hashes; only when a " +
          "target needs them. `:wheels` are the files.",
    environ = ["IREE_RELEASE_CACHE", "XDG_CACHE_HOME", "HOME", "PIP_INDEX_URL", "PIP_CONFIG_FILE"],
    attrs = {
        "lock": attr.label(mandatory = True, doc = "The lock file."),
        "projects": attr.string_list(doc = "Which of the lock's projects; all when empty."),
        "mend": attr.string(
            mandatory = True,
            doc = "The command that rewrites the lock, for messages.",
        ),
        "label": attr.string(
            mandatory = True,
            doc = "What messages call the wheels' platform and tags.",
        ),
        "python_version": attr.string(mandatory = True, doc = "Python version to serve."),
        "abis": attr.string_list(doc = "ABI tags to admit, besides none."),
        "platform_tags": attr.string_list(doc = "Platform tags to admit, besides any."),
        "_modules": attr.label_list(
            default = [
                "//packaging/payload:__init__.py",
                "//packaging/payload:fetch.py",
                "//packaging/payload:lock.py",
                "//toolchains/debian:errors.py",
                "//toolchains/debian:user_cache.py",
            ],
            doc = "What fetches.",
        ),
        "_python": attr.label(default = "@pythons//:python_with_pip"),
        "timeout": attr.int(default = 3600, doc = "Seconds."),
    },
)

def _wheels_hub_impl(rctx):
    aliases = ['package(default_visibility = ["//visibility:public"])\n']
    for name, repository in rctx.attr.wheels.items():
        aliases.append('alias(name = "%s", actual = "@%s//:wheels")\n' % (name, repository))
    rctx.file("BUILD.bazel", "\n".join(aliases))

wheels_hub = repository_rule(
    implementation = _wheels_hub_impl,
    doc = "One repository through which several of locked_wheels are named, so that MODULE.bazel " +
          "does not list them.",
    attrs = {"wheels": attr.string_dict(doc = "Repositories of wheels, by the name they get here.")},
)
