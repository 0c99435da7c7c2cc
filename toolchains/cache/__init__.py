"""Bazel's disk cache: what keeps it within its bound."""
