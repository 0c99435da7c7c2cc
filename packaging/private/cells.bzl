"""Which wheel serves which cell (package, platform, Python), by the rules of wheel tags.

The payload decides which wheels there can be: a wheel for one CPython (cp311-cp311) serves that
Python alone, one for the stable ABI (cp312-abi3) its Python and every later one, and a pure one
(py3-none) all.
"""

load("//packaging:packages.bzl", "PACKAGES")
load("//packaging/payload/locks:locks.bzl", "LOCKED")
load("//platforms:defs.bzl", "PLATFORMS", "platform_named")
load("//platforms:matrix.bzl", "MATRIX", "matrix_cells")

def _minor(python):
    """Returns the number behind the dot: 11 for 3.11."""
    return int(python.split(".")[1])

def _tag_minor(python_tag):
    """Returns the minor version a tag names: 11 for cp311; 0 for py3."""
    return int(python_tag[len("cp3"):]) if python_tag.startswith("cp3") else 0

def serves(python_tag, abi_tag, python):
    """Whether a wheel with these tags serves a Python.

    Args:
      python_tag: py3, cp311, …
      abi_tag: none, cp311, abi3, …
      python: "3.11" and so on.

    Returns:
      bool.
    """
    if abi_tag == "none":
        return True
    if abi_tag == "abi3":
        return _tag_minor(python_tag) <= _minor(python)
    return _tag_minor(python_tag) == _minor(python)

def locked_abis(project, platform):
    """Returns the wheels that the locks pin of a project for a platform, as ABI tag by Python tag.

    Args:
      project: upstream project.
      platform: a platform's name, or any.

    Returns:
      A dict.
    """
    abis = {}
    for tags, pins in LOCKED.get(platform, {}).items():
        if project in pins:
            python_tag, _, abi_tag = tags.partition("-")
            abis[python_tag] = abi_tag
    return abis

def is_pure(package):
    """Whether a package has one wheel for every platform and Python.

    Args:
      package: a struct of PACKAGES.

    Returns:
      bool.
    """
    return bool(locked_abis(package.project, "any"))

def _variant(package, platform, python):
    """Returns the platform and tags of the wheel for a cell, or None when no payload serves it."""
    where = "any" if is_pure(package) else platform
    abis = locked_abis(package.project, where)
    serving = [tag for tag, abi in abis.items() if serves(tag, abi, python)]

    # The newest that serves: what an installer prefers.
    newest = None
    for tag in serving:
        if newest == None or _tag_minor(tag) > _tag_minor(newest):
            newest = tag
    if newest == None:
        return None
    return struct(platform = where, python_tag = newest, abi_tag = abis[newest])

def wheel_filename(distribution, version, python_tag, abi_tag, platform):
    """Returns a wheel's file name, by the binary distribution format.

    Args:
      distribution: its name, as on the registry.
      version: in canonical form.
      python_tag: py3, cp311, …
      abi_tag: none, cp311, abi3, …
      platform: a platform's name, or any.

    Returns:
      string.
    """
    tags = ["any"] if platform == "any" else platform_named(platform).wheel_tags
    return "-".join([
        distribution.lower().replace("-", "_").replace(".", "_"),
        version,
        python_tag,
        abi_tag,
        ".".join(sorted(tags)),
    ]) + ".whl"

def dist_filename(version, platform, distribution = "iree-dist"):
    """Returns the file name of a dist archive.

    Args:
      version: in canonical form.
      platform: a struct of PLATFORMS.
      distribution: what its name begins with.

    Returns:
      string.
    """
    return "%s-%s-%s.tar.xz" % (distribution, version, platform.dist_suffix)

def variants_of(package):
    """Returns the wheels of a package that the matrix needs, each once.

    Args:
      package: a struct of PACKAGES.

    Returns:
      A list of structs: `platform` (a name, or any), `python_tag`, `abi_tag`.
    """
    variants = {}
    for cell in matrix_cells([package.name]):
        variant = _variant(package, cell.platform.name, cell.python)
        if variant:
            variants["%s/%s" % (variant.platform, variant.python_tag)] = variant
    return variants.values()

def unserved(package):
    """Returns a sentence for each cell of a package that no payload serves.

    Args:
      package: a struct of PACKAGES.

    Returns:
      A list of strings.
    """
    sentences = []
    for cell in matrix_cells([package.name]):
        if _variant(package, cell.platform.name, cell.python) == None:
            abis = locked_abis(package.project, cell.platform.name)
            sentences.append((
                "platforms/matrix.bzl asks for Python %s on %s, which no wheel of %s in " +
                "packaging/payload/locks serves (pinned: %s); pin one with " +
                "`./bazelw run //packaging/payload:update -- --version X`, or take the Python out of the matrix."
            ) % (
                cell.python,
                cell.platform.name,
                package.project,
                ", ".join(["%s-%s" % tags for tags in abis.items()]) or "none",
            ))
    return sentences

def plan(version):
    """Returns what a release of this version consists of.

    Args:
      version: in canonical form.

    Returns:
      A struct: `version`; `platforms`, structs with what a platform claims to run on; `packages`,
      structs of `name` and `roots`, the directories a wheel may put files into; `cells`, a list of structs (`package`, `platform`, `python`, `required`,
      `wheel`: the file that must serve the cell); `dists`, a list of structs (`platform`,
      `required`, `archive`).
    """
    cells = []
    for package in PACKAGES:
        for cell in matrix_cells([package.name]):
            variant = _variant(package, cell.platform.name, cell.python)
            if variant:
                cells.append(struct(
                    package = package.name,
                    platform = cell.platform.name,
                    python = cell.python,
                    required = cell.platform.required,
                    wheel = wheel_filename(
                        package.name,
                        version,
                        variant.python_tag,
                        variant.abi_tag,
                        variant.platform,
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
