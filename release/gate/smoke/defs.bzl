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

load("//platforms:matrix.bzl", "MATRIX", "pythons_of")
load("//toolchains/python:defs.bzl", "INTERPRETERS_ON_HOST", "interpreter")

_UV = "@pypi//uv:bin/uv"

def equipment(requirements = [], platforms = None, pythons = None, rootfs = True, emulation = True):
    """Returns what a test needs; all of it is fetched before the test, which has no network.

    Args:
      requirements: what the wheels under test require: a list of structs of `platform`, `python`,
        `lock`, the label of a lock file PLATFORM-cpXY.txt, and `wheels`, the label of its wheels;
        empty if they require nothing.
      platforms: the platforms that wheels are installed for; by default all of `requirements`.
      pythons: the versions of Python that they are installed on; by default those of the matrix.
      rootfs: whether containers are started from our root file system.
      emulation: whether aarch64 programs run on other machines.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    if pythons == None:
        pythons = pythons_of(MATRIX)
    cells = [
        each
        for each in requirements
        if each.python in pythons and (platforms == None or each.platform in platforms)
    ]
    return _declared({
        "SMOKE_DEPENDENCIES": [each.wheels for each in cells],
        "SMOKE_EMULATION": ["@emulation//:aarch64.json"] if emulation else [],
        "SMOKE_INTERPRETERS": [interpreter(python) for python in pythons],
        "SMOKE_ROOTFS": ["@rootfs//:rootfs.json"] if rootfs else [],
        "SMOKE_UV": [_UV],
        # Without the variable, the wheels require nothing.
    } | ({"SMOKE_LOCKS": [each.lock for each in cells]} if requirements else {}))

def equipment_on_demand():
    """Returns what a command needs to fetch the same equipment when a smoke test needs it.

    Bazel fetches none of it, so the command starts at once. The locks are those of the product.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    return _declared({
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
