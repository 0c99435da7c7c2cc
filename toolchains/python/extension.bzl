"""The module extension that finds interpreters."""

load("//platforms:pythons.bzl", "PYTHONS")
load("//toolchains/python/private:carried.bzl", "carried_python")
load("//toolchains/python/private:discovery.bzl", "OLDEST_TOOL")
load("//toolchains/python/private:repositories.bzl", "identifier", "python", "python_headers", _pythons = "pythons")

_VERSIONS = [python.version for python in PYTHONS]

def _pythons_extension_impl(module_ctx):
    for version in _VERSIONS:
        python(name = "python_" + identifier(version), version = version)
    _pythons(
        name = "pythons",
        default_versions = _VERSIONS[_VERSIONS.index(OLDEST_TOOL):],
        versions = _VERSIONS,
    )
    python_headers(
        name = "python_headers",
        versions = _VERSIONS,
    )
    carried_python(name = "carried_python")
    return module_ctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = ["carried_python", "python_headers", "pythons"],
        root_module_direct_dev_deps = [],
    )

pythons = module_extension(
    implementation = _pythons_extension_impl,
    doc = "Makes `@pythons`, the face of all interpreters, a repository for each version, " +
          "`@carried_python`, the default one as files, and `@python_headers`, what extension " +
          "modules are compiled with.",
)
