"""An emulated aarch64 Linux: qemu, and Debian root directories with Debian's Pythons."""
