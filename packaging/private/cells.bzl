"""Which wheel serves which cell (package, platform, Python), by the rules of wheel tags.

The payload decides which wheels are possible: a wheel for one CPython (cp311-cp311) serves only
that Python, one for the stable ABI (cp312-abi3) that Python and all later ones, and a pure one
(py3-none) every Python.
"""

load("//packaging:packages.bzl", "PACKAGES")
load("//packaging/payload/locks:locks.bzl", "LOCKED")
load("//platforms:defs.bzl", "PLATFORMS", "platform_named")
load("//platforms:matrix.bzl", "MATRIX", "matrix_cells")

def _minor(python):
    """Returns the minor version: 11 for 3.11."""
    return int(python.split(".")[1])

def _tag_minor(python_tag):
    """Returns the minor version that a tag names: 11 for cp311, 0 for py3."""
    return int(python_tag[len("cp3"):]) if python_tag.startswith("cp3") else 0

def serves(python_tag, abi_tag, python):
    """Returns whether a wheel with these tags serves a Python.

    Args:
      python_tag: py3, cp311, …
      abi_tag: none, cp311, abi3, …
      python: a minor version, such as "3.11".

    Returns:
      bool.
    """
    if abi_tag == "none":
        return True
    if abi_tag == "abi3":
        return _tag_minor(python_tag) <= _minor(python)
    return _tag_minor(python_tag) == _minor(python)

def locked_abis(project, platform):
    """Returns which wheels of a project the lock files pin for a platform.

    Args:
      project: name of the upstream project.
      platform: name of the platform, or "any".

    Returns:
      A dict of ABI tags by Python tag.
    """
    abis = {}
    for tags, pins in LOCKED.get(platform, {}).items():
        if project in pins:
            python_tag, _, abi_tag = tags.partition("-")
            abis[python_tag] = abi_tag
    return abis

def is_pure(package):
    """Returns whether a package has one wheel for all platforms and Pythons.

    Args:
      package: a struct of PACKAGES.

    Returns:
      bool.
    """
    return bool(locked_abis(package.project, "any"))

def variant(platform, python_tag = "py3"):
    """Returns one of the configurations that `wheel_variants` builds a wheel for.

    Example:

    ```starlark
    variant(platform = "linux_x86_64", python_tag = "cp311")
    ```

    Args:
      platform: name of a platform in platforms/defs.bzl, or "any" for a wheel without native files,
        which does not change the platform of the build.
      python_tag: the Python tag, a value of //platforms:python_tag.

    Returns:
      A struct with the fields `platform` and `python_tag`.
    """
    if platform != "any":
        platform_named(platform)
    return struct(platform = platform, python_tag = python_tag)

def _wheel_for(package, platform, python):
    """Returns platform and tags of the wheel that serves a cell, or None if no payload does."""
    source = "any" if is_pure(package) else platform
    abis = locked_abis(package.project, source)

    # Installers prefer the newest wheel that serves a Python.
    newest = None
    for tag, abi in abis.items():
        if serves(tag, abi, python) and (newest == None or _tag_minor(tag) > _tag_minor(newest)):
            newest = tag
    if newest == None:
        return None
    return struct(platform = source, python_tag = newest, abi_tag = abis[newest])

def platform_tags(platform):
    """Returns the platform tags of a wheel, in the order in which its file name has them.

    Args:
      platform: name of the platform, or "any".

    Returns:
      A list of strings.
    """
    return ["any"] if platform == "any" else sorted(platform_named(platform).wheel_tags)

def wheel_filename(distribution, version, python_tag, abi_tag, platform):
    """Returns the file name of a wheel (binary distribution format).

    Args:
      distribution: name of the distribution on the registry.
      version: in canonical form.
      python_tag: py3, cp311, …
      abi_tag: none, cp311, abi3, …
      platform: name of the platform, or "any".

    Returns:
      string.
    """
    return "-".join([
        distribution.lower().replace("-", "_").replace(".", "_"),
        version,
        python_tag,
        abi_tag,
        ".".join(platform_tags(platform)),
    ]) + ".whl"

def dist_filename(version, platform, distribution = "iree-dist"):
    """Returns the file name of a dist archive.

    Args:
      version: in canonical form.
      platform: a struct of PLATFORMS.
      distribution: first part of the name.

    Returns:
      string.
    """
    return "%s-%s-%s.tar.xz" % (distribution, version, platform.dist_suffix)

def variants_of(package):
    """Returns the variants of a package's wheel that the matrix needs, each once.

    Args:
      package: a struct of PACKAGES.

    Returns:
      A list of structs as `variant` returns them.
    """
    variants = {}
    for cell in matrix_cells([package.name]):
        wheel = _wheel_for(package, cell.platform.name, cell.python)
        if wheel:
            variants[(wheel.platform, wheel.python_tag)] = variant(wheel.platform, wheel.python_tag)
    return variants.values()

def unserved(package):
    """Returns an error message for each cell of a package that no payload serves.

    Args:
      package: a struct of PACKAGES.

    Returns:
      A list of strings.
    """
    messages = []
    for cell in matrix_cells([package.name]):
        if _wheel_for(package, cell.platform.name, cell.python) == None:
            abis = locked_abis(package.project, cell.platform.name)
            messages.append((
                "platforms/matrix.bzl has Python %s on %s, but packaging/payload/locks pins no " +
                "wheel of %s that serves it (pinned: %s); pin one with " +
                "`./bazelw run //packaging/payload:update -- --version X`, or remove the Python " +
                "from the matrix"
            ) % (
                cell.python,
                cell.platform.name,
                package.project,
                ", ".join(["%s-%s" % tags for tags in abis.items()]) or "none",
            ))
    return messages

def plan(version):
    """Returns what a release of this version consists of.

    Args:
      version: in canonical form.

    Returns:
      A struct with the fields
        `version`;
        `platforms`: structs with the systems that each platform's files claim to run on;
        `packages`: structs of `name` and `roots`, the directories that a wheel may put files into;
        `cells`: structs of `package`, `platform`, `python`, `required` and `wheel`, the name of the
          file that must serve the cell;
        `dists`: structs of `platform`, `required` and `archive`.
    """
    cells = []
    for package in PACKAGES:
        for cell in matrix_cells([package.name]):
            wheel = _wheel_for(package, cell.platform.name, cell.python)
            if wheel:
                cells.append(struct(
                    package = package.name,
                    platform = cell.platform.name,
                    python = cell.python,
                    required = cell.platform.required,
                    wheel = wheel_filename(
                        package.name,
                        version,
                        wheel.python_tag,
                        wheel.abi_tag,
                        wheel.platform,
                    ),
                ))
    return struct(
        version = version,
        platforms = [
            struct(
                name = platform.name,
                os = platform.os,
                cpu = platform.cpu,
                libc = platform.libc,
                minimum_os = platform.minimum_os,
                wheel_tags = platform.wheel_tags,
            )
            for platform in PLATFORMS
            if platform.name in MATRIX
        ],
        packages = [
            struct(name = package.name, roots = package.roots)
            for package in PACKAGES
        ],
        cells = cells,
        dists = [
            struct(
                platform = platform.name,
                required = platform.required,
                archive = dist_filename(version, platform),
            )
            for platform in PLATFORMS
            if platform.name in MATRIX
        ],
    )
