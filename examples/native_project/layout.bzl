"""What the dist archives hold, and where."""

_LIBRARIES = {
    "linux": "libabacus.so",
    "macos": "libabacus.dylib",
    "windows": "abacus.dll",
}

def _rule(select, to, executable = False):
    return json.encode(struct(
        payload = "abacus",
        select = "abacus/" + select,
        to = to,
        executable = executable,
    ))

def layout(os):
    """Returns the layout for a system, as `dist` takes it.

    Args:
      os: "linux", "macos" or "windows".

    Returns:
      A list of strings: JSON objects with the fields of Rule (packaging/assembly/layout.py).
    """
    return [
        _rule("abacus-eval" + (".exe" if os == "windows" else ""), "bin", executable = True),
        # Beside the tool, which looks for it there.
        _rule(_LIBRARIES[os], "bin"),
        _rule("include/abacus.h", "include"),
    ]
