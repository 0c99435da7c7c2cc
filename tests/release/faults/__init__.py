"""Faults: verbs that are killed at every point, and remotes that fail in every way."""
