"""Repositories with the content of a wheel that contains a program for this machine."""

load(":hosts.bzl", "HOSTS")
load(":locked_wheels.bzl", "FETCHING_ATTRS", "FETCHING_VARIABLES", "fetch_wheels")

_PYTHON = "3.11"

def _this_host(rctx):
    for host in HOSTS:
        if rctx.os.name == host.system and rctx.os.arch in [host.machine, host.cpu]:
            return host
    fail("%s is not available for %s on %s; build on one of: %s." % (
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
        fix = "./bazelw run //toolchains/wheels:lock",
        label = host.name,
        python_version = _PYTHON,
        abis = [],
        platform_tags = host.wheel_tags,
    )
    (wheel,) = rctx.path("wheels").readdir()
    rctx.report_progress("unpacking %s" % wheel.basename)

    # Bazel selects the format by the file name.
    rctx.symlink(wheel, "wheel.zip")
    rctx.extract("wheel.zip")
    rctx.delete("wheel.zip")
    rctx.delete("wheels")
    for directory, names in rctx.attr.only.items():
        for entry in rctx.path(directory).readdir():
            if entry.basename not in names:
                rctx.delete(entry)
    for program in rctx.attr.executables:
        # Wheels may lack the mode, which installers set. The shell expands patterns.
        rctx.execute(["/bin/sh", "-c", "chmod +x " + program])
    rctx.file("BUILD.bazel", rctx.read(rctx.attr.build_file))

program_wheel = repository_rule(
    implementation = _program_wheel_impl,
    doc = "The content of a wheel that toolchains/wheels/locks pins for this machine, downloaded " +
          "when a target needs it, with a BUILD file.",
    environ = FETCHING_VARIABLES,
    attrs = {
        "build_file": attr.label(mandatory = True, doc = "The BUILD file."),
        "executables": attr.string_list(doc = "Paths or patterns of programs."),
        "only": attr.string_list_dict(
            doc = "Names of the entries to keep, by directory. Other directories keep all entries.",
        ),
        "project": attr.string(mandatory = True, doc = "The project."),
    } | FETCHING_ATTRS,
)
