"""The parts of the compiler that other toolchains use."""

load("//toolchains/zig/private:programs.bzl", _ZIG_ATTRS = "ZIG_ATTRS", _ZigDriverInfo = "ZigDriverInfo", _zig_lib = "zig_lib")

ZIG_ATTRS = _ZIG_ATTRS
ZigDriverInfo = _ZigDriverInfo
zig_lib = _zig_lib
