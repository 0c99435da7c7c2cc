"""Payloads that are built from source with CMake, for every platform, on one machine.

docs/guides/your-own-project.md explains what a project can rely on.
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
        source_dir = "",
        definitions = {},
        targets = [],
        components = [],
        deps = [],
        python = False,
        entry_points = None,
        large = [],
        revision = "",
        visibility = None):
    """Declares NAME, a payload that is built with CMake, and NAME_tree, what CMake installs.

    Example:

    ```starlark
    cmake_payload(
        name = "payload",
        abi_tags = {
            "cp311": "cp311",
            "cp312": "abi3",
        },
        metadata = "METADATA",
        project = "abacus",
        python = True,
        root = "python",
        source = glob(["source/**"]),
        version = "1.0",
    )
    ```

    Args:
      name: name of the target.
      source: all files of the CMake project, or one directory.
      abi_tags: ABI tags by Python tag; the project is built once for each.
      metadata: the package's METADATA (core metadata).
      project: name of the project in the manifest.
      version: version of the project.
      root: the directory of the install tree that contains what goes into site-packages.
      source_dir: the directory that contains CMakeLists.txt, relative to the package of `source`.
        By default, it is the one nearest to the root.
      definitions: cache variables (`-D`) of the project.
      targets: CMake targets to build; by default all.
      components: components to install; by default all.
      deps: install trees in which find_package() searches. It searches nowhere else.
      python: whether the project has CPython extension modules. FindPython then finds the headers
        for the Python tag of the build.
      entry_points: entry_points.txt of the package.
      large: paths of files that dists compress by an action each.
      revision: the commit that is built, if known.
      visibility: visibility of both targets.
    """
    cmake_install(
        name = name + "_tree",
        components = components,
        definitions = definitions,
        platform = platform_name(),
        python = "//toolchains/python/development" if python else None,
        source = source,
        source_dir = source_dir,
        # Without a platform it cannot be built, so wildcards such as //... must skip it.
        tags = ["manual"],
        targets = targets,
        visibility = visibility,
        deps = deps,
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
