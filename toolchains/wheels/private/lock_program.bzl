"""The program that rewrites a directory of lock files."""

load("@rules_python//python:defs.bzl", "py_binary")

def lock_program(name, what, require, platforms, pythons, optional = []):
    """Declares `bazel run //PACKAGE:NAME`, which rewrites PACKAGE/locks/PLATFORM-PYTHON.txt.

    Args:
      name: name of the target.
      what: what is locked, for the head of each lock.
      require: requirements (PEP 508), the same for every platform and Python.
      platforms: dict of platform tags (PEP 425) by the platform's name; the first platform gets
        the newest versions, and the others the same.
      pythons: Python versions, "3.11" and so on.
      optional: further requirements, left out where the index has no wheels of them.
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
        # Bazel splits arguments as a shell does.
        args = ["'%s'" % argument for argument in arguments],
        deps = ["//toolchains/wheels:resolve"],
    )
