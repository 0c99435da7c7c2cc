"""The macro behind every release command."""

load("@pypi//:requirements.bzl", "requirement")
load("@rules_python//python:defs.bzl", "py_binary", "py_library")
load("//products:products.bzl", "PRODUCTS_DATA", "PRODUCTS_ENV")

# The commands of //release.
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

def command(name, deps, data = [], env = {}):
    """Declares a command, and its code as a library for tests.

    Args:
      name: name of the command; its source file is NAME.py, its library NAME_lib.
      deps: libraries; the shared code, rich and typer are added.
      data: files that the program reads at run time; those of the products are added.
      env: environment of the program; `$(rootpaths ...)` is expanded.
    """
    if name not in COMMANDS:
        fail("add %s to COMMANDS in command.bzl: //release and the tests use that list" % name)
    py_library(
        name = name + "_lib",
        srcs = [name + ".py"],
        deps = deps + [
            ":shared",
            "//release/model",
            requirement("rich"),
            requirement("typer"),
        ],
    )
    py_binary(
        name = name,
        srcs = [name + ".py"],
        data = data + PRODUCTS_DATA,
        env = env | PRODUCTS_ENV,
        deps = [":%s_lib" % name],
    )
