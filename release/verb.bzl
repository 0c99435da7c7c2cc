"""The macro behind every verb."""

load("@pypi//:requirements.bzl", "requirement")
load("@rules_python//python:defs.bzl", "py_binary", "py_library")

# The programs of //release.
COMMANDS = [
    "doctor",
    "index",
    "nightly",
    "promote",
    "publish",
    "purge",
    "push",
    "registry_status",
    "tag",
    "turbine",
    "validate",
    "verify_published",
]

def verb(name, srcs = [], deps = [], data = [], env = {}):
    """Declares the program of a verb, and its code as a library for tests and other verbs.

    Args:
      name: the verb; its program is NAME.py, its library NAME_lib.
      srcs: modules that are its own.
      deps: libraries; the core, rich and typer are added.
      data: what the program reads at run time.
      env: environment of the program; `$(rootpaths ...)` is expanded.
    """
    if name not in COMMANDS:
        fail("//release:%s is not among the COMMANDS of verb.bzl, which tests go by." % name)
    py_library(
        name = name + "_lib",
        srcs = [name + ".py"] + srcs,
        deps = deps + [
            "//release:core",
            requirement("rich"),
            requirement("typer"),
        ],
    )
    py_binary(
        name = name,
        srcs = [name + ".py"],
        data = data,
        env = env,
        deps = [":%s_lib" % name],
    )
