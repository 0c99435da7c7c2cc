"""Keeps Bazel's disk cache within its size limit."""
