"""What a dist archive holds, per operating system: the data.

The fields of a rule are those of `Rule` in packaging/assembly/layout.py. The real files of the
compiler's tools lie beside the library, because that is where they look for it, and iree-compile
looks for iree-lld beside itself; `bin` has links to them.
"""

load("//platforms:defs.bzl", "platform_named")

_COMPILER = "iree/compiler/_mlir_libs/"
_RUNTIME = "iree/_runtime_libs/"
_TRACY = "iree/_runtime_libs_tracy/"

def _rule(payload, select, to, **kwargs):
    return dict(payload = payload, select = select, to = to, **kwargs)

def _compiler(library):
    return [
        _rule("iree-compiler", _COMPILER + "iree-*", "lib", executable = True, link_from = "bin"),
        _rule("iree-compiler", _COMPILER + library, "lib", executable = True),
    ]

def _bitcode(library_directory):
    """AMD's device libraries, which the compiler looks for beside its own library."""
    path = "iree_platform_libs/rocm"
    return [_rule("iree-compiler", _COMPILER + path + "/*.bc", library_directory + "/" + path)]

_RUNTIME_TOOLS = [_rule("iree-runtime", _RUNTIME + "iree-*", "bin", executable = True)]

# The capture tool looks for libzstd in ../../iree_base_runtime.libs, seen from itself.
_CAPTURE = [
    _rule(
        "iree-runtime",
        _TRACY + "iree-tracy-capture",
        "lib/iree/tracy",
        executable = True,
        link_from = "bin",
    ),
    _rule("iree-runtime", "iree_base_runtime.libs/libzstd-*", "lib/iree_base_runtime.libs"),
]

_LAYOUTS = {
    "linux": _compiler("libIREECompiler.so") + _bitcode("lib") + _RUNTIME_TOOLS + _CAPTURE,
    "macos": _compiler("libIREECompiler.dylib") + _RUNTIME_TOOLS,
    # Windows finds a DLL beside the program that loads it.
    "windows": [
        _rule("iree-compiler", _COMPILER + "iree-*.exe", "bin", executable = True),
        _rule("iree-compiler", _COMPILER + "IREECompiler.dll", "bin", executable = True),
    ] + _bitcode("bin") + _RUNTIME_TOOLS,
}

_EXAMPLE = "share/iree/example/"

_FILES = {
    "//:LICENSE": "LICENSE",
    "//packaging/dist:example/CMakeLists.txt": _EXAMPLE + "CMakeLists.txt",
    "//packaging/dist:example/compile.c": _EXAMPLE + "compile.c",
    "//packaging/dist:include/iree/compiler/embedding_api.h": "include/iree/compiler/embedding_api.h",
}

def _licenses(*names):
    return {
        "//packaging/licenses:%s.txt" % name: "share/iree/licenses/%s.txt" % name
        for name in names
    }

_FILES_OF = {
    "linux": _licenses("capstone", "rocm-device-libs", "tracy", "zstd"),
    "macos": {},
    "windows": _licenses("rocm-device-libs") | {
        "//packaging/dist:IREECompiler.def": "lib/IREECompiler.def",
    },
}

_TEMPLATES = {
    "//packaging/dist:README.md": "README.md",
    "//packaging/dist:cmake/IREECompilerConfig.cmake": "lib/cmake/IREECompiler/IREECompilerConfig.cmake",
    "//packaging/dist:cmake/IREECompilerConfigVersion.cmake": "lib/cmake/IREECompiler/IREECompilerConfigVersion.cmake",
}

def dist_layout(platform):
    """Returns what the dist of a platform holds.

    Args:
      platform: name of a platform, such as "linux_x86_64".

    Returns:
      A struct:
        rules: list of dicts, what is taken from the payloads; `payload` is a package's name
        files: dict of archive path by label, files taken as they are
        templates: dict of archive path by label, text files whose placeholders are filled in
    """
    os = platform_named(platform).os
    if os not in _LAYOUTS:
        fail("There is no dist layout for %s; add one to packaging/dist/layout.bzl." % os)
    return struct(
        rules = _LAYOUTS[os],
        files = _FILES | _FILES_OF[os],
        templates = _TEMPLATES,
    )
