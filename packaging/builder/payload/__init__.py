"""Makes payloads: the native files of wheels and dists, and where they come from."""
