"""Servers that tests run against: a GitHub, package registries, remote caches and workers."""
