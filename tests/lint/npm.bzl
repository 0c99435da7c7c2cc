"""Packages of npm, fetched with the host's npm.

Other downloads of their makers need their download sites; an npm registry, or a mirror of one, is
what the host's npm is set up for. The pinned digest decides, not the registry.
"""

def fetch_package(rctx, package, integrity):
    """Unpacks a package into the repository.

    Args:
      rctx: context of a repository rule.
      package: NAME@VERSION.
      integrity: its digest, as npm writes it.

    Returns:
      None; or why there is no npm, a sentence.
    """
    npm = rctx.which("npm")
    if not npm:
        # Look again when PATH has changed.
        rctx.getenv("PATH")
        return "npm is not on PATH"
    packed = rctx.execute([npm, "pack", "--loglevel=error", package])
    if packed.return_code:
        fail("`npm pack %s` ended with %d; check npm's configuration and the network: %s" % (
            package,
            packed.return_code,
            packed.stderr.strip().replace("\n", " "),
        ))
    archive = packed.stdout.strip().rpartition("\n")[2]

    # Bazel checks the digest of what it downloads, also from a file.
    rctx.download_and_extract(
        url = "file://%s" % rctx.path(archive),
        integrity = integrity,
        stripPrefix = "package",
    )
    rctx.delete(archive)
    return None
