"""An emulated aarch64 Linux: qemu, and Debian roots with the Pythons that Debian has for it."""
