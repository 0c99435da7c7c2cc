"""The packages of a release.

To add a package, add a struct here and a directory with a BUILD file. The fields:

  name       the distribution on the registry
  directory  its directory in packaging/
  payload    label of its payload, for wheels and dists; usually the pinned wheels of `project`
  project    the upstream project whose wheels are pinned
  lockstep   True: `//packaging/payload:update --version X` pins version X of the project;
             False: it pins the newest version
  dist       whether its tools and libraries go into the dist archives
  roots      the directories in site-packages that belong to it alone; the gate refuses others
"""

PACKAGES = [
    struct(
        name = "iree-compiler",
        directory = "iree_compiler",
        payload = "//packaging/payload:iree_compiler",
        project = "iree-base-compiler",
        lockstep = True,
        dist = True,
        roots = [
            "iree/build",
            "iree/compiler",
        ],
    ),
    struct(
        name = "iree-runtime",
        directory = "iree_runtime",
        payload = "//packaging/payload:iree_runtime",
        project = "iree-base-runtime",
        lockstep = True,
        dist = True,
        roots = [
            "iree/_runtime",
            "iree/_runtime_libs",
            "iree/_runtime_libs_tracy",
            "iree/runtime",
            "iree_base_runtime.libs",
        ],
    ),
    struct(
        name = "iree-tools-tf",
        directory = "iree_tools_tf",
        payload = "//packaging/payload:iree_tools_tf",
        project = "iree-tools-tf",
        lockstep = False,
        dist = False,
        roots = [
            "iree/tf",
            "iree/tools/tf",
        ],
    ),
    struct(
        name = "iree-tools-tflite",
        directory = "iree_tools_tflite",
        payload = "//packaging/payload:iree_tools_tflite",
        project = "iree-tools-tflite",
        lockstep = False,
        dist = False,
        roots = [
            "iree/tools/tflite",
        ],
    ),
]

def package_named(name):
    """Returns the package of a name, and fails if there is none.

    Example:

    ```starlark
    package_named("iree-compiler").directory  # "iree_compiler"
    ```

    Args:
      name: name of a distribution, such as "iree-compiler".

    Returns:
      A struct of PACKAGES.
    """
    for package in PACKAGES:
        if package.name == name:
            return package
    fail("No package is named \"%s\"; packaging/packages.bzl has %s." % (
        name,
        ", ".join([package.name for package in PACKAGES]),
    ))
