"""What zig calls the platforms."""

def zig_triple(platform):
    """Returns the target that zig compiles for, with the oldest system that must serve.

    Args:
      platform: a struct of PLATFORMS (platforms/defs.bzl).

    Returns:
      A string, such as "x86_64-linux-gnu.2.28".
    """
    if platform.os == "linux":
        library, _, version = platform.libc.partition("_")
        if library != "glibc":
            fail("toolchains/zig/targets.bzl has no C library %s, which %s asks for" % (
                platform.libc,
                platform.name,
            ))
        return "%s-linux-gnu.%s" % (platform.cpu, version)
    if platform.os == "macos":
        return "%s-macos.%s-none" % (platform.cpu, platform.minimum_os.removeprefix("macos_"))
    if platform.os == "windows":
        return "%s-windows-gnu" % platform.cpu
    fail("toolchains/zig/targets.bzl has no system %s, which %s asks for" % (
        platform.os,
        platform.name,
    ))
