"""Tests of third-party Bazel modules: their exports, and builds with the public registry."""
