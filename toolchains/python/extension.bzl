"""The module extension that finds interpreters."""

load("//platforms:pythons.bzl", "PYTHONS")
load("//toolchains/python/private:discovery.bzl", "OLDEST_TOOL")
load("//toolchains/python/private:portable.bzl", "portable_python", "python_development")
load("//toolchains/python/private:repositories.bzl", "identifier", "python", _pythons = "pythons")

_VERSIONS = [python.version for python in PYTHONS]

def _pythons_extension_impl(module_ctx):
    for version in _VERSIONS:
        python(name = "python_" + identifier(version), version = version)
        python_development(name = "python_development_" + identifier(version), version = version)
    _pythons(
        name = "pythons",
        default_versions = _VERSIONS[_VERSIONS.index(OLDEST_TOOL):],
        versions = _VERSIONS,
    )
    portable_python(name = "portable_python")
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["portable_python", "pythons"],
        root_module_direct_dev_deps = [],
    )

pythons = module_extension(
    implementation = _pythons_extension_impl,
    doc = "Creates `@pythons`, through which all interpreters are used, and `@portable_python`, a " +
          "copy of the default one as files. `@pythons` refers to two repositories for each " +
          "version: `@python_3_14`, which runs tests, and `@python_development_3_14`, which " +
          "extension modules are built with.",
)
