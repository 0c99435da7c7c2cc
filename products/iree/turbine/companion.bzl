"""What the release commands need to make the wheels of iree-turbine and shark-turbine."""

_LABELS = {
    "TURBINE_ASSEMBLE": "//products/iree/turbine:assemble",
    "TURBINE_FETCH": "//toolchains/wheels:fetch_wheels",
    "TURBINE_LOCKS": "//products/iree/turbine:locks",
    "TURBINE_SOURCE": "//products/iree/turbine:source.txt",
    "TURBINE_SUITE": "//products/iree/turbine:suite",
}

COMPANION_DATA = _LABELS.values()

COMPANION_ENV = {
    variable: "$(%s %s)" % (
        "rootpaths" if variable in ("TURBINE_LOCKS", "TURBINE_SUITE") else "rootpath",
        label,
    )
    for variable, label in _LABELS.items()
} | {"TURBINE_PRODUCT": "iree"}
