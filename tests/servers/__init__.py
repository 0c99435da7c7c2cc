"""Servers that tests start: a GitHub, package registries, remote caches and workers."""
