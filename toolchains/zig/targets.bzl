"""zig's names of the platforms."""

def zig_triple(platform):
    """Returns zig's target for a platform, including the oldest supported system version.

    Args:
      platform: a struct of PLATFORMS (platforms/defs.bzl).

    Returns:
      A string, such as "x86_64-linux-gnu.2.28".
    """
    if platform.os == "linux":
        library, _, version = platform.libc.partition("_")
        if library != "glibc":
            fail("toolchains/zig/targets.bzl does not support the C library %s of %s" % (
                platform.libc,
                platform.name,
            ))
        return "%s-linux-gnu.%s" % (platform.cpu, version)
    if platform.os == "macos":
        return "%s-macos.%s-none" % (platform.cpu, platform.minimum_os.removeprefix("macos_"))
    if platform.os == "windows":
        return "%s-windows-gnu" % platform.cpu
    fail("toolchains/zig/targets.bzl does not support the system %s of %s" % (
        platform.os,
        platform.name,
    ))
