"""The files of the built release, for tests and programs that read them."""

_TARGETS = {
    "DISTS": "all_dists",
    "MANIFEST": "manifest",
    "PLAN": "plan",
    "WHEELHOUSE": "all_wheels",
}

def built_release(package = "//packaging", dists = True):
    """Returns the `data` and `env` of a test or program that reads a built release.

    The environment variables WHEELHOUSE and DISTS are the directories, PLAN is plan.json, and
    MANIFEST is manifest.json and SHA256SUMS.

    Example:

    ```starlark
    _RELEASE = built_release()

    pytest_test(
        name = "test_set",
        srcs = ["test_set.py"],
        data = _RELEASE.data,
        env = _RELEASE.env,
    )
    ```

    Args:
      package: the Bazel package of the product; by default, that of the default product.
      dists: whether to include the dist archives.

    Returns:
      A struct with the fields `data`, a list of labels, and `env`, a dict.
    """
    labels = {
        name: "%s:%s" % (package, target)
        for name, target in _TARGETS.items()
        if dists or name != "DISTS"
    }
    return struct(
        data = labels.values(),
        env = {name: "$(rootpaths %s)" % label for name, label in labels.items()},
    )
