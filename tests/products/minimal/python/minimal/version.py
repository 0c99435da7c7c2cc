"""The version, which the build sets."""

VERSION = "0"
