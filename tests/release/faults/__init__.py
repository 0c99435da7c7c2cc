"""Fault tests: commands are killed at every point, and remotes fail in every way."""
