"""The version everything is built as: `--//packaging:version=…`.

It stands in file names, which Bazel wants to know before anything runs, so it is checked here
and not in the tools. Only the canonical form of PEP 440 is taken: what a registry shows, what
METADATA says and what the file is called are then the same string.

A transition that builds at another version sets //packaging:other_version instead. Bazel names a
configuration by what distinguishes it from the command line: what no version says anything to, such
as a C runtime, sets that back, and so is one and the same whoever asks for it. Set back, the flag
itself would make another configuration, and everything anew, whenever it is given.
"""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

_DIGITS = "0123456789"
_LOCAL = "abcdefghijklmnopqrstuvwxyz" + _DIGITS

def _number(text, start):
    """Returns the position behind a number without leading zeros, or start when there is none."""
    end = start
    for _ in range(start, len(text)):
        if text[end] not in _DIGITS:
            break
        end += 1
    if end - start > 1 and text[start] == "0":
        return start
    return end

def _segment(text, start, markers):
    """Returns the position behind one of `markers` and its number, or start when it is absent.

    A marker without a canonical number gives -1.
    """
    for marker in markers:
        if text.startswith(marker, start):
            end = _number(text, start + len(marker))
            return end if end > start + len(marker) else -1
    return start

def _release(text):
    """Returns the position behind epoch and release, or -1."""
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
    """Whether text is a canonical local version label, such as `abc.1`."""
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
    """Whether a version is in the canonical form of PEP 440.

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
    """Returns the version that is being built; fails with one sentence unless it is canonical.

    Args:
      ctx: context of a rule with the attribute VERSION_ATTR as `_version`.

    Returns:
      string.
    """
    version = ctx.attr._version[BuildSettingInfo].value
    if not is_canonical(version):
        fail(("--//packaging:version=%s is not a canonical version; write it like 20261122.1 " +
              "(nightly), 3.14.0rc20261122 (candidate), 3.14.0 (stable) or 0.dev0+abc.1 " +
              "(local)") % version)
    return version

# The attribute through which a rule sees the version.
VERSION_ATTR = attr.label(default = "//packaging:built_version")

# What a transition sets that leads to something no version says anything to.
NO_OTHER_VERSION = {"//packaging:other_version": ""}

def _built_version_impl(ctx):
    other = ctx.attr.other[BuildSettingInfo].value
    return [BuildSettingInfo(value = other or ctx.attr.flag[BuildSettingInfo].value)]

built_version = rule(
    implementation = _built_version_impl,
    doc = "The version that is being built: that of a transition, or else that of the flag.",
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
            doc = "The setting of transitions; empty without one.",
        ),
    },
)
