"""Which wheel serves which cell (package, platform, Python), by the rules of wheel tags.

The payload decides which wheels are possible: a wheel for one CPython (cp311-cp311) serves only
that Python, one for the stable ABI (cp312-abi3) that Python and all later ones, and a pure one
(py3-none) every Python.
"""

load("//packaging/private:product_parts.bzl", "normalized")
load("//platforms:defs.bzl", "platform_named")

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

def _tags_on(wheels, platform):
    """Returns the wheels that a payload has for a platform.

    Args:
      wheels: what `wheels_by_platform` returns.
      platform: name of the platform.

    Returns:
      A struct of `platform`, the platform in file names ("any" for a wheel without native files),
      and `tags`, ABI tags by Python tag.
    """
    if "any" in wheels.tags:
        return struct(platform = "any", tags = wheels.tags["any"])

    # Without a name: for every platform.
    return struct(platform = platform, tags = wheels.tags.get(platform, wheels.tags.get("", {})))

def _wheel_for(wheels, platform, python):
    """Returns platform and tags of the wheel that serves a cell, or None if no payload does."""
    source = _tags_on(wheels, platform)

    # Installers prefer the newest wheel that serves a Python.
    newest = None
    for tag, abi in source.tags.items():
        if serves(tag, abi, python) and (newest == None or _tag_minor(tag) > _tag_minor(newest)):
            newest = tag
    if newest == None:
        return None
    return struct(platform = source.platform, python_tag = newest, abi_tag = source.tags[newest])

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
        normalized(distribution).replace("-", "_"),
        version,
        python_tag,
        abi_tag,
        ".".join(platform_tags(platform)),
    ]) + ".whl"

def dist_filename(distribution, version, platform):
    """Returns the file name of a dist archive.

    Args:
      distribution: first part of the name.
      version: in canonical form.
      platform: a struct of PLATFORMS.

    Returns:
      string.
    """
    return "%s-%s-%s.tar.xz" % (distribution, version, platform.dist_suffix)

def variants_of(wheels, matrix):
    """Returns the variants of a distribution's wheel that a matrix needs, each once.

    Args:
      wheels: what `wheels_by_platform` returns.
      matrix: Pythons by platform.

    Returns:
      A list of structs as `variant` returns them.
    """
    variants = {}
    for platform, pythons in matrix.items():
        for python in pythons:
            wheel = _wheel_for(wheels, platform, python)
            if wheel:
                variants[(wheel.platform, wheel.python_tag)] = variant(wheel.platform, wheel.python_tag)
    return variants.values()

def unserved(distribution, wheels, matrix):
    """Returns an error message for each cell of a distribution that no payload serves.

    Args:
      distribution: its name.
      wheels: what `wheels_by_platform` returns.
      matrix: Pythons by platform.

    Returns:
      A list of strings.
    """
    messages = []
    for platform, pythons in matrix.items():
        for python in pythons:
            if _wheel_for(wheels, platform, python) == None:
                tags = _tags_on(wheels, platform).tags
                messages.append((
                    "the matrix has Python %s on %s, but no wheel of %s serves it (its wheels " +
                    "there: %s); %s, or remove the Python from the matrix"
                ) % (
                    python,
                    platform,
                    distribution,
                    ", ".join(["%s-%s" % pair for pair in tags.items()]) or "none",
                    wheels.fix,
                ))
    return messages

def plan(product, version):
    """Returns what a release of a version consists of.

    Args:
      product: a ProductInfo.
      version: in canonical form.

    Returns:
      A struct with the fields
        `schema`: of the document;
        `product`: its description, the content of product.json;
        `version`;
        `platforms`: structs with the systems that each platform's files claim to run on;
        `cells`: structs of `package`, `platform`, `python`, `required` and `wheel`, the name of the
          file that must serve the cell;
        `dists`: structs of `platform`, `required` and `archive`.
    """
    cells = []
    for name, wheels in product.wheels.items():
        for platform, pythons in product.matrix.items():
            for python in pythons:
                wheel = _wheel_for(wheels, platform, python)
                if wheel:
                    cells.append(struct(
                        package = name,
                        platform = platform,
                        python = python,
                        required = platform_named(platform).required,
                        wheel = wheel_filename(
                            name,
                            version,
                            wheel.python_tag,
                            wheel.abi_tag,
                            wheel.platform,
                        ),
                    ))
    platforms = [platform_named(name) for name in product.matrix]
    return struct(
        schema = 2,
        product = product.description,
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
            for platform in platforms
        ],
        cells = cells,
        dists = [
            struct(
                platform = platform.name,
                required = platform.required,
                archive = dist_filename(product.description["dist"]["name"], version, platform),
            )
            for platform in platforms
        ] if product.description["dist"] else [],
    )
