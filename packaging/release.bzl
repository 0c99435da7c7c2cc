"""The built release, as data and environment of tests and programs."""

_LABELS = {
    "DISTS": "//packaging:all_dists",
    "MANIFEST": "//packaging:manifest",
    "PLAN": "//packaging:plan",
    "WHEELHOUSE": "//packaging:all_wheels",
}

def built_release(dists = True):
    """Returns what a test or a program needs to read the built release.

    Its environment: WHEELHOUSE and DISTS are the directories, PLAN is plan.json, MANIFEST are
    manifest.json and SHA256SUMS.

    Args:
      dists: whether the dist archives are needed.

    Returns:
      A struct: `data`, a list of labels; `env`, a dict.
    """
    labels = {name: label for name, label in _LABELS.items() if dists or name != "DISTS"}
    return struct(
        data = labels.values(),
        env = {name: "$(rootpaths %s)" % label for name, label in labels.items()},
    )
