"""The C and C++ toolchains: zig, for every platform."""
