"""The rule that builds and installs a CMake project."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain", "use_cc_toolchain")
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")
load("//packaging/private:providers.bzl", "InstallTreeInfo")
load("//packaging/private:tool.bzl", "run_tool", "tool_attr")
load("//platforms:defs.bzl", "platform_named")
load("//toolchains/python/development:development.bzl", "PythonDevelopmentInfo")

def _source_directory(ctx):
    """Returns the directory of the project: the one whose CMakeLists.txt is nearest to the root."""
    files = ctx.files.source
    if ctx.attr.source_dir:
        label = ctx.attr.source[0].label
        directories = [label.workspace_root, label.package, ctx.attr.source_dir]
        return "/".join([directory for directory in directories if directory])
    if len(files) == 1 and files[0].is_directory:
        return files[0].path
    nearest = None
    for file in files:
        if file.basename == "CMakeLists.txt" and (nearest == None or len(file.dirname) < len(nearest)):
            nearest = file.dirname
    if nearest == None:
        fail("%s: `source` contains no CMakeLists.txt (%d files); list the files of a CMake project" % (
            ctx.label,
            len(files),
        ))
    return nearest

def _compiler(ctx):
    """Returns the C toolchain, and what the request says about it."""
    toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    compile_variables = cc_common.create_compile_variables(
        cc_toolchain = toolchain,
        feature_configuration = features,
        use_pic = True,
    )

    def flags(action, variables):
        return cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = action,
            variables = variables,
        )

    def tool(action):
        return cc_common.get_tool_for_action(feature_configuration = features, action_name = action)

    def link_variables(library):
        return cc_common.create_link_variables(
            cc_toolchain = toolchain,
            feature_configuration = features,
            is_using_linker = not library,
            is_linking_dynamic_library = library,
        )

    return toolchain, {
        "cc": tool(ACTION_NAMES.c_compile),
        "cxx": tool(ACTION_NAMES.cpp_compile),
        "ar": tool(ACTION_NAMES.cpp_link_static_library),
        "c_flags": flags(ACTION_NAMES.c_compile, compile_variables),
        # The project chooses its C++ standard.
        "cxx_flags": [
            flag
            for flag in flags(ACTION_NAMES.cpp_compile, compile_variables)
            if not flag.startswith("-std=")
        ],
        "program_flags": flags(ACTION_NAMES.cpp_link_executable, link_variables(False)),
        "library_flags": flags(ACTION_NAMES.cpp_link_dynamic_library, link_variables(True)),
        "environment": cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = ACTION_NAMES.cpp_link_executable,
            variables = link_variables(False),
        ),
    }

def _python(ctx):
    """Returns the files that extension modules need, and what the request says about them."""
    if not ctx.attr.python:
        return [], None
    development = ctx.attr.python[PythonDevelopmentInfo]
    return ctx.attr.python[DefaultInfo].files.to_list(), {
        "headers": development.headers.path,
        "interpreter": development.interpreter.path,
        "configuration": development.configuration.path,
        "library": development.library.path if development.library else None,
    }

def _resources(_os, _inputs):
    return {"cpu": 4, "memory": 2000}

def _cmake_install_impl(ctx):
    platform = platform_named(ctx.attr.platform)
    tree = ctx.actions.declare_directory(ctx.label.name)
    log = ctx.actions.declare_file(ctx.label.name + ".log")
    toolchain, compiler = _compiler(ctx)
    python_files, python = _python(ctx)
    source = _source_directory(ctx)
    prefixes = depset(transitive = [dep[DefaultInfo].files for dep in ctx.attr.deps]).to_list()
    run_tool(
        ctx,
        tool = ctx.executable._build,
        mnemonic = "CMakeInstall",
        progress_message = "Building %s for %s with CMake" % (ctx.label.name, platform.name),
        inputs = ctx.files.source + toolchain.all_files.to_list() + python_files + prefixes +
                 [ctx.file._cmake, ctx.file._ninja] + ctx.files._cmake_share,
        outputs = [tree, log],
        request = {
            "project": {
                "source": source,
                "output": tree.path,
                "log": log.path,
                "system": platform.os,
                "cpu": platform.cpu,
                "definitions": ctx.attr.definitions,
                "targets": ctx.attr.targets,
                "components": ctx.attr.components,
                "prefixes": [prefix.path for prefix in prefixes],
                "where": "%s/BUILD.bazel" % ctx.label.package,
            },
            "compiler": compiler,
            "python": python,
            "cmake": ctx.file._cmake.path,
            "ninja": ctx.file._ninja.path,
        },
        resource_set = _resources,
    )
    return [
        DefaultInfo(files = depset([tree])),
        InstallTreeInfo(tree = tree, log = log, sources = ctx.files.source),
        OutputGroupInfo(log = depset([log])),
    ]

cmake_install = rule(
    implementation = _cmake_install_impl,
    doc = """Builds a CMake project, and installs it into a directory.

The project is configured, built (with Ninja and `CMAKE_BUILD_TYPE=Release`) and installed without
network access, for the platform and Python that the build is for. The output group `log` has the
output of all steps.

Most projects use the macro `cmake_payload` instead.

Example:

```starlark
cmake_install(
    name = "tree",
    definitions = {"ABACUS_BUILD_TESTS": "OFF"},
    platform = "linux_x86_64",
    source = glob(["source/**"]),
    tags = ["manual"],
)
```
""",
    provides = [InstallTreeInfo],
    attrs = {
        "components": attr.string_list(doc = "Components to install; by default all."),
        "definitions": attr.string_dict(doc = "Cache variables (`-D`) of the project."),
        "deps": attr.label_list(
            allow_files = True,
            doc = "Install trees in which find_package() searches. It searches nowhere else.",
        ),
        "platform": attr.string(mandatory = True, doc = "Name of the platform."),
        "python": attr.label(
            providers = [PythonDevelopmentInfo],
            doc = "What CPython extension modules are compiled with, for FindPython: " +
                  "//toolchains/python/development. None for a project without extension modules.",
        ),
        "source": attr.label_list(
            mandatory = True,
            allow_files = True,
            doc = "All files of the project, or one directory.",
        ),
        "source_dir": attr.string(
            doc = "The directory that contains CMakeLists.txt, relative to the package of " +
                  "`source`; by default the one nearest to the root.",
        ),
        "targets": attr.string_list(doc = "CMake targets to build; by default all."),
        "_build": tool_attr("//packaging/builder/payload:cmake"),
        "_cmake": attr.label(default = "@cmake//:cmake/data/bin/cmake", allow_single_file = True, cfg = "exec"),
        "_cmake_share": attr.label(default = "@cmake//:share", allow_files = True, cfg = "exec"),
        "_ninja": attr.label(default = "@ninja//:ninja", allow_single_file = True, cfg = "exec"),
    },
    fragments = ["cpp"],
    toolchains = use_cc_toolchain(),
)
