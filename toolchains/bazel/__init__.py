"""Bazel from Debian packages, for machines that reach Debian but not Bazel's download sites."""
