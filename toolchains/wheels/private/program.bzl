"""Repositories with the content of a wheel that brings a program of this machine."""

load(":hosts.bzl", "HOSTS")
load(":locked_wheels.bzl", "FETCHING_ATTRS", "FETCHING_VARIABLES", "fetch_wheels")

_PYTHON = "3.11"

def _this_host(rctx):
    for host in HOSTS:
        if rctx.os.name == host.system and rctx.os.arch in [host.machine, host.cpu]:
            return host
    fail("%s is not to be had for %s on %s; build on one of: %s." % (
        rctx.attr.project,
        rctx.os.name,
        rctx.os.arch,
        ", ".join([host.name for host in HOSTS]),
    ))

def _program_wheel_impl(rctx):
    host = _this_host(rctx)
    fetch_wheels(
        rctx,
        lock = Label("//toolchains/wheels:locks/%s-cp%s.txt" % (host.name, _PYTHON.replace(".", ""))),
        projects = [rctx.attr.project],
        mend = "./bazelw run //toolchains/wheels:lock",
        label = host.name,
        python_version = _PYTHON,
        abis = [],
        platform_tags = host.wheel_tags,
    )
    (wheel,) = rctx.path("wheels").readdir()
    rctx.report_progress("unpacking %s" % wheel.basename)

    # Bazel goes by the name.
    rctx.symlink(wheel, "wheel.zip")
    rctx.extract("wheel.zip")
    rctx.delete("wheel.zip")
    rctx.delete("wheels")
    for directory, names in rctx.attr.only.items():
        for entry in rctx.path(directory).readdir():
            if entry.basename not in names:
                rctx.delete(entry)
    for program in rctx.attr.executables:
        # A wheel need not say so: installers set it. The shell finds the path behind a pattern.
        rctx.execute(["/bin/sh", "-c", "chmod +x " + program])
    rctx.file("BUILD.bazel", rctx.read(rctx.attr.build_file))

program_wheel = repository_rule(
    implementation = _program_wheel_impl,
    doc = "The content of a wheel that toolchains/wheels/locks pins for this machine, fetched " +
          "when a target needs it, with a BUILD file.",
    environ = FETCHING_VARIABLES,
    attrs = {
        "build_file": attr.label(mandatory = True, doc = "The BUILD file."),
        "executables": attr.string_list(doc = "Paths of files that are programs, or patterns of them."),
        "only": attr.string_list_dict(
            doc = "What directories keep, by path: names of what lies in them. Others keep all.",
        ),
        "project": attr.string(mandatory = True, doc = "The project."),
    } | FETCHING_ATTRS,
)
