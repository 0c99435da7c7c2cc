"""The parts of a product's declaration: functions that check and return data, without targets."""

load("//platforms:defs.bzl", "platform_named")

_SYSTEMS = ["linux", "macos", "windows"]
_STATES = ["managed", "transitional", "deprecated"]

def normalized(name):
    """Returns the normalized form of a distribution's name.

    Args:
      name: a name, such as "Abacus_Scripts".

    Returns:
      string.
    """
    text = name.lower().replace("_", "-").replace(".", "-")
    for _ in range(len(text)):
        text = text.replace("--", "-")
    return text

def program(
        name,
        prints,
        arguments = [],
        exit_code = 0,
        directory = None,
        script = True,
        systems = []):
    """Returns a program of a distribution: a console script, a native tool, or both.

    Smoke tests call each program and check what it prints. The launcher of the distribution's wheels
    is the script of each native tool.

    Example:

    ```starlark
    program(
        "abacus-eval",
        arguments = ["1 2 +"],
        directory = "abacus",
        prints = "3",
    )
    ```

    Args:
      name: its name, without the suffix that it has on Windows.
      prints: a regular expression that matches in one of its output streams.
      arguments: what it is called with.
      exit_code: the exit code of that call.
      directory: the directory in site-packages that contains a native tool; None for a script
        written in Python.
      script: whether the distribution installs a script of that name.
      systems: the operating systems that have it: linux, macos or windows; empty for all.

    Returns:
      A struct with these fields.
    """
    if not script and not directory:
        fail("program(\"%s\"): without a script, it needs the directory of a native tool" % name)
    for system in systems:
        if system not in _SYSTEMS:
            fail("program(\"%s\"): systems: unknown system \"%s\"; expected one of %s" % (
                name,
                system,
                ", ".join(_SYSTEMS),
            ))
    return struct(
        name = name,
        arguments = arguments,
        prints = prints,
        exit_code = exit_code,
        directory = directory,
        script = script,
        systems = systems,
    )

def launched(search_variable = None, variant_variable = None, variants = {}, varying = []):
    """Returns the options of the launcher that starts the native tools of a distribution.

    Example:

    ```starlark
    launched(search_variable = "ABACUS_TOOL_PATH")
    ```

    Args:
      search_variable: as for `launcher`, like the others.
      variant_variable: environment variable that selects a variant of the tools.
      variants: structs that `launcher_variant` returns, by the value of `variant_variable`.
      varying: the tools that variants have too.

    Returns:
      A struct with these fields.
    """
    return struct(
        search_variable = search_variable,
        variant_variable = variant_variable,
        variants = variants,
        varying = varying,
    )

def distribution(
        name,
        payload,
        wheels,
        roots,
        license_files,
        license_expression,
        requires = [],
        extras = {},
        version_modules = {},
        programs = [],
        launcher = None,
        replacements = {},
        alone = None,
        unimportable = {}):
    """Returns a distribution of a product.

    Example:

    ```starlark
    distribution(
        name = "abacus",
        license_expression = "Apache-2.0 WITH LLVM-exception",
        license_files = {"//:LICENSE": "LICENSE"},
        payload = ":payload",
        roots = ["abacus"],
        version_modules = {"abacus/version.py": ["VERSION"]},
        wheels = {"cp311": "abi3"},
    )
    ```

    Args:
      name: its name on the registry.
      payload: label of its payload.
      wheels: the wheels that the payload has: ABI tags by Python tag, for every platform of the
        matrix, as {"cp311": "abi3"}; {"py3": "none"} is one wheel for all platforms. Or what
        `wheels_by_platform` returns.
      roots: the directories, or single modules, in site-packages that belong to it alone.
      license_files: license texts, with their names below .dist-info/licenses/.
      license_expression: SPDX expression that covers all files of the wheel.
      requires: requirements (PEP 508); `{version}` is replaced by the version of the build.
      extras: requirements by extra.
      version_modules: paths in the wheel of modules that name the version, with the names of the
        variables that hold it.
      programs: what `program` returns, for each.
      launcher: None, or what `launched` returns: native tools have a native program as their script.
      replacements: files that replace files of the payload, with their paths in the wheel.
      alone: why smoke tests install it alone and import nothing of it, such as a requirement that
        lacks wheels; by default they install all distributions together.
      unimportable: the public modules that cannot be imported, such as {"abacus.cuda": "it needs a
        driver"}, and why; smoke tests import all others.

    Returns:
      A struct with these fields.
    """
    if not roots:
        fail("distribution(\"%s\"): roots is empty; name the directories that it owns" % name)
    known = {}
    for each in programs:
        if each.name in known:
            fail("distribution(\"%s\"): programs has %s twice" % (name, each.name))
        known[each.name] = each
    if launcher and not [each for each in programs if each.directory and each.script]:
        fail("distribution(\"%s\"): launcher needs a program with a directory" % name)
    return struct(
        name = name,
        payload = payload,
        wheels = wheels if type(wheels) == "struct" else _everywhere(name, wheels),
        roots = roots,
        license_files = license_files,
        license_expression = license_expression,
        requires = requires,
        extras = extras,
        version_modules = version_modules,
        programs = programs,
        launcher = launcher,
        replacements = replacements,
        alone = alone,
        unimportable = unimportable,
    )

