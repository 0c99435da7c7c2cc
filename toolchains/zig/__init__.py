"""C and C++ toolchains for every platform: zig."""
