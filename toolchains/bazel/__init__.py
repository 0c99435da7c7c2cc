"""Bazel from Debian's packages, for machines that reach Debian and not Bazel's download sites."""
