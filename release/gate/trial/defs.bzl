"""What trials need besides the release, as data and environment of a program.

    load("//release/gate/trial:defs.bzl", "equipment")

    _EQUIPMENT = equipment()

    py_binary(
        name = "validate",
        data = _EQUIPMENT.data,
        env = _EQUIPMENT.env,
        ...
    )

The program reads it with `Equipment.from_environment()` (equipment.py), before it leaves the folder
it was started in.
"""

load(
    "//packaging/dependencies:dependencies.bzl",
    "DEPENDENCY_PLATFORMS",
    "DEPENDENCY_PYTHONS",
    "dependencies_label",
    "lock_label",
)
load("//toolchains/python:defs.bzl", "interpreter")

def equipment(platforms = DEPENDENCY_PLATFORMS, pythons = DEPENDENCY_PYTHONS, rootfs = True, emulation = True):
    """Returns what a program needs to make trials.

    Args:
      platforms: the platforms that wheels are installed for.
      pythons: the versions of Python that they are installed on.
      rootfs: whether containers are started, from a root file system of ours.
      emulation: whether aarch64 programs are run on other machines.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    cells = [(platform, python) for platform in platforms for python in pythons]
    labels = {
        "TRIAL_DEPENDENCIES": [dependencies_label(*cell) for cell in cells],
        "TRIAL_EMULATION": ["@emulation//:aarch64.json"] if emulation else [],
        "TRIAL_INTERPRETERS": [interpreter(python) for python in pythons],
        "TRIAL_LOCKS": [lock_label(*cell) for cell in cells],
        "TRIAL_ROOTFS": ["@rootfs//:rootfs.json"] if rootfs else [],
        "TRIAL_UV": ["@pypi//uv:bin/uv"],
    }
    return struct(
        data = [label for named in labels.values() for label in named],
        env = {
            variable: " ".join(["$(rootpaths %s)" % label for label in named])
            for variable, named in labels.items()
        },
    )
