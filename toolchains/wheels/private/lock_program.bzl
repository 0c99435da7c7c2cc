"""The program that rewrites a directory of lock files."""

load("@rules_python//python:defs.bzl", "py_binary")

def lock_program(name, what, require, platforms, pythons, optional = []):
    """Declares `bazel run //PACKAGE:NAME`, which rewrites PACKAGE/locks/PLATFORM-PYTHON.txt.

    Example:

        lock_program(
            name = "lock",
            platforms = {"linux_x86_64": ["manylinux_2_28_x86_64"]},
            pythons = ["3.11"],
            require = ["numpy"],
            what = "What the wheels require",
        )

    Args:
      name: name of the target.
      what: description of the wheels, for the header of each lock.
      require: requirements (PEP 508), the same for every platform and Python.
      platforms: dict of platform tags (PEP 425) by platform name; the first platform gets the
        newest versions, and the others the same versions.
      pythons: Python versions, such as "3.11".
      optional: more requirements, left out if the index lacks wheels of them.
    """
    package = native.package_name()
    arguments = [
        "--locks=%s/locks" % package,
        "--what=" + what,
        "--command=bazel run //%s:%s" % (package, name),
    ]
    arguments += ["--require=" + requirement for requirement in require]
    arguments += ["--optional=" + requirement for requirement in optional]
    arguments += ["--python=" + python for python in pythons]
    arguments += [
        "--platform=%s=%s" % (platform, ",".join(tags))
        for platform, tags in platforms.items()
    ]
    py_binary(
        name = name,
        srcs = ["//toolchains/wheels:resolve.py"],
        main = "resolve.py",
        # Bazel splits arguments like a shell.
        args = ["'%s'" % argument for argument in arguments],
        deps = ["//toolchains/wheels:resolve"],
    )
