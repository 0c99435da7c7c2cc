"""The tools a build needs and does not find on the host: Bazel, Python interpreters."""
