"""The configuration of the C toolchain without a compiler."""

load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")

def _no_cc_toolchain_config_impl(ctx):
    # No tools and no actions: a rule that compiles fails when it asks for one.
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "none",
        abi_version = "none",
        compiler = "none",
        target_cpu = "none",
        target_libc = "none",
        target_system_name = "none",
        tool_paths = [],
        toolchain_identifier = "no_cc",
    )

no_cc_toolchain_config = rule(
    implementation = _no_cc_toolchain_config_impl,
    doc = "The configuration of a C toolchain without tools.",
    provides = [CcToolchainConfigInfo],
)
