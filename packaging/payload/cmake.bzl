"""Payload that is built from source by CMake, for every platform, on one machine.

    cmake_payload(
        name = "payload",
        source = ["@my_project//:files"],
        root = "python_packages/mine",
        abi_tags = {"cp311": "cp311", "cp312": "abi3"},
        ...
    )

declares a payload that wheels and dists take as they take any other. docs/from_source.md is about
this.
"""

load("//packaging/payload:tree.bzl", "install_tree_payload", "platform_name")
load("//packaging/private:cmake_install.bzl", "cmake_install")

def cmake_payload(
        name,
        source,
        abi_tags,
        metadata,
        project,
        version,
        root = "",
        entry_points = None,
        large = [],
        revision = "",
        python = False,
        visibility = None,
        **kwargs):
    """Declares NAME, a payload, and NAME_tree, what CMake installs.

    Args:
      name: name of the target.
      source: all files of the CMake project, or one directory.
      abi_tags: ABI tag by Python tag; the project is built once for each.
      metadata: the package's METADATA.
      project: what the manifest calls the project.
      version: its version.
      root: the directory of the install tree below which the wheel's files lie.
      entry_points: entry_points.txt of the package.
      large: paths of files that a dist compresses by themselves.
      revision: the commit that is built, where that is known.
      python: whether it has CPython extension modules; FindPython then finds headers, for the
        Python tag that is built for.
      visibility: of both.
      **kwargs: further attributes of cmake_install: components, definitions, deps, source_dir and
        targets.
    """
    cmake_install(
        name = name + "_tree",
        platform = platform_name(),
        python = "//toolchains/python/development" if python else None,
        source = source,
        # For itself it has no platform, so //... must pass it over.
        tags = ["manual"],
        visibility = visibility,
        **kwargs
    )
    install_tree_payload(
        name = name,
        abi_tags = abi_tags,
        entry_points = entry_points,
        large = large,
        metadata = metadata,
        project = project,
        revision = revision,
        root = root,
        tree = name + "_tree",
        version = version,
        visibility = visibility,
    )
