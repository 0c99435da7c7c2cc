"""Benchmarks of packing and other steps of a release. No test depends on time."""
