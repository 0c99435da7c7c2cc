"""The targets of //platforms, which are derived from the data."""

load("@bazel_skylib//rules:common_settings.bzl", "string_flag")
load("@bazel_skylib//rules:write_file.bzl", "write_file")
load("@platforms//host:constraints.bzl", "HOST_CONSTRAINTS")
load("//platforms:defs.bzl", "PLATFORMS", "constraints_of")
load("//platforms:matrix.bzl", "MATRIX", "MATRIX_DATE")
load("//platforms:pythons.bzl", "PYTHONS", "PYTHONS_FROM", "python_tag")

def _declare_constraint(setting, values):
    # A platform without a requirement, such as the host, has the value `unconstrained`. A toolchain
    # that guarantees nothing names that value, so it never serves a platform with a requirement.
    unconstrained = setting + "_unconstrained"
    native.constraint_setting(
        name = setting,
        default_constraint_value = ":" + unconstrained,
    )
    for value in [unconstrained] + sorted({value: None for value in values if value}):
        native.constraint_value(
            name = value,
            constraint_setting = ":" + setting,
        )

# buildifier: disable=unnamed-macro
def declare_platforms():
    """Declares constraints, platforms, and a config_setting `is_NAME` for each platform."""
    _declare_constraint("libc", [platform.libc for platform in PLATFORMS])
    _declare_constraint("minimum_os", [platform.minimum_os for platform in PLATFORMS])
    for cpu in {platform.cpu: None for platform in PLATFORMS if platform.slices}:
        native.constraint_value(
            name = cpu,
            constraint_setting = "@platforms//cpu:cpu",
        )
    for platform in PLATFORMS:
        native.platform(
            name = platform.name,
            constraint_values = constraints_of(platform),
        )
        native.config_setting(
            name = "is_" + platform.name,
            constraint_values = constraints_of(platform),
        )

def declare_worker(name):
    """Declares the platform for actions that need nothing from this machine, and can run remotely.

    It has the system and processor of this machine, because the tools of actions come from here.
    Only this platform has the constraint value `elsewhere`, by which toolchains are selected.

    Args:
      name: name of the platform.
    """
    native.constraint_setting(
        name = "execution",
        default_constraint_value = ":here",
    )
    for value in ["elsewhere", "here"]:
        native.constraint_value(
            name = value,
            constraint_setting = ":execution",
        )
    native.platform(
        name = name,
        constraint_values = HOST_CONSTRAINTS + [":elsewhere"],
    )

# buildifier: disable=unnamed-macro
def declare_python_tags():
    """Declares the flag `python_tag` and a config_setting `is_TAG` for each of its values.

    The tag selects the Python that a target is built for, such as "cp311". The default, "py3", is
    for files that serve every Python.
    """
    tags = ["py3"] + [python_tag(python.version) for python in PYTHONS]
    string_flag(
        name = "python_tag",
        build_setting_default = "py3",
        values = tags,
    )
    for tag in tags:
        native.config_setting(
            name = "is_" + tag,
            flag_values = {":python_tag": tag},
        )

def declare_data(name):
    """Writes platforms, Pythons and the matrix to one JSON file, for programs and tests.

    Args:
      name: name of the target; the file is named NAME.json.
    """
    data = struct(
        matrix = MATRIX,
        matrix_date = MATRIX_DATE,
        platforms = PLATFORMS,
        pythons = PYTHONS,
        pythons_from = PYTHONS_FROM,
    )
    write_file(
        name = name,
        out = name + ".json",
        content = [json.encode_indent(data, indent = "  "), ""],
        newline = "unix",
    )
