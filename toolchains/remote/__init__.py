"""Remote caches: what Bazel does not check of them."""
