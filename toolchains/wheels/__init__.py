"""Downloads wheels that are pinned by their digests from a package registry."""