def wheels_by_platform(tags, fix):
    """Returns which wheels a payload has, for payloads that differ between platforms.

    Example:

    ```starlark
    wheels_by_platform({
        "linux_x86_64": {"cp311": "cp311", "cp312": "abi3"},
        "macos_arm64": {"cp312": "abi3"},
    }, fix = "build it")
    ```

    Args:
      tags: ABI tags by Python tag, by platform; the platform "any" alone is one wheel for all.
      fix: what to do about a Python that none of them serves, for messages.

    Returns:
      A struct with the fields `tags` and `fix`.
    """
    for platform in tags:
        if platform != "any":
            platform_named(platform)
    return struct(tags = tags, fix = fix)

def _everywhere(name, wheels):
    """Returns a struct as `wheels_by_platform` does, for tags that all platforms have in common."""
    if not wheels:
        fail("distribution(\"%s\"): wheels is empty; write ABI tags by Python tag" % name)
    pure = [tag for tag, abi in wheels.items() if abi == "none"]
    if pure and len(wheels) > 1:
        fail("distribution(\"%s\"): wheels: a wheel for every Python must be the only one" % name)
    return struct(
        tags = {"any" if pure else "": wheels},
        fix = "add a wheel to `wheels`, and its files to the payload",
    )

def version_file(path, pattern, numeric = False):
    """Returns a text file of a dist archive that names the version.

    Example:

    ```starlark
    version_file("README.md", "^# abacus-dist (\\\\S+) for ")
    ```

    Args:
      path: its path in the archive.
      pattern: a regular expression, in which `^` is the start of a line; its only group is the
        version.
      numeric: whether the file has only the numbers of the version, as CMake requires.

    Returns:
      A struct with these fields.
    """
    return struct(path = path, pattern = pattern, numeric = numeric)

def dist_archives(name, layouts, distributions, contents = {}, versions = []):
    """Returns the dist archives of a product, one for each platform of its matrix.

    Example:

    ```starlark
    dist_archives(
        name = "abacus-dist",
        distributions = ["abacus"],
        layouts = {
            "linux": ":linux_layout",
            "macos": ":macos_layout",
            "windows": ":windows_layout",
        },
    )
    ```

    Args:
      name: first part of the archives' file names.
      layouts: labels of a `dist_layout`, by operating system.
      distributions: names of the distributions whose payloads the layouts take files from, and whose
        native tools are in `bin/`.
      contents: paths that every archive must contain, by operating system.
      versions: what `version_file` returns, for each file that names the version.

    Returns:
      A struct with these fields.
    """
    for system in layouts.keys() + contents.keys():
        if system not in _SYSTEMS:
            fail("dist_archives(\"%s\"): unknown system \"%s\"; expected one of %s" % (
                name,
                system,
                ", ".join(_SYSTEMS),
            ))
    return struct(
        name = name,
        layouts = layouts,
        distributions = distributions,
        contents = {system: contents.get(system, []) for system in layouts},
        versions = versions,
    )

def project(name, state = "managed", successor = None, file_limit_mib = 100, total_limit_gib = 10):
    """Returns a project on the registry that belongs to a product.

    Example:

    ```starlark
    project("abacus-legacy", state = "deprecated", successor = "abacus")
    ```

    Args:
      name: its normalized name.
      state: managed, a part of the releases; transitional, a former name of `successor` that is
        released together with it; deprecated, must not be released any more.
      successor: the project that replaces it.
      file_limit_mib: the registry's limit for a file of the project, in MiB.
      total_limit_gib: the registry's limit for all files of the project, in GiB.

    Returns:
      A struct with these fields.
    """
    if name != normalized(name):
        fail("project(\"%s\"): write the normalized name, %s" % (name, normalized(name)))
    if state not in _STATES:
        fail("project(\"%s\"): unknown state \"%s\"; expected one of %s" % (
            name,
            state,
            ", ".join(_STATES),
        ))
    for limit, value in {"file_limit_mib": file_limit_mib, "total_limit_gib": total_limit_gib}.items():
        if type(value) != "int" or value < 1:
            fail("project(\"%s\"): %s must be a positive integer" % (name, limit))
    return struct(
        name = name,
        state = state,
        successor = successor,
        file_limit_mib = file_limit_mib,
        total_limit_gib = total_limit_gib,
    )

def companion(name, core, transitional = []):
    """Returns the pure Python project that is released with a product.

    Example:

    ```starlark
    companion("abacus-notebook", core = ["abacus"])
    ```

    Args:
      name: its name on the registry.
      core: names of the distributions that it requires.
      transitional: former names, which are released together with it.

    Returns:
      A struct with these fields.
    """
    return struct(name = name, core = core, transitional = transitional)

def smoke_program(main, srcs = []):
    """Returns the smoke program of a product.

    Example:

    ```starlark
    smoke_program("smoke/main.py")
    ```

    Args:
      main: label of the program's Python file.
      srcs: labels of the other files that it needs, in the same directory.

    Returns:
      A struct with these fields.
    """
    return struct(main = main, srcs = srcs)

def locked_requirements(locks, package, fix):
    """Returns the locks of what a product's distributions require, for smoke tests.

    Example:

    ```starlark
    locked_requirements(
        fix = "./bazelw run //products/abacus/locks:lock",
        locks = ["//products/abacus/locks:linux_x86_64-cp312.txt"],
        package = "products/abacus/locks",
    )
    ```

    Args:
      locks: labels of lock files, each PLATFORM-cpXY.txt.
      package: their directory in the workspace, for messages.
      fix: the command that writes them, for messages.

    Returns:
      A struct with these fields.
    """
    return struct(locks = locks, package = package, fix = fix)
