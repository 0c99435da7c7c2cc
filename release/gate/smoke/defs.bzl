"""What smoke tests need besides the release, as data and environment of a program.

    load("//release/gate/smoke:defs.bzl", "equipment_on_demand")

    _EQUIPMENT = equipment_on_demand()

    py_binary(
        name = "validate",
        data = _EQUIPMENT.data,
        env = _EQUIPMENT.env,
        ...
    )

The program reads it with `supplier.from_environment()`, before it changes the current directory.
"""

load(
    "//packaging/dependencies:dependencies.bzl",
    "DEPENDENCY_PLATFORMS",
    "DEPENDENCY_PYTHONS",
    "dependencies_label",
    "lock_label",
)
load("//toolchains/python:defs.bzl", "INTERPRETERS_ON_HOST", "interpreter")

_UV = "@pypi//uv:bin/uv"

def equipment(platforms = DEPENDENCY_PLATFORMS, pythons = DEPENDENCY_PYTHONS, rootfs = True, emulation = True):
    """Returns what a test needs; all of it is fetched before the test, which has no network.

    Args:
      platforms: the platforms that wheels are installed for.
      pythons: the versions of Python that they are installed on.
      rootfs: whether containers are started from our root file system.
      emulation: whether aarch64 programs run on other machines.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    cells = [(platform, python) for platform in platforms for python in pythons]
    return _declared({
        "SMOKE_DEPENDENCIES": [dependencies_label(*cell) for cell in cells],
        "SMOKE_EMULATION": ["@emulation//:aarch64.json"] if emulation else [],
        "SMOKE_INTERPRETERS": [interpreter(python) for python in pythons],
        "SMOKE_LOCKS": [lock_label(*cell) for cell in cells],
        "SMOKE_ROOTFS": ["@rootfs//:rootfs.json"] if rootfs else [],
        "SMOKE_UV": [_UV],
    })

def equipment_on_demand():
    """Returns what a command needs to fetch the same equipment when a smoke test needs it.

    Bazel fetches none of it, so the command starts at once.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    return _declared({
        "SMOKE_LOCKS": [
            lock_label(platform, python)
            for platform in DEPENDENCY_PLATFORMS
            for python in DEPENDENCY_PYTHONS
        ],
        "SMOKE_ON_HOST": [INTERPRETERS_ON_HOST],
        "SMOKE_UV": [_UV],
    })

def _declared(labels):
    return struct(
        data = [label for named in labels.values() for label in named],
        env = {
            variable: " ".join(["$(rootpaths %s)" % label for label in named])
            for variable, named in labels.items()
        },
    )
