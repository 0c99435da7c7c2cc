"""A clean root file system for containers."""
