"""The version, which the wheel's maker sets."""

VERSION = "0"
