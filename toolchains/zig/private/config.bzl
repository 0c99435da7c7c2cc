"""The configuration of the C and C++ toolchain for one platform."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "action_config",
    "artifact_name_pattern",
    "env_entry",
    "env_set",
    "feature",
    "flag_group",
    "flag_set",
    "tool",
)
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("@rules_cc//cc/toolchains:cc_toolchain_config_info.bzl", "CcToolchainConfigInfo")
load(":programs.bzl", "ZIG_ATTRS", "ZigDriverInfo", "zig_lib")

_C = [ACTION_NAMES.c_compile, ACTION_NAMES.assemble, ACTION_NAMES.preprocess_assemble]
_CXX = [ACTION_NAMES.cpp_compile, ACTION_NAMES.linkstamp_compile]
_LINK_PROGRAM = [ACTION_NAMES.cpp_link_executable]
_LINK = _LINK_PROGRAM + [
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

# The same in every compilation mode, so that the tested files are the shipped ones. Dates would make
# builds differ, and zig's default of trapping undefined behaviour is a debugging aid.
COMPILE_FLAGS = [
    "-O2",
    "-g0",
    "-fno-sanitize=undefined",
    "-fvisibility=hidden",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
]

def link_flags(os):
    """Returns the flags of every link for a system.

    Args:
      os: "linux", "windows" or "macos".

    Returns:
      A list of strings.
    """
    if os == "linux":
        return ["-Wl,--build-id=none", "-Wl,-z,relro", "-Wl,-z,now"]
    return []

_FILE_NAMES = {
    "linux": [],
    "macos": [
        ("dynamic_library", "lib", ".dylib"),
    ],
    "windows": [
        ("dynamic_library", "", ".dll"),
        ("executable", "", ".exe"),
    ],
}

def _flags(actions, flags, **kwargs):
    return flag_set(
        actions = actions,
        flag_groups = [flag_group(flags = flags)] if flags else [],
        **kwargs
    )

def _zig_cc_toolchain_config_impl(ctx):
    programs = ctx.attr.driver[ZigDriverInfo].programs
    compiler = programs["c++" if ctx.attr.cxx else "cc"]
    target = ["-target", ctx.attr.target]
    tools = [
        (_C, programs["cc"]),
        (_CXX, programs["c++"]),
        (_LINK, compiler),
        ([ACTION_NAMES.cpp_link_static_library], programs["ar"]),
        ([ACTION_NAMES.strip], programs["cc"]),
    ]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "zig_" + ctx.attr.target,
        target_system_name = ctx.attr.target,
        target_cpu = ctx.attr.cpu,
        # With "macosx", Bazel would add flags for Apple's tools.
        target_libc = ctx.attr.os,
        compiler = "clang",
        abi_version = "unknown",
        abi_libc_version = "unknown",
        cxx_builtin_include_directories = ["%workspace%/" + zig_lib(ctx).path],
        action_configs = [
            action_config(action_name = action, tools = [tool(tool = program)], enabled = True)
            for actions, program in tools
            for action in actions
        ],
        artifact_name_patterns = [
            artifact_name_pattern(category_name = category, prefix = prefix, extension = extension)
            for category, prefix, extension in _FILE_NAMES[ctx.attr.os]
        ],
        features = [
            feature(name = "supports_dynamic_linker", enabled = True),
            feature(name = "supports_pic", enabled = ctx.attr.os != "windows"),
            feature(
                name = "zig",
                enabled = True,
                env_sets = [env_set(
                    actions = _C + _CXX + _LINK + [ACTION_NAMES.cpp_link_static_library],
                    env_entries = [
                        env_entry("ZIG", ctx.file._zig.path),
                        env_entry("ZIG_LIB_DIR", zig_lib(ctx).path),
                        env_entry("ZIG_RUNTIME", ctx.file.runtime.path),
                    ],
                )],
                flag_sets = [_flags(_C + _CXX + _LINK, target)],
            ),
            feature(
                name = "default_compile_flags",
                enabled = True,
                flag_sets = [
                    _flags(_C + _CXX, COMPILE_FLAGS),
                    _flags(_CXX, ["-std=c++17"]),
                ],
            ),
            feature(
                name = "default_link_flags",
                enabled = True,
                flag_sets = [_flags(_LINK, link_flags(ctx.attr.os))] + (
                    [_flags(_LINK_PROGRAM, ["-pie"])] if ctx.attr.os == "linux" else []
                ),
            ),
            feature(
                name = "archiver_flags",
                enabled = True,
                flag_sets = [flag_set(
                    actions = [ACTION_NAMES.cpp_link_static_library],
                    flag_groups = [
                        # D: members without dates and owners.
                        flag_group(flags = ["rcsD"]),
                        flag_group(
                            flags = ["%{output_execpath}"],
                            expand_if_available = "output_execpath",
                        ),
                        flag_group(
                            flags = ["%{libraries_to_link.name}"],
                            iterate_over = "libraries_to_link",
                            expand_if_available = "libraries_to_link",
                        ),
                    ],
                )],
            ),
        ],
    )

zig_cc_toolchain_config = rule(
    implementation = _zig_cc_toolchain_config_impl,
    doc = "The configuration of the C and C++ toolchain for one platform.",
    provides = [CcToolchainConfigInfo],
    attrs = {
        "cpu": attr.string(mandatory = True, doc = "CPU, as in platforms/defs.bzl."),
        "cxx": attr.bool(mandatory = True, doc = "Whether to link with the C++ runtime."),
        "driver": attr.label(
            mandatory = True,
            cfg = "exec",
            providers = [ZigDriverInfo],
            doc = "The compiler driver.",
        ),
        "os": attr.string(mandatory = True, doc = "Operating system, as in platforms/defs.bzl."),
        "runtime": attr.label(
            mandatory = True,
            allow_single_file = True,
            # Like the other files of a toolchain.
            cfg = "exec",
            doc = "A zig_runtime target.",
        ),
        "target": attr.string(mandatory = True, doc = "zig's name of the platform."),
    } | ZIG_ATTRS,
)
