"""The packages of a release: the data, once.

Another package is one struct here and a directory with its BUILD file. The fields:

  name      the distribution, as on the registry
  directory    its directory below packaging/
  project   the upstream project whose wheels are its pinned payload
  lockstep  whether the payload's version is the one that `update --version` is given; the newest
            otherwise
  dist      whether its tools and libraries go into the dist archives
  roots     the directories below site-packages that belong to it alone; the gate refuses others
"""

PACKAGES = [
    struct(
        name = "iree-compiler",
        directory = "iree_compiler",
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
        project = "iree-tools-tflite",
        lockstep = False,
        dist = False,
        roots = [
            "iree/tools/tflite",
        ],
    ),
]

def package_named(name):
    """Returns the struct of a package; fails with one sentence when there is none of that name.

    Args:
      name: a distribution's name, such as "iree-compiler".

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
