"""Tools that a build needs and that the host may lack: Bazel, Python interpreters, compilers."""
