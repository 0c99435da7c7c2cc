"""The targets of //toolchains/zig, derived from the platforms."""

load("@platforms//host:constraints.bzl", "HOST_CONSTRAINTS")
load("@rules_cc//cc/toolchains:cc_toolchain.bzl", "cc_toolchain")
load("//platforms:defs.bzl", "COMPILED_PLATFORMS", "constraints_of")
load("//toolchains/wheels:defs.bzl", "HOSTS")
load("//toolchains/zig:targets.bzl", "zig_triple")
load(":config.bzl", "zig_cc_toolchain_config")
load(":programs.bzl", "zig_driver", "zig_runtime")

def _host_triple(host):
    """The oldest system that zig supports, which the driver is compiled for."""
    return zig_triple(struct(
        name = host.name,
        os = host.os,
        cpu = host.cpu,
        libc = "glibc_2.28",
        minimum_os = "macos_13.0",
    ))

def declare_driver(name):
    """Declares the compiler driver, for the machine that runs it.

    Args:
      name: name of the target.
    """
    for host in HOSTS:
        native.config_setting(
            name = "on_" + host.name,
            constraint_values = [
                "@platforms//os:" + host.os,
                "@platforms//cpu:" + host.cpu,
            ],
        )
    zig_driver(
        name = name,
        src = "driver.c",
        # As below: only built when needed.
        tags = ["manual"],
        target = select({":on_" + host.name: _host_triple(host) for host in HOSTS}),
    )

# buildifier: disable=unnamed-macro
def declare_toolchains():
    """Declares the runtimes, the C toolchain and the `toolchain` target of each platform."""
    for platform in COMPILED_PLATFORMS:
        triple = zig_triple(platform)

        # Only built when needed, for the machine that runs the compiler, and not by //...
        common = {"tags": ["manual"]}
        zig_runtime(
            name = platform.name + "_c",
            language = "c",
            target = triple,
            **common
        )
        zig_runtime(
            name = platform.name + "_cxx",
            language = "c++",
            target = triple,
            **common
        )
        native.alias(
            name = platform.name + "_runtime",
            actual = select({
                ":links_cxx": ":%s_cxx" % platform.name,
                "//conditions:default": ":%s_c" % platform.name,
            }),
            **common
        )
        zig_cc_toolchain_config(
            name = platform.name + "_config",
            cpu = platform.cpu,
            cxx = select({
                ":links_cxx": True,
                "//conditions:default": False,
            }),
            driver = ":driver",
            os = platform.os,
            runtime = ":%s_runtime" % platform.name,
            target = triple,
            **common
        )
        native.filegroup(
            name = platform.name + "_compiler",
            srcs = [
                ":driver",
                "@zig//:lib",
                "@zig//:ziglang/zig",
            ],
            **common
        )
        native.filegroup(
            name = platform.name + "_linker",
            srcs = [
                ":%s_compiler" % platform.name,
                ":%s_runtime" % platform.name,
            ],
            **common
        )
        cc_toolchain(
            name = platform.name + "_cc",
            all_files = ":%s_linker" % platform.name,
            ar_files = ":%s_compiler" % platform.name,
            as_files = ":%s_compiler" % platform.name,
            compiler_files = ":%s_compiler" % platform.name,
            dwp_files = ":nothing",
            linker_files = ":%s_linker" % platform.name,
            objcopy_files = ":nothing",
            strip_files = ":%s_compiler" % platform.name,
            toolchain_config = ":%s_config" % platform.name,
            **common
        )
        native.toolchain(
            name = platform.name,
            exec_compatible_with = HOST_CONSTRAINTS,
            target_compatible_with = constraints_of(platform),
            toolchain = ":%s_cc" % platform.name,
            toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
        )
