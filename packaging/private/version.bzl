"""The version of the build: `--//packaging:version=…`.

It is part of file names, which Bazel must know before any action runs, so it is checked here and
not in the tools. Only the canonical form of PEP 440 is allowed, so that the registry, METADATA and
the file name show the same string.

A transition that builds at another version sets //packaging:other_version instead. Bazel names a
configuration by how it differs from the command line. What does not depend on the version, such as
a C runtime, resets that setting, and so has one configuration, whatever depends on it. If it reset
the flag itself, it would get another configuration, and be rebuilt, whenever the flag is given.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

_DIGITS = "0123456789"
_LOCAL = "abcdefghijklmnopqrstuvwxyz" + _DIGITS

def _number(text, start):
    """Returns the position after a number without leading zeros, or `start` if there is none."""
    end = start
    for _ in range(start, len(text)):
        if text[end] not in _DIGITS:
            break
        end += 1
    if end - start > 1 and text[start] == "0":
        return start
    return end

def _segment(text, start, markers):
    """Returns the position after one of `markers` and its number, or `start` if there is none.

    It returns -1 for a marker without a canonical number.
    """
    for marker in markers:
        if text.startswith(marker, start):
            end = _number(text, start + len(marker))
            return end if end > start + len(marker) else -1
    return start

def _release(text):
    """Returns the position after epoch and release, or -1."""
    at = 0
    epoch = _number(text, 0)
    if epoch > 0 and text[epoch:epoch + 1] == "!":
        if text[:epoch] == "0":
            return -1
        at = epoch + 1
    end = _number(text, at)
    if end == at:
        return -1
    for _ in range(len(text)):
        following = _segment(text, end, ["."])
        if following <= end:
            break
        end = following
    return end

def _is_local(text):
    """Returns whether text is a canonical local version label, such as `abc.1`."""
    for part in text.split("."):
        if not part:
            return False
        for character in part.elems():
            if character not in _LOCAL:
                return False
        if all([c in _DIGITS for c in part.elems()]) and len(part) > 1 and part[0] == "0":
            return False
    return True

def is_canonical(version):
    """Returns whether a version is in the canonical form of PEP 440.

    Args:
      version: string.

    Returns:
      bool.
    """
    public, plus, local = version.partition("+")
    if plus and not _is_local(local):
        return False
    at = _release(public)
    for markers in [["a", "b", "rc"], [".post"], [".dev"]]:
        if at < 0:
            return False
        at = _segment(public, at, markers)
    return at == len(public)

def version_of(ctx):
    """Returns the version of the build, and fails unless it is canonical.

    Args:
      ctx: context of a rule whose attribute `_version` is VERSION_ATTR.

    Returns:
      string.
    """
    version = ctx.attr._version[BuildSettingInfo].value
    if not is_canonical(version):
        fail(("--//packaging:version=%s is not a canonical version; use the form of 20261122.1 " +
              "(nightly), 3.14.0rc20261122 (candidate), 3.14.0 (stable) or 0.dev0+abc.1 " +
              "(local)") % version)
    return version

# The attribute by which a rule reads the version.
VERSION_ATTR = attr.label(default = "//packaging:built_version")

# What a transition sets for targets that do not depend on the version.
NO_OTHER_VERSION = {"//packaging:other_version": ""}

def _built_version_impl(ctx):
    other = ctx.attr.other[BuildSettingInfo].value
    return [BuildSettingInfo(value = other or ctx.attr.flag[BuildSettingInfo].value)]

built_version = rule(
    implementation = _built_version_impl,
    doc = """The version of the build: the one that a transition sets, otherwise that of the flag.

Example:

```starlark
built_version(
    name = "built_version",
    flag = ":version",
    other = ":other_version",
)
```
""",
    provides = [BuildSettingInfo],
    attrs = {
        "flag": attr.label(
            mandatory = True,
            providers = [BuildSettingInfo],
            doc = "The flag that users set.",
        ),
        "other": attr.label(
            mandatory = True,
            providers = [BuildSettingInfo],
            doc = "The setting that transitions change; empty by default.",
        ),
    },
)
